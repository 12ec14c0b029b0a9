import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ringGroup } from '../../machines/supervisors/ring-group.ts';
import type { InviteScript } from '../../src/testing/phone.ts';
import { headerOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { routed } from '../support/routed.ts';
import { TrunkPeer } from '../support/trunk-peer.ts';

const TAKES: InviteScript = { ringAfterMs: 50, answerAfterMs: 2_000 };
const DECLINES: InviteScript = { decline: 603 };
const USERS = ['alice', 'bob', 'carol', 'dan', 'erin'];

const fail = (): never => {
  throw new Error('missing');
};

/** Alice calls `support`; what each member's phone does is written for each. */
function scene(settings: object | object[], scripts: Record<string, InviteScript>, more = '') {
  const users = USERS.map((name) => `  ${name}: { password: ${name}-secret }`).join('\n');
  const yaml = `users:\n${users}\n  support: { phone: false, numbers: ["200"], outside: true ${more} }\n  sales: { phone: false }
trunks: { carrier: { server: "sip:10.0.8.1" } }\nnumbers: [ { match: "_0X.", trunk: carrier } ]\n`;
  const written = Array.isArray(settings) ? { groups: settings } : { group: 'support', members: ['bob', 'carol'], ...settings };
  const world = serviceWorld({
    config: routed(yaml),
    scenarios: [{ scenario: ringGroup, settings: written }],
  });
  const trunk = new TrunkPeer(world as never);
  trunk.challenge = 0;
  const alice = world.phone('alice');
  alice.register();
  const phones = Object.fromEntries(
    Object.entries(scripts).map(([name, onInvite]) => {
      const phone = world.phone(name, { onInvite });
      phone.register();
      return [name, phone] as const;
    }),
  );
  world.run(500);
  return { world, alice, trunk, phone: (name: string) => phones[name] ?? fail() };
}

const IN_TURN = { strategy: 'inTurn', ringSeconds: 5 };

describe('a ring group', () => {
  it('rings all at once; who answers first has the call, and the others see no missed call', () => {
    const { world, alice, phone } = scene({}, { bob: TAKES, carol: { ringAfterMs: 50, answerAfterMs: 1_000 } });
    const call = alice.call('support');
    world.run(3_000);
    expect(call.state).toBe('answered');
    expect(phone('bob').calls[0]?.end).toBe('cancelled');
    expect(headerOf(phone('bob').received('CANCEL')[0]?.message ?? fail(), 'reason')).toContain('Call completed elsewhere');
    expect(phone('carol').calls).toHaveLength(1);
    const invite = phone('carol').received('INVITE')[0]?.message ?? fail();
    expect(headerOf(invite, 'diversion'), 'it is no diversion').toBe('');
    expect(headerOf(invite, 'to')).toContain('sip:support@');
    call.bye();
    expectQuiet(world);
  });

  it('is reached by its number too, and shows its label before the name of who calls', () => {
    const { world, alice, phone } = scene({ label: 'Zürich' }, { bob: TAKES });
    const call = alice.call('200');
    world.run(3_000);
    expect(call.state).toBe('answered');
    const from = headerOf(phone('bob').received('INVITE')[0]?.message ?? fail(), 'from');
    expect(Buffer.from(from, 'latin1').toString()).toMatch(/^"Zürich(: alice)?" <sip:alice@/);
    call.bye();
    expectQuiet(world);
  });

  it('rings one after the other, each for its time, and gives up the one before', () => {
    const { world, alice, phone } = scene(IN_TURN, { bob: 'ring', carol: TAKES });
    const call = alice.call('support');
    world.run(4_900);
    expect([phone('bob').calls.length, phone('carol').calls.length]).toEqual([1, 0]);
    world.run(2_500);
    expect(call.state).toBe('answered');
    expect(phone('bob').calls[0]?.end).toBe('cancelled');
    call.bye();
    expectQuiet(world);
  });

  it.each([486, 600, 603, 480, 404])('goes on at once when a member says %s, and ends with 480 when all have', (decline) => {
    const { world, alice, phone } = scene(IN_TURN, { bob: { decline }, carol: { decline } });
    const call = alice.call('support');
    world.run(1_000);
    expect([call.state, call.status]).toEqual(['ended', 480]);
    expect([phone('bob').calls.length, phone('carol').calls.length]).toEqual([1, 1]);
    expectQuiet(world);
  });

  it('takes one phone’s decline for its person: the other phones need not ring on', () => {
    const { world, alice, phone } = scene(IN_TURN, { bob: DECLINES, carol: TAKES });
    const second = world.phone('bob', { onInvite: 'ring', host: '10.0.7.7' });
    second.register();
    world.run(500);
    const call = alice.call('support');
    world.run(3_000);
    expect(call.state).toBe('answered');
    expect(second.calls[0]?.end).toBe('cancelled');
    expect(phone('carol').calls).toHaveLength(1);
    call.bye();
    expectQuiet(world);
  });

  it.each(['all', 'inTurn'])('wakes members who sleep (%s)', (strategy) => {
    const { world, alice } = scene({ ...IN_TURN, strategy, ringSeconds: 8 }, {});
    const carol = world.phone('carol', { onInvite: TAKES, push: { provider: 'apns', prid: 'carol-token' } });
    carol.register();
    world.run(500);
    world.sleepUntilPushed(carol, 'carol-token', { afterMs: 1_500 });
    const call = alice.call('support');
    world.run(6_000);
    expect(call.state).toBe('answered');
    expect(world.push.sent('incoming-call')).toHaveLength(1);
    expect(world.push.sent('cancelled')).toHaveLength(0);
    call.bye();
    expectQuiet(world);
  });

  it('rings nobody any more who wakes after the turn was over, and takes that push back', () => {
    const { world, alice, phone } = scene(IN_TURN, { carol: 'ring' });
    const bob = world.phone('bob', { onInvite: TAKES, push: { provider: 'apns', prid: 'bob-token' } });
    bob.register();
    world.run(500);
    world.sleepUntilPushed(bob, 'bob-token', { afterMs: 7_000 });
    const call = alice.call('support');
    world.run(9_000);
    expect(call.state).toBe('ringing');
    expect(bob.received('INVITE')).toHaveLength(0);
    expect(world.push.sent('cancelled')).toHaveLength(1);
    call.cancel();
    world.run(1_000);
    expect(phone('carol').calls[0]?.end).toBe('cancelled');
    expectQuiet(world);
  });

  it('ends with the caller’s CANCEL wherever it is', () => {
    for (const strategy of ['all', 'inTurn'])
      for (const ms of [0, 1, 60, 3_000, 4_999, 5_000, 5_001, 7_000]) {
        const { world, alice, phone } = scene({ ...IN_TURN, strategy }, { bob: 'ring', carol: 'ring' });
        const call = alice.call('support');
        world.run(60 + ms);
        call.cancel();
        world.run(2_000);
        expect([call.state, call.status], `${strategy} at ${ms}`).toEqual([
          'ended',
          strategy === 'all' && ms > 4_900 ? 480 : 487,
        ]);
        for (const name of ['bob', 'carol']) expect(phone(name).calls.every(({ end }) => end === 'cancelled')).toBe(true);
        expectQuiet(world);
      }
  });

  it('has one winner when a member answers as the turn changes', () => {
    for (let ms = 4_900; ms <= 5_100; ms += 10) {
      const { world, alice, phone } = scene(IN_TURN, { bob: { ringAfterMs: 20, answerAfterMs: ms }, carol: 'ring' });
      const call = alice.call('support');
      world.run(8_000);
      const talking = ['bob', 'carol'].filter((name) => phone(name).calls.some(({ state }) => state === 'answered'));
      expect(talking, `at ${ms}`).toEqual(call.state === 'answered' ? ['bob'] : []);
      if (call.state === 'answered') call.bye();
      else call.cancel();
      expectQuiet(world);
    }
  });

  it('goes to its fall-back when nobody takes it: a user, with the mailbox in Diversion', () => {
    const { world, alice, phone } = scene({ ...IN_TURN, fallback: 'erin' }, { bob: DECLINES, erin: TAKES });
    const call = alice.call('support');
    world.run(4_000);
    expect(call.state).toBe('answered');
    const invite = phone('erin').received('INVITE')[0]?.message ?? fail();
    expect(headerOf(invite, 'diversion')).toBe('<sip:support@example.com>;reason=no-answer;counter=1');
    call.bye();
    expectQuiet(world);
  });

  it('rings members outside, and falls back to a number outside, under the group’s own permissions', () => {
    const { world, alice, trunk } = scene({ members: ['bob', '0891234'], strategy: 'inTurn', ringSeconds: 5 }, { bob: DECLINES });
    const call = alice.call('support');
    world.run(3_000);
    expect(call.state).toBe('answered');
    expect(trunk.requests('INVITE')[0]?.uri).toBe('sip:0891234@10.0.8.1');
    call.bye();
    expectQuiet(world);
  });

  it('leaves the call to what its user wants of such calls, where it has no fall-back', () => {
    const { world, alice, phone } = scene(IN_TURN, { bob: 'ring', carol: 'ring', erin: TAKES }, ', onNoAnswer: erin');
    const call = alice.call('support');
    world.run(13_500);
    expect(call.state).toBe('answered');
    expect(phone('bob').calls[0]?.end).toBe('cancelled');
    expect(phone('carol').calls[0]?.end).toBe('cancelled');
    call.bye();
    expectQuiet(world);
  });

  it('is where a user’s calls are diverted to, and may hold another group', () => {
    const yaml = [
      { group: 'support', members: ['dan', 'sales'], ...IN_TURN },
      { group: 'sales', members: ['bob', 'carol', 'support'], ...IN_TURN },
    ];
    const { world, alice, phone } = scene(yaml, { dan: DECLINES, bob: DECLINES, carol: TAKES });
    const call = alice.call('support');
    world.run(4_000);
    expect(call.state).toBe('answered');
    expect(phone('carol').calls).toHaveLength(1);
    call.bye();
    expectQuiet(world);
  });

  it('does not ring the member who calls', () => {
    const { world, alice, phone } = scene({ members: ['alice', 'bob'], ...IN_TURN }, { bob: TAKES });
    const call = alice.call('support');
    world.run(3_000);
    expect(call.state).toBe('answered');
    expect(alice.received('INVITE')).toHaveLength(0);
    expect(phone('bob').calls).toHaveLength(1);
    call.bye();
    expectQuiet(world);
  });

  it('with nobody there ends at once', () => {
    const { world, alice } = scene({ members: ['bob', 'carol', 'nobody'], ...IN_TURN }, {});
    const call = alice.call('support');
    world.run(500);
    expect([call.state, call.status]).toEqual(['ended', 480]);
    expectQuiet(world);
  });

  it('cannot be registered with', () => {
    const { world } = scene({}, {});
    const thief = world.phone('thief', { user: 'support', password: '' });
    const registration = thief.register();
    world.run(5_000);
    expect(registration.status).toBe(403);
  });

  it('has one winner at most and leaves nothing, whatever its members do', () => {
    const script = fc.oneof(
      fc.constantFrom<InviteScript>('ring', { decline: 486 }, { decline: 603 }, { decline: 480 }),
      fc.integer({ min: 100, max: 9_000 }).map((answerAfterMs): InviteScript => ({ ringAfterMs: 40, answerAfterMs })),
      fc.constant('absent' as const),
    );
    fc.assert(
      fc.property(
        fc.record({ bob: script, carol: script, dan: script }),
        fc.constantFrom('all', 'inTurn', 'rotating'),
        fc.option(fc.integer({ min: 0, max: 12_000 }), { nil: undefined }),
        (scripts, strategy, cancelAfterMs) => {
          const there = Object.entries(scripts).filter(([, one]) => one !== 'absent') as [string, InviteScript][];
          const members = ['bob', 'carol', 'dan'];
          const { world, alice, phone } = scene({ members, strategy, ringSeconds: 3 }, Object.fromEntries(there));
          const call = alice.call('support');
          if (cancelAfterMs === undefined) world.run(12_000);
          else {
            world.run(cancelAfterMs);
            if (call.state !== 'answered' && call.state !== 'ended') call.cancel();
            world.run(2_000);
          }
          const talking = there.filter(([name]) => phone(name).calls.some(({ state }) => state === 'answered'));
          expect(talking).toHaveLength(call.state === 'answered' ? 1 : 0);
          if (call.state === 'answered') call.bye();
          expectQuiet(world);
        },
      ),
      { numRuns: 40 },
    );
  });
});
