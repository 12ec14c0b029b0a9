import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { type Header, headerOf } from '../../src/testing/phone-message.ts';
import type { Lamp, LampDialog } from '../../src/testing/watcher.ts';
import { watcherIn } from '../support/lamps.ts';
import { office } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';

const missing = (): never => {
  throw new Error('missing');
};
const audioOf = (call: PhoneCall): string | undefined => /c=IN IP4 (\S+)/.exec(call.remoteSdp)?.[1];
const host = (phone: Phone): string => phone.wire.local.host;

/** A Replaces as phones write it that read a document, and as others do. */
const straight = ({ callId, localTag, remoteTag }: LampDialog): string => `${callId};to-tag=${localTag};from-tag=${remoteTag}`;
const swapped = ({ callId, localTag, remoteTag }: LampDialog): string => `${callId};to-tag=${remoteTag};from-tag=${localTag}`;
const replaces = (value: string): { headers: Header[] } => ({
  headers: [
    ['Replaces', value],
    ['Require', 'replaces'],
  ],
});
const only = (lamp: Lamp): LampDialog => [...lamp.dialogs.values()][0] ?? missing();

/** Alice calls Bob, whom Carol watches. */
function watched(...how: Parameters<typeof office>) {
  const stage = office(...how);
  const watcher = watcherIn(stage.world, 'carol');
  const lamp = watcher.watch('bob');
  const callers = watcher.watch('dave');
  stage.world.run(1_500);
  const call = stage.alice.call('bob');
  stage.world.run(1_500);
  return { ...stage, watcher, lamp, callers, call, dialog: only(lamp) };
}
/** And they talk. */
function talking(...how: Parameters<typeof office>) {
  const stage = watched(...how);
  stage.bob.incoming?.answer();
  stage.world.run(1_500);
  expect(stage.lamp.shows).toEqual(['recipient confirmed']);
  return stage;
}

describe('the button under a lamp', () => {
  it.each([
    ['as published', straight],
    ['with the tags the other way round', swapped],
    ['for an early dialog alone', (dialog: LampDialog) => `${straight(dialog)};early-only`],
  ])('takes the call that rings, %s', (_, write) => {
    const { world, alice, bob, carol, call, dialog, lamp, watcher } = watched();
    const taken = carol.call(dialog.remote, replaces(write(dialog)));
    world.run(2_000);
    expect([call.status, taken.status, bob.calls[0]?.end]).toEqual([200, 200, 'cancelled']);
    expect(bob.calls[0]?.endReason).toContain('cause=200');
    expect([audioOf(taken), audioOf(call)]).toEqual([host(alice), host(carol)]);
    expect(lamp.shows).toEqual([]);
    expect(lamp.latest?.dialogs.map(({ state, event }) => [state, event])).toEqual([['terminated', 'replaced']]);
    call.bye();
    world.run(500);
    expect(taken.end).toBe('hungUp');
    expectQuiet(world);
    expect(watcher.complaints).toEqual([]);
  });

  it('takes a call whose callee sleeps still, before its phone wakes', () => {
    const { world, carol, bob, alice } = office({}, { config: { push: { providers: new Map([['fcm', { sender: 'log' }]]) } } });
    bob.unregister();
    const mobile = world.phone('bobs mobile', { user: 'bob', push: { provider: 'fcm', prid: 'token', param: 'app' } });
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, 'token', { afterMs: 8_000 });
    const lamp = watcherIn(world, 'carol').watch('bob');
    world.run(1_500);
    const call = alice.call('bob');
    world.run(1_500);
    expect(lamp.shows).toEqual(['recipient early']);
    const taken = carol.call('bob', replaces(straight(only(lamp))));
    world.run(2_000);
    expect([call.status, taken.status]).toEqual([200, 200]);
    expect(lamp.latest?.body).not.toContain('token');
    world.run(10_000);
    expect(mobile.calls).toHaveLength(0);
    call.bye();
    expectQuiet(world);
  });

  it.each([
    ['malformed', (dialog: LampDialog) => dialog.callId, 400],
    ['with another tag', (dialog: LampDialog) => `${dialog.callId};to-tag=${dialog.localTag};from-tag=${dialog.localTag}`, 481],
    ['of a dialog that nobody published', () => 'nothing;to-tag=a;from-tag=b', 481],
  ])('is refused where its Replaces is %s, and the phone rings on', (_, write, status) => {
    const { world, bob, carol, call, dialog } = watched();
    const taken = carol.call('bob', replaces(write(dialog)));
    world.run(1_000);
    expect([taken.status, bob.incoming?.state]).toEqual([status, 'ringing']);
    call.cancel();
    expectQuiet(world);
  });

  it('is refused with two of them', () => {
    const { world, carol, call, dialog } = watched();
    const headers: Header[] = [straight(dialog), straight(dialog)].map((value) => ['Replaces', value]);
    const taken = carol.call('bob', { headers });
    world.run(1_000);
    expect(taken.status).toBe(400);
    call.cancel();
    expectQuiet(world);
  });

  it('is refused to who may not pick up, and the ringing call feels nothing', () => {
    const { world, bob, frank, call, dialog } = watched();
    const before = bob.history.length;
    const taken = frank.call('bob', replaces(straight(dialog)));
    world.run(1_000);
    expect([taken.status, bob.history.length - before, bob.incoming?.state]).toEqual([403, 0, 'ringing']);
    call.cancel();
    expectQuiet(world);
  });

  it('cannot take the call that a colleague makes before it is answered (RFC 3891 §3)', () => {
    const { world, alice, dave, carol, callers, call } = watched();
    const made = dave.call('alice');
    world.run(1_500);
    expect(callers.shows).toEqual(['initiator early']);
    const taken = carol.call('alice', replaces(straight(only(callers))));
    world.run(1_000);
    expect([taken.status, alice.incoming?.state]).toEqual([481, 'ringing']);
    made.cancel();
    call.cancel();
    expectQuiet(world);
  });

  it.each([500, 29_000, 31_000])('is told so %i ms after the end', (afterMs) => {
    const { world, carol, call, dialog } = watched();
    call.cancel();
    world.run(afterMs);
    const taken = carol.call('bob', replaces(straight(dialog)));
    world.run(900);
    expect(taken.status).toBe(afterMs > 30_000 ? 481 : 603);
    expectQuiet(world);
  });

  it('takes a talk over where its user may, and the colleague is hung up with the reason', () => {
    const { world, alice, bob, carol, call, dialog } = talking({ takeOver: ['carol'] });
    const taken = carol.call('bob', replaces(straight(dialog)));
    world.run(1_500);
    expect([taken.status, bob.calls[0]?.end]).toEqual([200, 'hungUp']);
    expect(headerOf(bob.received('BYE')[0]?.message ?? missing(), 'reason')).toContain('cause=200');
    expect([audioOf(taken), audioOf(call)]).toEqual([host(alice), host(carol)]);
    taken.bye();
    world.run(500);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });

  it('never shows a caller who asked not to be shown, whoever takes the talk over and whoever watches', () => {
    const { world, alice, bob, carol, dave } = office({ takeOver: ['carol', 'dave'] });
    const [carols, daves] = [watcherIn(world, 'carol'), watcherIn(world, 'dave')];
    const lamps = [carols.watch('bob'), daves.watch('carol')] as const;
    bob.onInvite = 'answer';
    const call = alice.call('bob', { headers: [['Privacy', 'id']] });
    world.run(1_500);
    const byCarol = carol.call('bob', replaces(straight(only(lamps[0]))));
    world.run(1_500);
    expect([byCarol.status, lamps[1].shows]).toEqual([200, ['initiator confirmed']]);
    const byDave = dave.call('carol', replaces(straight(only(lamps[1]))));
    world.run(1_500);
    expect([byDave.status, audioOf(call)]).toEqual([200, host(dave)]);
    // What its own From says is its phone's choice (RFC 3323 §4.1.1.3); what we say of it is ours.
    const asserted = [carol, dave].flatMap((phone) =>
      phone.received(200).map(({ message }) => headerOf(message, 'p-asserted-identity')),
    );
    expect(asserted.filter((value) => value.includes('alice'))).toEqual([]);
    expect(lamps.flatMap(({ notices }) => notices.map(({ body }) => body)).filter((body) => body.includes('alice'))).toEqual([]);
    call.bye();
    world.run(500);
    expectQuiet(world);
  });

  it('takes over whom a colleague has called', () => {
    const { world, alice, dave, carol, callers, call } = watched({ takeOver: ['carol'] });
    call.cancel();
    alice.onInvite = 'answer';
    const made = dave.call('alice');
    world.run(2_000);
    expect(callers.shows).toEqual(['initiator confirmed']);
    const taken = carol.call('alice', replaces(swapped(only(callers))));
    world.run(1_500);
    expect([taken.status, made.end]).toEqual([200, 'hungUp']);
    expect(audioOf(taken)).toBe(host(alice));
    taken.bye();
    world.run(500);
    expectQuiet(world);
  });

  it.each([
    ['early-only', { takeOver: ['carol'] }, 'carol', ';early-only', 486],
    ['without the permission', {}, 'carol', '', 403],
    ['by a stranger to the group', { takeOver: ['frank'] }, 'frank', '', 403],
  ] as const)('does not touch a talk %s', (_, how, name, more, status) => {
    const stage = talking(how);
    const { world, alice, bob, call, dialog } = stage;
    const before = [alice, bob].map(({ history }) => history.length);
    const taken = stage[name].call('bob', replaces(straight(dialog) + more));
    world.run(1_500);
    expect([taken.status, call.end]).toEqual([status, '']);
    expect([alice, bob].map(({ history }) => history.length)).toEqual(before);
    call.bye();
    world.run(500);
    expectQuiet(world);
  });

  it('does not hang up the colleague with whom its own user talks', () => {
    const { world, bob, carol } = office({ takeOver: ['carol'] });
    bob.onInvite = 'answer';
    const lamp = watcherIn(world, 'carol').watch('bob');
    const call = carol.call('bob');
    world.run(1_500);
    const taken = carol.call('bob', replaces(straight(only(lamp))));
    world.run(1_500);
    expect([taken.status, taken.phrase, call.end, bob.calls[0]?.end]).toEqual([403, 'Your Own Call', '', '']);
    call.bye();
    world.run(500);
    expectQuiet(world);
  });

  it('leaves a talk as it was whose other party does not agree', () => {
    const { world, alice, bob, carol, call, dialog } = talking({ takeOver: ['carol'] });
    call.onRequest = ({ method }) => (method === 'INVITE' ? 488 : 200);
    const taken = carol.call('bob', replaces(straight(dialog)));
    world.run(3_000);
    expect(taken.status).toBeGreaterThanOrEqual(400);
    expect([call.end, bob.calls[0]?.end]).toEqual(['', '']);
    expect([audioOf(call), alice.received('BYE').length]).toEqual([host(bob), 0]);
    call.bye();
    world.run(500);
    expect(headerOf(bob.received('BYE')[0]?.message ?? missing(), 'reason')).toBe('');
    expectQuiet(world);
  });

  it('finds one winner with the callee, who lifts at the same moment', () => {
    for (const firstMs of [0, 1, 2, 5, 10]) {
      const { world, bob, carol, call, dialog } = watched();
      const taken = carol.call('bob', replaces(straight(dialog)));
      world.run(firstMs);
      bob.incoming?.answer();
      world.run(3_000);
      expect(call.status).toBe(200);
      const talkers = [bob.calls[0], taken].filter((one) => one?.end === '');
      expect(talkers).toHaveLength(1);
      call.bye();
      world.run(500);
      expectQuiet(world);
    }
  });
});
