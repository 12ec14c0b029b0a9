import { describe, expect, it } from 'vitest';
import { headerOf, linesOf, tagOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { inviteOf, missing, rawScene, takesItsLeave, talking, within } from '../support/raw-call.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

/** A raw caller that has called Bob's ringing phone. */
function rawCaller(scripted: { ringAfterMs?: number; answerAfterMs?: number } | 'answer' = 'answer') {
  const world = serviceWorld({ config: { auth: 'none' } });
  const bob = world.phone('bob', { onInvite: scripted });
  bob.register();
  world.run(200);
  const caller = new RawPeer(world, '10.0.8.1');
  const invite = (more: readonly (readonly [string, string])[] = []) =>
    caller.request('INVITE', 'sip:bob@example.com', [...PARTS, ['Contact', `<${caller.contact}>`], SDP_TYPE, ...more], SDP);
  /** The ACK or BYE that belongs to the 200. */
  const inside = (method: string, cseq: number) => {
    const answer = caller.received.findLast(({ status, headers }) => status === 200 && isOfInvite(headers)) ?? missing();
    const target = /<(.*)>/.exec(headerOf(answer, 'contact'))?.[1] ?? '';
    caller.request(method, target, [FROM, ['To', headerOf(answer, 'to')], CALL_ID, ['CSeq', `${cseq} ${method}`]]);
  };
  return { world, bob, caller, invite, inside };
}
const isOfInvite = (headers: readonly (readonly [string, string])[]): boolean =>
  headers.some(([name, value]) => name.toLowerCase() === 'cseq' && value.endsWith('INVITE'));
const FROM = ['From', '<sip:raw@elsewhere.example>;tag=raw'] as const;
const CALL_ID = ['Call-ID', 'one-call'] as const;
const PARTS = [FROM, ['To', '<sip:bob@example.com>'], CALL_ID, ['CSeq', '1 INVITE']] as const;
const finalsOf = (caller: RawPeer): number[] =>
  caller.received.filter(({ status, headers }) => status >= 200 && isOfInvite(headers)).map(({ status }) => status);

describe('crossings', () => {
  it('CANCEL before any provisional of the phone: 487 to the caller, and the phone is cancelled once it speaks', () => {
    const { world, alice, bob } = rawScene();
    const call = alice.call('bob');
    call.cancel();
    // Our own 100 comes after 200 ms, and lets the CANCEL go.
    world.run(300);
    expect(call.end).toBe('cancelled');
    expect(bob.requests('CANCEL')).toEqual([]);
    takesItsLeave(bob);
    bob.reply(inviteOf(bob), 100);
    world.run(100);
    expect(bob.requests('CANCEL')).toHaveLength(1);
    // Same branch, To without tag, CSeq number of the INVITE (RFC 3261 §9.1).
    const [cancel = missing()] = bob.requests('CANCEL');
    expect(headerOf(cancel, 'via')).toBe(headerOf(inviteOf(bob), 'via'));
    expect(headerOf(cancel, 'to')).toBe(headerOf(inviteOf(bob), 'to'));
    expect(world.service.stories).toMatchObject([{ outcome: 'cancelled', status: 487 }]);
    expectQuiet(world);
  });

  it.each([0, 1, 4, 5, 6, 9])(
    'CANCEL %i ms after a phone’s 200, the other one ringing: one outcome, nobody left talking alone',
    (afterMs) => {
      const { world, alice, bobs } = rawScene(2);
      const [first = missing(), second = missing()] = bobs;
      const call = alice.call('bob');
      world.run(50);
      for (const bob of bobs) bob.reply(inviteOf(bob), 180);
      world.run(50);
      for (const bob of bobs) takesItsLeave(bob);
      first.reply(inviteOf(first), 200, [SDP_TYPE], SDP);
      world.run(afterMs);
      call.cancel();
      world.run(1000);
      // Her phone hangs up what was answered although she had given up.
      expect(call.state).toBe('ended');
      expect(first.requests('ACK')).toHaveLength(1);
      expect(first.requests('BYE')).toHaveLength(1);
      expect([second.requests('CANCEL').length, second.requests('BYE').length]).toEqual([1, 0]);
      expect([200, 487]).toContain(call.status);
      expectQuiet(world);
    },
  );

  it('200 of both phones at one instant, and a CANCEL: both are acknowledged and hung up', () => {
    const { world, alice, bobs } = rawScene(2);
    const call = alice.call('bob');
    world.run(50);
    for (const bob of bobs) bob.reply(inviteOf(bob), 180);
    world.run(50);
    for (const bob of bobs) {
      takesItsLeave(bob);
      bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
    }
    call.cancel();
    world.run(1000);
    for (const bob of bobs) expect([bob.requests('ACK').length, bob.requests('BYE').length]).toEqual([1, 1]);
    expect(call.state).toBe('ended');
    expectQuiet(world);
  });

  it('BYE of the caller before its ACK: the callee gets ACK and BYE, and no 2xx is repeated after', () => {
    const { world, bob, caller, invite, inside } = rawCaller();
    invite();
    world.run(50);
    expect(finalsOf(caller)).toEqual([200]);
    inside('BYE', 2);
    world.run(40_000);
    expect(bob.calls[0]?.end).toBe('hungUp');
    expect(bob.calls[0]?.confirmed).toBe(true);
    // RFC 3261 §13.3.1.4 ends with the session.
    expect(finalsOf(caller).length).toBeLessThanOrEqual(2);
    expectQuiet(world);
  });

  it('the ACK is lost: the 2xx is repeated until 64*T1, then both hear BYE', () => {
    const { world, bob, caller, invite } = rawCaller();
    caller.hears = (message) => void (message.method === 'BYE' && caller.reply(message, 200));
    invite();
    world.run(31_000);
    // At 0, 0.5, 1.5, 3.5, 7.5 and then each 4 s (RFC 3261 §13.3.1.4).
    expect(finalsOf(caller).length).toBeGreaterThanOrEqual(10);
    expect(caller.requests('BYE')).toEqual([]);
    expect(bob.calls[0]?.end).toBe('');
    world.run(2_000);
    expect(caller.requests('BYE')).toHaveLength(1);
    bob.complaints.splice(0);
    expectQuiet(world);
  });

  it('the first ACK is lost, the one to a repeated 2xx arrives: a call like any other', () => {
    const { world, bob, caller, invite, inside } = rawCaller();
    invite();
    world.run(700);
    expect(finalsOf(caller)).toHaveLength(2);
    inside('ACK', 1);
    world.run(60_000);
    expect([bob.calls[0]?.confirmed, bob.calls[0]?.end]).toEqual([true, '']);
    expect(finalsOf(caller)).toHaveLength(2);
    inside('BYE', 2);
    expectQuiet(world);
  });

  it('a re-INVITE right behind the ACK passes; one right before it waits or is told so', () => {
    const { world, alice, bob, call } = talking();
    const sent = call.reInvite();
    world.run(20);
    bob.reply(inviteOf(bob, 1), 200, [SDP_TYPE], SDP);
    world.run(50);
    expect(sent.status).toBe(200);
    // The callee's own, sent before it can have the ACK to ours.
    within(bob, 'INVITE', 3, [SDP_TYPE], SDP);
    world.run(50);
    expect([200, 491, 500]).toContain(bob.answer.status);
    within(bob, 'ACK', 3);
    takesItsLeave(bob);
    call.bye();
    void alice;
    expectQuiet(world);
  });

  it('an INVITE doubled on its way is one call, and its repetition gets the latest answer again', () => {
    const world = serviceWorld({ network: { duplication: 1 } });
    const [alice, bob] = [world.phone('alice'), world.phone('bob', { onInvite: { ringAfterMs: 100, answerAfterMs: 2000 } })];
    for (const phone of [alice, bob]) phone.register();
    world.run(1000);
    const call = alice.call('bob');
    world.run(3000);
    expect(call.confirmed).toBe(true);
    expect(bob.calls).toHaveLength(1);
    call.bye();
    expectQuiet(world);
    expect(world.service.stories).toHaveLength(1);
  });

  it('the ACK to a re-INVITE, doubled on its way, passes once on a busy machine too', () => {
    const world = serviceWorld({ network: { duplication: 1 }, isInterleaved: true });
    const [alice, bob] = [world.phone('alice'), world.phone('bob', { onInvite: 'answer' })];
    for (const phone of [alice, bob]) phone.register();
    world.run(1000);
    const call = alice.call('bob');
    world.run(500);
    const sent = call.reInvite();
    world.run(500);
    expect(sent.status).toBe(200);
    call.bye();
    expectQuiet(world);
  });

  it('one INVITE on two paths rings once; the second copy is a merged request (RFC 3261 §8.2.2.2)', () => {
    const { world, bob, caller, invite, inside } = rawCaller({ ringAfterMs: 10, answerAfterMs: 500 });
    invite();
    invite();
    world.run(200);
    expect(finalsOf(caller)).toEqual([482]);
    world.run(400);
    inside('ACK', 1);
    world.run(100);
    expect(bob.calls).toHaveLength(1);
    expect(bob.calls[0]?.confirmed).toBe(true);
    inside('BYE', 2);
    expectQuiet(world);
  });

  it('answers from another port than the INVITE went to are the phone’s, since the branch says so', () => {
    const { world, alice, bob } = rawScene();
    const elsewhere = new RawPeer(world, '10.0.9.1');
    const call = alice.call('bob');
    world.run(50);
    elsewhere.reply(inviteOf(bob), 180);
    elsewhere.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
    world.run(100);
    expect(call.confirmed).toBe(true);
    // Its Contact is where the ACK goes; who is behind a NAT is answered where it was reached.
    expect(bob.requests('ACK').length + elsewhere.requests('ACK').length).toBe(1);
    for (const peer of [bob, elsewhere]) peer.hears = (message) => void (message.method === 'BYE' && peer.reply(message, 200));
    call.bye();
    expectQuiet(world);
  });

  it('the caller ends an early dialog with BYE: 487 to its INVITE, CANCEL to the phone (RFC 3261 §15)', () => {
    const { world, alice, bob } = rawScene();
    const call = alice.call('bob');
    world.run(50);
    bob.reply(inviteOf(bob), 180);
    world.run(50);
    takesItsLeave(bob);
    const bye = call.request('BYE');
    world.run(100);
    expect([bye.status, call.status]).toEqual([200, 487]);
    expect(bob.requests('CANCEL')).toHaveLength(1);
    expectQuiet(world);
  });

  it('both hang up at once: each BYE is answered, nobody hears 481', () => {
    const { world, bob, call } = talking();
    takesItsLeave(bob);
    const bye = call.bye();
    within(bob, 'BYE', 2);
    world.run(100);
    expect(bye?.status).toBe(200);
    expect(bob.received.filter(({ status, headers }) => status === 481 && headers.length > 0)).toEqual([]);
    expectQuiet(world);
  });

  it.each(['sendonly', 'inactive', 'recvonly'])('hold with %s and resume, from either side', (direction) => {
    const { world, bob, call } = talking();
    for (const what of [direction, 'sendrecv']) {
      const before = bob.requests('INVITE').length;
      const sent = call.reInvite({ direction: what });
      world.run(20);
      expect(inviteOf(bob, before).body).toContain(`a=${what}`);
      bob.reply(inviteOf(bob, before), 200, [SDP_TYPE], `${SDP}a=${what}\r\n`);
      world.run(50);
      expect([sent.status, call.remoteSdp]).toEqual([200, `${SDP}a=${what}\r\n`]);
    }
    for (const [n, what] of [direction, 'sendrecv'].entries()) {
      within(bob, 'INVITE', 10 + 2 * n, [SDP_TYPE], `${SDP}a=${what}\r\n`);
      world.run(50);
      expect([bob.answer.status, call.remoteSdp]).toEqual([200, `${SDP}a=${what}\r\n`]);
      within(bob, 'ACK', 10 + 2 * n);
      world.run(50);
    }
    takesItsLeave(bob);
    call.bye();
    expectQuiet(world);
  });

  it('an answer to nobody, an ACK to nothing and a CANCEL of nothing disturb no call', () => {
    const { world, bob, call } = talking();
    bob.reply(
      {
        ...inviteOf(bob),
        headers: inviteOf(bob).headers.map(([n, v]) => [n, n === 'Via' ? 'SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKnone' : v]),
      },
      200,
    );
    within(bob, 'ACK', 1);
    within(bob, 'ACK', 77);
    within(bob, 'CANCEL', 1);
    world.run(100);
    expect(bob.answer.status).toBe(481);
    expect(tagOf(bob.answer, 'to')).not.toBe('');
    expect(linesOf(bob.answer, 'cseq')).toEqual(['1 CANCEL']);
    expect(call.state).toBe('answered');
    takesItsLeave(bob);
    call.bye();
    expectQuiet(world);
  });
});
