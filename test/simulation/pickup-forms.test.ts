import { describe, expect, it } from 'vitest';
import { emit, setup } from 'xstate';
import { ringGroup } from '../../machines/supervisors/ring-group.ts';
import { type Birth, type CallPickUp, callOffered, type commandRefused, defineScenario, type FactOf } from '../../src/index.ts';
import type { Phone } from '../../src/testing/phone.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { dial, office, pickupOf, usersWith } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';

const audioOf = (sdp: string): string | undefined => /c=IN IP4 (\S+)/.exec(sdp)?.[1];
const host = (phone: Phone): string => phone.wire.local.host;
const BACK = { mode: 'callback' } as const;

describe('a picker who is called back', () => {
  it('hears 480 before any phone rings, and lifts to talk to the caller; the callee has missed nothing', () => {
    const { world, alice, bob, carol } = office(BACK);
    const call = alice.call('bob');
    world.run(500);
    const picking = carol.call(dial('*8'));
    world.run(200);
    expect([picking.status, picking.phrase, bob.calls[0]?.end]).toEqual([480, 'You Are Called Back', 'cancelled']);
    expect(bob.calls[0]?.endReason).toContain('cause=200');
    const heard = carol.history
      .filter(({ direction }) => direction === 'in')
      .map(({ message }) => message.method || message.status);
    expect(heard.indexOf('INVITE')).toBeGreaterThan(heard.lastIndexOf(480));
    const invite = carol.received('INVITE')[0]?.message;
    expect(invite && headerOf(invite, 'Diversion')).toContain('sip:bob@example.com');
    expect(invite && headerOf(invite, 'History-Info')).toContain('bob@example.com');
    carol.incoming?.answer();
    world.run(500);
    expect([call.status, audioOf(call.remoteSdp)]).toEqual([200, host(carol)]);
    call.bye();
    expectQuiet(world);
  });

  it('takes the call while its callee’s phone sleeps, and may be woken oneself', () => {
    const stage = office(BACK);
    const { world, alice, bob, carol } = stage;
    const phones = (['bob', 'carol'] as const).map((user) => {
      stage[user].register({ expiresSeconds: 0 });
      const push = { provider: 'apns', prid: `token-of-${user}`, param: 'TEAM.app.voip' };
      const mobile = world.phone(`${user}’s mobile`, { user, push });
      mobile.register();
      return mobile;
    });
    world.run(500);
    const [bobs, carols] = phones as [Phone, Phone];
    world.sleepUntilPushed(bobs, 'token-of-bob', { afterMs: 5_000, times: 1 });
    world.sleepUntilPushed(carols, 'token-of-carol', { afterMs: 500, times: 1 });
    const call = alice.call('bob');
    world.run(500);
    const picking = carol.call(dial('**bob'));
    world.run(2_000);
    expect([picking.status, picking.phrase, call.status]).toEqual([480, 'You Are Called Back', 200]);
    expect(audioOf(call.remoteSdp)).toBe(host(carols));
    expect(world.push.sent('cancelled', 'token-of-bob')[0]?.request).toMatchObject({ reason: 'answered-elsewhere' });
    world.run(6_000);
    expect([bob.received('INVITE').length, bobs.received('INVITE').length]).toEqual([0, 0]);
    call.bye();
    expectQuiet(world);
  });

  it('is told if no phone of the picker’s can be rung, and the call rings on', () => {
    const { world, alice, bob, carol } = office(BACK);
    carol.register({ expiresSeconds: 0 });
    const call = alice.call('bob');
    world.run(500);
    const picking = carol.call(dial('*8'));
    world.run(500);
    expect([picking.status, picking.phrase, bob.incoming?.state]).toEqual([480, 'No Phone Of Yours', 'ringing']);
    call.cancel();
    expectQuiet(world);
  });

  it('has the call alone: another who wants it finds nothing there any more', () => {
    const { world, alice, carol, dave } = office(BACK);
    const call = alice.call('bob');
    world.run(500);
    const both = [carol.call(dial('*8')), dave.call(dial('*8'))];
    world.run(500);
    expect(both.map(({ status }) => status)).toEqual([480, 404]);
    expect([carol.incoming?.state, dave.incoming]).toEqual(['ringing', undefined]);
    carol.incoming?.decline();
    world.run(500);
    expect(call.status).toBe(486);
    expectQuiet(world);
  });
});

/** Picks up for Carol, or whom the caller's name says, each call to Bob two seconds after it came. */
const rescueMachine = setup({
  types: {
    context: {} as { call: string; picker: string },
    input: {} as Birth<FactOf<typeof callOffered>>,
    events: {} as FactOf<typeof commandRefused>,
    emitted: {} as CallPickUp,
  },
  delays: { wait: 2_000 },
  actions: { pickUp: emit(({ context }) => ({ type: 'call.pickUp', to: context.call, picker: context.picker })) },
}).createMachine({
  id: 'rescue',
  context: ({ input }) => ({ call: input.fact.call, picker: 'sip:carol@example.com' }),
  initial: 'waiting',
  states: {
    waiting: { after: { wait: { target: 'ordering', actions: 'pickUp' } } },
    ordering: { on: { 'command.refused': 'over' }, after: { wait: 'over' } },
    over: { type: 'final' },
  },
});
const rescue = defineScenario({
  name: 'rescue',
  startsOn: [callOffered.where({ callee: 'sip:bob@example.com' })],
  listensTo: () => [],
  machine: rescueMachine,
});

describe('a call that a scenario picks up', () => {
  function rescued() {
    const stage = office({}, { scenarios: [rescue] });
    const call = stage.alice.call('bob');
    stage.world.run(2_500);
    expect([stage.bob.incoming?.state, stage.carol.incoming?.state]).toEqual(['ringing', 'ringing']);
    return { ...stage, call };
  }

  it('rings the picker’s phones beside the others, and is of who lifts first', () => {
    const { world, bob, carol, call } = rescued();
    carol.incoming?.answer();
    world.run(500);
    expect([call.status, audioOf(call.remoteSdp), bob.calls[0]?.end]).toEqual([200, host(carol), 'cancelled']);
    expect(bob.calls[0]?.endReason).toContain('cause=200');
    call.bye();
    expectQuiet(world);
  });

  it('is the callee’s who lifts first, or nobody’s', () => {
    const { world, bob, carol, call } = rescued();
    bob.incoming?.answer();
    world.run(500);
    expect([call.status, carol.calls[0]?.end]).toEqual([200, 'cancelled']);
    call.bye();
    expectQuiet(world);
    const other = rescued();
    other.carol.incoming?.decline();
    other.world.run(500);
    expect([other.call.status, other.bob.incoming?.state]).toEqual([0, 'ringing']);
    other.bob.incoming?.decline(480);
    other.world.run(500);
    expect(other.call.status).toBe(480);
    expectQuiet(other.world);
  });

  it('rings on as before where nothing can be picked up', () => {
    const world = serviceWorld({ scenarios: [rescue] });
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.phone(name, { onInvite: 'ring' }));
    for (const phone of [alice, bob, carol]) phone?.register();
    world.run(500);
    const call = alice?.call('bob');
    world.run(2_500);
    expect([bob?.incoming?.state, carol?.incoming]).toEqual(['ringing', undefined]);
    call?.cancel();
    expectQuiet(world);
  });
});

describe('a call to a ring group', () => {
  it('is picked up at a member of it, by who may take that member’s calls', () => {
    const users = usersWith({});
    const settings = { group: 'frank', members: ['bob', 'carol'] };
    const pickup = pickupOf({ groups: { desk: { members: ['carol'], pickers: ['erin'] } } });
    const { world, alice, bob, carol, dave, erin } = office(
      { groups: Object.fromEntries(pickup.groups) },
      { ...users, scenarios: [{ scenario: ringGroup, settings }] },
    );
    const call = alice.call('frank');
    world.run(500);
    expect([bob.incoming?.state, carol.incoming?.state]).toEqual(['ringing', 'ringing']);
    const refused = dave.call(dial('**carol'));
    const picking = erin.call(dial('*8'));
    world.run(1_000);
    expect([refused.status, picking.status, call.status]).toEqual([403, 200, 200]);
    expect([bob, carol].map(({ calls }) => calls[0]?.endReason.includes('cause=200'))).toEqual([true, true]);
    expect(audioOf(picking.remoteSdp)).toBe(host(alice));
    call.bye();
    expectQuiet(world);
  });
});
