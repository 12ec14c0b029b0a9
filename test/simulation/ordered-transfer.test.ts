import { describe, expect, it } from 'vitest';
import type { CallCommand } from '../../machines/vocabulary/commands.ts';
import { earOf } from '../../src/testing/invariants/ear.ts';
import type { Phone } from '../../src/testing/phone.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { type AttendingOptions, AttendingPlane, SERVICE_MEDIA_HOST } from '../support/attending-plane.ts';
import { dialler } from '../support/dialler.ts';
import { expectQuiet } from '../support/quiet.ts';
import { routed } from '../support/routed.ts';
import { TrunkPeer } from '../support/trunk-peer.ts';

type Options = ServiceWorldOptions & { readonly media?: AttendingOptions; readonly isAnchored?: boolean };
const USERS = ['alice', 'bob', 'carol', 'menu'];
const CALL = 'call:1';
const hostOf = (sdp: string) => /c=IN IP4 (\S+)/.exec(sdp)?.[1];

/** Bob may call outside; Alice, who is in the same talk, may not. */
const ONE_CALLS_OUTSIDE = `
users:
  alice: { password: alice-secret }
  bob: { password: bob-secret, outside: true }
  carol: { password: carol-secret }
trunks: { carrier: { server: "sip:10.0.8.1:5060", username: office, password: trunk-secret } }
numbers: [{ match: "_0X.", trunk: carrier }]
`;

/** Alice talks to Bob; Carol's phone rings when she is called. */
function talking({ media = {}, isAnchored = true, ...options }: Options = {}) {
  let plane: AttendingPlane | undefined;
  const world = serviceWorld({
    users: USERS,
    scenarios: [dialler],
    openMedia: ({ timers }) => {
      plane = new AttendingPlane(timers, media);
      return plane;
    },
    ...options,
    config: { ...options.config, media: { anchor: isAnchored ? 'always' : 'auto' } },
  });
  /** What the author of a transfer hears. */
  const heard: string[] = [];
  earOf(world).hear({
    taken: ({ kind, entry }) => {
      const { type, case: author, what, status } = entry as unknown as Readonly<Record<string, unknown>>;
      if (kind === 'fact' && type === 'transfer.progressed' && author === 'codes:1') heard.push(`${what} ${status}`);
    },
  });
  const [alice, bob, carol] = USERS.slice(0, 3).map((name) => world.phone(name, { checksSessions: true })) as [
    Phone,
    Phone,
    Phone,
  ];
  for (const phone of [alice, bob, carol]) phone.register();
  bob.onInvite = 'answer';
  carol.onInvite = 'ring';
  world.run(500);
  const call = alice.call('sip:bob@example.com');
  world.run(500);
  const [answered] = bob.calls;
  if (plane === undefined || answered?.confirmed !== true) throw new Error('they do not talk');
  const give = (command: CallCommand) => {
    world.service.service.engine.order(command, 'codes:1');
    world.run(500);
  };
  /** Bob is sent to Carol by Alice, or Alice by Bob. */
  const transfer = (who: 'caller' | 'callee', consult: boolean, callee = 'carol') =>
    give({ type: 'call.transfer', to: CALL, leg: who === 'caller' ? 'leg:1/0' : 'leg:1/1', callee, consult });
  const complete = () => give({ type: 'call.completeTransfer', to: CALL });
  const cancel = () => give({ type: 'call.cancelTransfer', to: CALL });
  return { world, plane, alice, bob, carol, call, answered, transfer, complete, cancel, heard };
}

describe('a transfer that a scenario orders', () => {
  it.each(['caller', 'callee'] as const)('sends the %s to the target, who talks with nobody else then', (who) => {
    const { world, carol, call, answered, transfer, heard } = talking();
    const [sent, sender] = who === 'caller' ? [call, answered] : [answered, call];
    transfer(who, false);
    expect([sender.state, sent.state, carol.incoming?.state]).toEqual(['answered', 'answered', 'ringing']);
    carol.incoming?.answer();
    world.run(1_000);
    expect([sender.end, sent.state, carol.calls[0]?.confirmed]).toEqual(['hungUp', 'answered', true]);
    expect(hostOf(sent.remoteSdp)).toBe(SERVICE_MEDIA_HOST);
    carol.calls[0]?.bye();
    world.run(500);
    expect(sent.end).toBe('hungUp');
    expectQuiet(world);
    expect(heard).toEqual(['ringing 180', 'done 200']);
  });

  it('leaves the two talking where the target declines, is none, or was taken back', () => {
    const { world, carol, call, answered, transfer, cancel, heard } = talking();
    transfer('callee', false);
    carol.incoming?.decline(486);
    world.run(500);
    transfer('callee', false, 'nobody');
    transfer('callee', false, 'bob');
    transfer('caller', false);
    transfer('caller', false);
    cancel();
    expect(carol.calls.at(-1)?.end).toBe('cancelled');
    expect([call.state, answered.state]).toEqual(['answered', 'answered']);
    answered.bye();
    expectQuiet(world);
    expect(heard).toEqual(['ringing 180', 'failed 486', 'failed 404', 'failed 400', 'ringing 180', 'failed 491', 'failed 487']);
  });

  it('leads outside only where the transferor may call, whatever the transferee may', () => {
    const { world, call, answered, transfer, heard } = talking({ config: routed(ONE_CALLS_OUTSIDE) });
    const trunk = new TrunkPeer(world as never);
    transfer('callee', false, '0891234');
    expect([call.state, answered.state, trunk.requests('INVITE').length]).toEqual(['answered', 'answered', 0]);
    transfer('caller', false, '0891234');
    world.run(1_000);
    expect([call.state, answered.end]).toEqual(['answered', 'hungUp']);
    call.bye();
    expectQuiet(world);
    expect([trunk.wrong, heard]).toEqual([[], ['failed 403', 'done 200']]);
  });

  it('goes on although the transferor hangs up first', () => {
    const { world, carol, call, answered, transfer } = talking();
    transfer('callee', false);
    call.bye();
    world.run(500);
    expect(answered.state).toBe('answered');
    carol.incoming?.answer();
    world.run(500);
    answered.bye();
    world.run(500);
    expect(carol.calls[0]?.end).toBe('hungUp');
    expectQuiet(world);
  });

  it('is over when the transferee hangs up', () => {
    const { world, carol, call, answered, transfer } = talking();
    transfer('callee', false);
    answered.bye();
    world.run(500);
    expect([call.end, carol.calls[0]?.end]).toEqual(['hungUp', 'cancelled']);
    expectQuiet(world);
  });

  it('may lead to the service itself', () => {
    const { world, bob, carol, call, answered, transfer } = talking();
    bob.onInvite = 'ring';
    transfer('caller', false, 'menu');
    world.run(1_000);
    expect([call.state, answered.end, hostOf(call.remoteSdp)]).toEqual(['answered', 'hungUp', SERVICE_MEDIA_HOST]);
    expect([bob.incoming?.state, carol.calls.length]).toEqual(['ringing', 0]);
    call.bye();
    expectQuiet(world);
  });
});

describe('a consultation', () => {
  it.each(['caller', 'callee'] as const)('has the other party of the %s talk to the target first', (who) => {
    const { world, plane, carol, call, answered, transfer, complete, heard } = talking();
    const [sent, sender] = who === 'caller' ? [call, answered] : [answered, call];
    const [sentSdp, senderSdp] = [sent.remoteSdp, sender.remoteSdp];
    transfer(who, true);
    expect([carol.incoming?.state, hostOf(carol.calls[0]?.remoteSdp ?? '')]).toEqual(['ringing', SERVICE_MEDIA_HOST]);
    expect(plane.bridges[0]?.lent).toBeUndefined();
    carol.incoming?.answer();
    world.run(500);
    expect([plane.bridges[0]?.lent, plane.bridges[1]?.isConnected]).toEqual([who === 'caller' ? 'fork' : 'caller', true]);
    // Neither party's phone has been asked for anything.
    expect([sent.remoteSdp, sender.remoteSdp]).toEqual([sentSdp, senderSdp]);
    complete();
    world.run(500);
    expect([sender.end, sent.state, carol.calls[0]?.state]).toEqual(['hungUp', 'answered', 'answered']);
    const asked = sent.reInvite();
    world.run(300);
    expect(asked.status).toBe(200);
    carol.calls[0]?.bye();
    world.run(500);
    expect(sent.end).toBe('hungUp');
    expectQuiet(world);
    expect(heard).toEqual(['ringing 180', 'consulting 200', 'done 200']);
  });

  it('is completed by hanging up, whoever does', () => {
    for (const leaves of ['transferor', 'transferee'] as const) {
      const { world, carol, call, answered, transfer } = talking();
      transfer('callee', true);
      carol.incoming?.answer();
      world.run(500);
      const [gone, left] = leaves === 'transferor' ? [call, answered] : [answered, call];
      gone.bye();
      world.run(1_000);
      expect([left.state, carol.calls[0]?.state]).toEqual(['answered', 'answered']);
      left.bye();
      world.run(500);
      expect(carol.calls[0]?.end).toBe('hungUp');
      expectQuiet(world);
    }
  });

  it('is a transfer without one if the transferor leaves while the target rings', () => {
    for (const how of ['hangs up', 'completes'] as const) {
      const { world, carol, call, answered, transfer, complete, heard } = talking();
      transfer('callee', true);
      if (how === 'completes') complete();
      else call.bye();
      world.run(500);
      expect(carol.calls.map(({ end, endReason }) => [end, endReason.includes('cause=200')])).toEqual([
        ['cancelled', true],
        ['', false],
      ]);
      carol.incoming?.answer();
      world.run(500);
      expect([call.end, answered.state]).toEqual([how === 'completes' ? 'hungUp' : 'bye', 'answered']);
      answered.bye();
      expectQuiet(world);
      expect(heard.at(-1)).toBe('done 200');
    }
  });

  it('is taken back, before and after the target has answered', () => {
    for (const isAnswered of [false, true]) {
      const { world, plane, carol, call, answered, transfer, cancel } = talking();
      transfer('callee', true);
      if (isAnswered) carol.incoming?.answer();
      world.run(500);
      cancel();
      expect(carol.calls[0]?.end).toBe(isAnswered ? 'hungUp' : 'cancelled');
      expect([call.state, answered.state, plane.bridges[0]?.lent]).toEqual(['answered', 'answered', undefined]);
      transfer('callee', true);
      expect(carol.incoming?.state).toBe('ringing');
      call.bye();
      answered.bye();
      expectQuiet(world);
    }
  });

  it('is taken back at once where the target is gone, and says nothing any more', () => {
    const { world, plane, carol, call, answered, transfer, cancel } = talking();
    transfer('callee', true);
    carol.incoming?.answer();
    world.run(500);
    carol.vanish();
    cancel();
    expect([call.state, answered.state, plane.bridges[0]?.lent]).toEqual(['answered', 'answered', undefined]);
    call.bye();
    expectQuiet(world);
  });

  it('fails where the target declines, hangs up, or is the service, and the talk goes on', () => {
    const { world, plane, carol, call, answered, transfer, heard } = talking();
    transfer('callee', true);
    carol.incoming?.decline(486);
    world.run(500);
    transfer('callee', true);
    carol.incoming?.answer();
    world.run(500);
    carol.calls.at(-1)?.bye();
    world.run(500);
    transfer('callee', true, 'menu');
    expect([call.state, answered.state, plane.bridges[0]?.lent]).toEqual(['answered', 'answered', undefined]);
    call.bye();
    expectQuiet(world);
    expect(heard.filter((one) => one.startsWith('failed'))).toEqual(['failed 486', 'failed 487', 'failed 488']);
  });

  it('fails where the media of the talk is not here, or cannot be shared', () => {
    for (const options of [{ isAnchored: false }, { media: { lends: false } }]) {
      const { world, carol, call, transfer, heard } = talking(options);
      transfer('callee', true);
      expect([call.state, carol.calls.length]).toEqual(['answered', 0]);
      call.bye();
      expectQuiet(world);
      expect(heard).toEqual(['failed 488']);
    }
  });

  it('goes on until its talk is ended by order, with whom was consulted', () => {
    const { world, carol, call, answered, transfer } = talking();
    transfer('callee', true);
    carol.incoming?.answer();
    world.run(500);
    const end: CallCommand = { type: 'call.end', to: CALL, status: 480, reason: 'Enough' };
    world.service.service.engine.order(end, 'operator');
    world.run(1_000);
    expect([call.end, answered.end, carol.calls[0]?.end]).toEqual(['hungUp', 'hungUp', 'hungUp']);
    expectQuiet(world);
  });
});
