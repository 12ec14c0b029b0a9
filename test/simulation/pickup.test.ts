import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall } from '../../src/testing/phone-call.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { dial, office, usersWith } from '../support/pickup.ts';
import { expectQuiet } from '../support/quiet.ts';

type How = Parameters<typeof office>;
/** Alice calls Bob, whose phone rings. */
function ringing(...how: How) {
  const stage = office(...how);
  const call = stage.alice.call('bob');
  stage.world.run(500);
  expect(stage.bob.incoming?.state).toBe('ringing');
  return { ...stage, call };
}
const NUMBERED = usersWith({ bob: 'aliases: [front], numbers: ["200", "+4930200"]' });
const DIVERTING = usersWith({ bob: 'onNoAnswer: carol, ringSeconds: 2' });
const audioOf = (call: PhoneCall): string | undefined => /c=IN IP4 (\S+)/.exec(call.remoteSdp)?.[1];
const host = (phone: Phone): string => phone.wire.local.host;
const WAY_MS = 5;
const invitesOf = (phone: Phone): number => phone.received('INVITE').length;

describe('a call that rings', () => {
  it.each([
    ['a member of the group', 'carol', '*8'],
    ['a member who ends the code as telephones do', 'carol', '*8#'],
    ['a picker who is no member', 'erin', '*8'],
    ['somebody who names the callee', 'dave', '**bob'],
  ] as const)('is taken by %s: both hear each other, and the callee’s phone has missed nothing', (_, name, code) => {
    const stage = ringing();
    const { world, alice, bob, call } = stage;
    const picker = stage[name];
    const picking = picker.call(dial(code));
    world.run(1_000);
    expect([call.status, picking.status, bob.calls[0]?.end]).toEqual([200, 200, 'cancelled']);
    expect(bob.calls[0]?.endReason).toContain('cause=200');
    expect([audioOf(picking), audioOf(call)]).toEqual([host(alice), host(picker)]);
    call.bye();
    world.run(500);
    expect(picking.end).toBe('hungUp');
    expectQuiet(world);
  });

  it('is named by alias or number as well, with or without the # at the end', () => {
    for (const argument of ['200', '200#', 'front', '+4930200']) {
      const { world, call, erin } = ringing({}, NUMBERED);
      const picking = erin.call(dial(`**${argument}`));
      world.run(1_000);
      expect([argument, call.status, picking.status]).toEqual([argument, 200, 200]);
      picking.bye();
      expectQuiet(world);
    }
  });

  it('is one’s own, at another phone', () => {
    const { world, bob, call } = ringing();
    const desk = world.phone('desk', { user: 'bob' });
    const picking = desk.call(dial('**bob'));
    world.run(1_000);
    expect([call.status, picking.status, audioOf(call)]).toEqual([200, 200, host(desk)]);
    expect(bob.calls[0]?.endReason).toContain('cause=200');
    call.bye();
    expectQuiet(world);
  });

  it('may come from outside, for a number of the callee’s', () => {
    const stage = office({}, NUMBERED);
    const { world, bob, carol } = stage;
    const stranger = world.phone('stranger', { domain: 'elsewhere.net' });
    const call = stranger.call('sip:200@example.com', { from: 'sip:+4940123@elsewhere.net' });
    world.run(500);
    expect(bob.incoming?.state).toBe('ringing');
    const picking = carol.call(dial('*8'));
    world.run(1_000);
    expect([call.status, picking.status, audioOf(call)]).toEqual([200, 200, host(carol)]);
    call.bye();
    expectQuiet(world);
  });

  it('is taken while its callee’s phone still sleeps; the push is taken back', () => {
    const stage = office();
    const { world, alice, carol } = stage;
    const push = { provider: 'apns', prid: 'token-of-bobs-mobile', param: 'TEAM.app.voip' };
    const mobile = world.phone('mobile', { user: 'bob', push, instance: 'urn:uuid:1' });
    stage.bob.register({ expiresSeconds: 0 });
    mobile.register();
    world.run(500);
    world.sleepUntilPushed(mobile, push.prid, { afterMs: 3_000, times: 1 });
    const call = alice.call('bob');
    world.run(500);
    const picking = carol.call(dial('*8'));
    world.run(1_000);
    expect([call.status, picking.status]).toEqual([200, 200]);
    expect(world.push.sent('incoming-call', push.prid)).toHaveLength(1);
    expect(world.push.sent('cancelled', push.prid)[0]?.request).toMatchObject({ reason: 'answered-elsewhere' });
    world.run(5_000);
    expect(invitesOf(mobile)).toBe(0);
    picking.bye();
    expectQuiet(world);
  });

  it('is taken by who says to be a user, where nobody is asked to prove it', () => {
    const { world, call, carol } = ringing({}, { config: { auth: 'none' } });
    const picking = carol.call(dial('*8'));
    const stranger = world.phone('stranger', { domain: 'elsewhere.net' });
    const other = stranger.call(dial('*8'));
    world.run(1_000);
    expect([call.status, picking.status, other.status, other.phrase]).toEqual([200, 200, 403, 'In No Pickup Group']);
    call.bye();
    expectQuiet(world);
  });

  it('is taken at whom it was diverted to, and no longer at whom it was for', () => {
    const { world, alice, carol, erin } = office(
      { groups: { desk: { members: ['carol'], pickers: ['erin', 'dave'] } } },
      DIVERTING,
    );
    const call = alice.call('bob');
    world.run(3_000);
    expect(carol.incoming?.state).toBe('ringing');
    const picking = erin.call(dial('*8'));
    world.run(1_000);
    expect([call.status, picking.status]).toEqual([200, 200]);
    call.bye();
    expectQuiet(world);
  });
});

describe('of several calls', () => {
  it('the one that has rung longest is taken first, and two pickers take two', () => {
    const { world, alice, bob, carol, dave, erin, frank } = office();
    const first = alice.call('bob');
    world.run(100);
    const second = frank.call('carol');
    world.run(500);
    const byDave = dave.call(dial('*8'));
    const byErin = erin.call(dial('*8'));
    world.run(1_000);
    expect([audioOf(byDave), audioOf(byErin)]).toEqual([host(alice), host(frank)]);
    expect([bob.calls[0]?.end, carol.calls[0]?.end]).toEqual(['cancelled', 'cancelled']);
    for (const call of [first, second]) call.bye();
    expectQuiet(world);
  });

  it('one that somebody picks up rings on for the next if that one fails', () => {
    const { world, alice, bob, call, carol, dave } = ringing();
    const byCarol = carol.call(dial('*8'));
    byCarol.onRequest = ({ method }) => (method === 'INVITE' ? 488 : 200);
    world.run(1_000);
    expect([bob.incoming?.state, byCarol.end]).toEqual(['ringing', 'hungUp']);
    expect(byCarol.endReason).toContain('cause=488');
    const byDave = dave.call(dial('*8'));
    world.run(1_000);
    expect([call.status, byDave.status, audioOf(byDave)]).toEqual([200, 200, host(alice)]);
    call.bye();
    expectQuiet(world);
  });
});

describe('nothing is taken', () => {
  it('where nothing rings, and the answer comes in the same instant', () => {
    const { world, carol } = office();
    for (const code of ['*8', '**bob']) {
      const picking = carol.call(dial(code));
      world.run(500);
      expect([picking.status, picking.phrase]).toEqual([404, 'Nothing To Pick Up']);
      const dialledAtMs = carol.sent('INVITE').at(-1)?.atMs ?? 0;
      // Both ways of the network, and no time in the service.
      expect(carol.received(404).at(-1)?.atMs).toBe(dialledAtMs + 2 * WAY_MS);
    }
    expectQuiet(world);
  });

  it.each([
    ['by somebody of no group', 'frank', '*8', 403, 'In No Pickup Group'],
    ['by somebody of no group who names the callee', 'frank', '**bob', 403, 'In No Pickup Group'],
    ['of somebody who is in no group of the picker’s', 'carol', '**erin', 403, 'Not In Your Pickup Groups'],
    ['of nobody we know', 'carol', '**nobody', 404, 'No Such User'],
    ['of an overlong name', 'carol', `**${'b'.repeat(65)}`, 404, 'No Such User'],
    ['of nobody who is named', 'carol', '**', 404, 'Dial ** And A Number'],
    ['by a code with something behind it', 'carol', '*81', 404, 'Dial *8 Alone'],
    ['of calls that the picker makes', 'alice', '*8', 403, 'In No Pickup Group'],
  ] as const)('%s, and the ringing call feels nothing', (_, name, code, status, phrase) => {
    const stage = ringing();
    const { world, bob, call } = stage;
    const heard = bob.history.length;
    const picking = stage[name].call(dial(code));
    world.run(1_000);
    expect([picking.status, picking.phrase]).toEqual([status, phrase]);
    expect([call.status, bob.incoming?.state, bob.history.length]).toEqual([0, 'ringing', heard]);
    call.cancel();
    expectQuiet(world);
  });

  it('by who calls', () => {
    const { world, carol, bob } = office();
    const call = carol.call('bob');
    world.run(500);
    const picking = world.phone('desk', { user: 'carol' }).call(dial('*8'));
    world.run(500);
    expect([picking.status, picking.phrase, bob.incoming?.state]).toEqual([404, 'Nothing To Pick Up', 'ringing']);
    call.cancel();
    expectQuiet(world);
  });

  it('by who calls and asked not to be shown', () => {
    const { world, carol, bob } = office();
    const call = carol.call('bob', { headers: [['Privacy', 'id']] });
    world.run(500);
    const picking = world.phone('desk', { user: 'carol' }).call(dial('*8'));
    world.run(500);
    expect([picking.end, bob.incoming?.state]).toEqual(['hungUp', 'ringing']);
    expect(picking.endReason).toContain('cause=403;text="Your Own Call"');
    call.cancel();
    expectQuiet(world);
  });

  it('by strangers, who are told nothing, and where nothing is configured', () => {
    const { world, bob } = ringing();
    const stranger = world.phone('stranger', { domain: 'elsewhere.net' });
    const picking = stranger.call(dial('*8'));
    world.run(500);
    expect([picking.status, bob.incoming?.state]).toEqual([480, 'ringing']);
    bob.incoming?.decline();
    expectQuiet(world);
    const plain = serviceWorld();
    const carol = plain.phone('carol');
    const dialled = carol.call(dial('*8'));
    plain.run(500);
    expect([dialled.status, dialled.phrase]).toEqual([404, 'No Such User']);
    expectQuiet(plain);
  });

  it('of a call to a code', () => {
    const { world, carol, dave } = office({ groups: { all: { members: ['bob', 'carol', 'dave'], pickers: [] } } });
    const first = carol.call(dial('**bob'));
    const second = dave.call(dial('*8'));
    world.run(500);
    expect([first.status, second.status]).toEqual([404, 404]);
    expectQuiet(world);
  });
});

describe('one winner', () => {
  it('the callee who lifts first keeps the call; the picker is told', () => {
    const { world, bob, carol, call } = ringing();
    const picking = carol.call(dial('*8'));
    picking.onRequest = () => {
      bob.incoming?.answer();
      return 200;
    };
    world.run(1_000);
    expect([call.status, bob.calls[0]?.state, picking.end]).toEqual([200, 'answered', 'hungUp']);
    expect(picking.endReason).toContain('cause=486;text="Answered By Another"');
    call.bye();
    expectQuiet(world);
  });

  it('of two pickers of one call one has it, and the other is told', () => {
    const { world, alice, carol, dave, call } = ringing();
    const both = [carol.call(dial('*8')), dave.call(dial('**bob'))];
    world.run(1_000);
    const [winner, loser] = both.toSorted((a, b) => a.end.length - b.end.length) as [(typeof both)[0], (typeof both)[0]];
    expect([call.status, winner.state, loser.end]).toEqual([200, 'answered', 'hungUp']);
    expect(loser.endReason).toContain('cause=486;text="Answered By Another"');
    expect(audioOf(winner)).toBe(host(alice));
    call.bye();
    expectQuiet(world);
  });

  it('the caller who gives up has no call, and the picker is told', () => {
    const { world, carol, call } = ringing();
    const picking = carol.call(dial('*8'));
    picking.onRequest = () => {
      call.cancel();
      return 200;
    };
    world.run(1_000);
    expect([call.end, picking.end]).toEqual(['cancelled', 'hungUp']);
    expect(picking.endReason).toContain('cause=487;text="Caller Has Hung Up"');
    expectQuiet(world);
  });

  it('the picker who gives up leaves the phones ringing', () => {
    const { world, bob, carol, call } = ringing();
    const picking = carol.call(dial('*8'), { onChange: (picked) => picked.bye() });
    world.run(1_000);
    expect([picking.end, bob.incoming?.state]).toEqual(['bye', 'ringing']);
    bob.incoming?.answer();
    world.run(500);
    expect(call.status).toBe(200);
    call.bye();
    expectQuiet(world);
  });
});
