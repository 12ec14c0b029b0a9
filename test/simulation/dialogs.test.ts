import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { type Header, headerOf, linesOf, type PhoneMessage, tagOf, uriOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

const missing = (): never => {
  throw new Error('missing');
};
const inviteOf = (peer: RawPeer): PhoneMessage => peer.requests('INVITE')[0] ?? missing();

/** Alice and as many raw devices of Bob's as asked, nobody asked for a password. */
function scene(devices = 1, calls: object = {}) {
  const world = serviceWorld({ config: { auth: 'none', calls, registrar: { maxContacts: 32 } } });
  const alice = world.phone('alice');
  alice.register();
  const bobs = Array.from({ length: devices }, (_, n) => new RawPeer(world, `10.0.9.${n + 1}`));
  for (const bob of bobs) bob.register('bob');
  world.run(200);
  return { world, alice, bobs, bob: bobs[0] ?? missing() };
}

/** A request of the callee's inside the dialog that our INVITE to it opened. */
function within(bob: RawPeer, method: string, cseq: number, more: readonly Header[] = [], body = ''): void {
  const invite = inviteOf(bob);
  bob.request(
    method,
    uriOf(headerOf(invite, 'contact')),
    [
      ['From', `${headerOf(invite, 'to')};tag=rawtag`],
      ['To', headerOf(invite, 'from')],
      ['Call-ID', headerOf(invite, 'call-id')],
      ['CSeq', `${cseq} ${method}`],
      ...(method === 'INVITE' || method === 'UPDATE' ? [['Contact', `<${bob.contact}>`] as Header] : []),
      ...more,
    ],
    body,
  );
}

/** A confirmed call between Alice and a raw device. */
function talking(calls: object = {}) {
  const { world, alice, bob } = scene(1, calls);
  const call = alice.call('bob');
  world.run(50);
  bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
  world.run(100);
  expect(call.confirmed).toBe(true);
  return { world, alice, bob, call };
}
const statusesOf = (phone: Phone, method: string): number[] =>
  phone.history
    .filter(({ direction, message }) => direction === 'in' && headerOf(message, 'cseq').endsWith(method))
    .map(({ message }) => message.status);

describe('requests inside a dialog', () => {
  it('keep an open offer open, whatever passes beside it', () => {
    const { world, alice, bob, call } = talking();
    call.reInvite();
    const info = call.request('INFO');
    world.run(50);
    bob.reply(bob.requests('INFO')[0] ?? missing(), 200);
    world.run(50);
    expect(info.status).toBe(200);
    within(bob, 'INVITE', 7, [SDP_TYPE], SDP);
    world.run(50);
    expect(bob.answer.status).toBe(491);
    // It is ours: the phone's own would have cost a way there and back.
    expect(alice.received('INVITE')).toEqual([]);
    bob.reply(bob.requests('INVITE')[1] ?? missing(), 488);
    world.run(100);
    // The offer that failed is over (RFC 3261 §14.1).
    within(bob, 'INVITE', 8, [SDP_TYPE], SDP);
    world.run(100);
    expect(bob.answer.status).toBe(200);
    within(bob, 'ACK', 8);
    world.run(50);
    call.bye();
    world.run(50);
    for (const bye of bob.requests('BYE')) bob.reply(bye, 200);
    expectQuiet(world);
  });

  it('come no more from a fork that lost', () => {
    const { world, alice, bobs } = scene(2);
    const call = alice.call('bob');
    world.run(50);
    const [winner = missing(), loser = missing()] = bobs;
    for (const bob of bobs) bob.reply(inviteOf(bob), 180);
    world.run(50);
    winner.reply(inviteOf(winner), 200, [SDP_TYPE], SDP);
    world.run(50);
    within(loser, 'UPDATE', 3);
    world.run(50);
    expect(loser.answer.status).toBe(481);
    expect(call.requests).toEqual([]);
    loser.reply(loser.requests('CANCEL')[0] ?? missing(), 200);
    loser.reply(inviteOf(loser), 487);
    call.bye();
    world.run(50);
    winner.reply(winner.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('reach the right fork of early dialogs, and come from it', () => {
    const { world, alice, bobs } = scene(2);
    const call = alice.call('bob');
    world.run(50);
    const [first = missing(), second = missing()] = bobs;
    second.reply(inviteOf(second), 180);
    world.run(50);
    first.reply(inviteOf(first), 180);
    world.run(50);
    // Alice's phone speaks in the early dialog it heard of last: the first device's.
    const update = call.update({ sdp: '' });
    world.run(50);
    expect(second.requests('UPDATE')).toEqual([]);
    first.reply(first.requests('UPDATE')[0] ?? missing(), 200);
    world.run(50);
    expect(update.status).toBe(200);
    within(first, 'INFO', 4);
    world.run(50);
    expect(first.answer.status).toBe(200);
    expect(tagOf(call.requests[0] ?? missing(), 'from')).toBe(call.progress[1]?.tag);
    call.cancel();
    world.run(50);
    for (const bob of bobs) {
      bob.reply(bob.requests('CANCEL')[0] ?? missing(), 200);
      bob.reply(inviteOf(bob), 487);
    }
    expectQuiet(world);
  });

  it('are no second INVITE before the first is answered and acknowledged', () => {
    const { world, alice, bob } = scene();
    const call = alice.call('bob', { ack: { afterMs: 1000 } });
    world.run(50);
    bob.reply(inviteOf(bob), 180);
    world.run(50);
    // RFC 3261 §14.2
    const early = call.reInvite();
    world.run(50);
    expect(early.status).toBe(500);
    expect(headerOf(early.response ?? missing(), 'retry-after')).not.toBe('');
    within(bob, 'INVITE', 2, [SDP_TYPE], SDP);
    world.run(50);
    expect(bob.answer.status).toBe(491);
    bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
    world.run(200);
    within(bob, 'INVITE', 3, [SDP_TYPE], SDP);
    world.run(50);
    expect(bob.answer.status).toBe(491);
    expect(bob.requests('INVITE')).toHaveLength(1);
    expect(statusesOf(alice, 'INVITE')).not.toContain(491);
    world.run(1500);
    call.bye();
    world.run(50);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('say 420 to options that do not pass, rather than lose them', () => {
    const { world, bob, call } = talking();
    const asked = call.reInvite({ headers: [['Require', '100rel, precondition']] });
    world.run(50);
    expect([asked.status, headerOf(asked.response ?? missing(), 'unsupported')]).toEqual([420, 'precondition']);
    expect(bob.requests('INVITE')).toHaveLength(1);
    call.bye();
    world.run(50);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('pass neither redirections nor challenges nor a 503', () => {
    const { world, bob, call } = talking();
    for (const [said, heard] of [
      [302, 480],
      [401, 403],
      [503, 500],
    ] as const) {
      const before = bob.requests('INVITE').length;
      const sent = call.reInvite();
      world.run(50);
      bob.reply(bob.requests('INVITE')[before] ?? missing(), said, [['Contact', '<sip:x@y>']]);
      world.run(50);
      expect(sent.status).toBe(heard);
      expect(linesOf(sent.response ?? missing(), 'contact')).toEqual([]);
    }
    call.bye();
    world.run(50);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('are answered 487 when the call ends before their answer, whose 2xx still gets its ACK', () => {
    const { world, bob, call } = talking();
    const sent = call.reInvite();
    world.run(50);
    call.bye();
    world.run(50);
    expect(sent.status).toBe(487);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    const acks = bob.requests('ACK').length;
    const again = bob.requests('INVITE')[1] ?? missing();
    bob.reply(again, 200, [SDP_TYPE], SDP);
    world.run(50);
    expect(bob.requests('ACK')).toHaveLength(acks + 1);
    expect(headerOf(bob.requests('ACK').at(-1) ?? missing(), 'cseq')).toBe(headerOf(again, 'cseq').replace('INVITE', 'ACK'));
    expectQuiet(world);
  });
});

describe('crossings', () => {
  it('a callee that hangs up before the ACK is acknowledged, and the caller hears BYE after its own ACK', () => {
    const { world, alice, bob } = scene();
    const call = alice.call('bob', { ack: { afterMs: 1000 } });
    world.run(50);
    bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
    world.run(50);
    within(bob, 'BYE', 2);
    world.run(50);
    expect(bob.answer.status).toBe(200);
    bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
    world.run(50);
    expect(bob.requests('ACK')).toHaveLength(1);
    expect(call.end).toBe('');
    world.run(1500);
    expect(call.end).toBe('hungUp');
    expectQuiet(world);
  });

  it('a callee cannot end an early dialog with BYE, and is told when the call ends later', () => {
    const { world, alice, bob } = scene();
    const call = alice.call('bob');
    world.run(50);
    bob.reply(inviteOf(bob), 180);
    world.run(50);
    within(bob, 'BYE', 2);
    world.run(50);
    expect(bob.answer.status).toBe(481);
    bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
    world.run(100);
    call.bye();
    world.run(50);
    expect(bob.requests('BYE')).toHaveLength(1);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('a second answer behind one contact gets an ACK each time it comes, and one BYE', () => {
    const { world, alice, bob } = scene();
    const call = alice.call('bob');
    world.run(50);
    const other: Header = ['To', `${headerOf(inviteOf(bob), 'to')};tag=another`];
    bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
    world.run(50);
    for (let n = 0; n < 3; n++) {
      bob.reply(inviteOf(bob), 200, [other, SDP_TYPE], SDP);
      world.run(50);
    }
    const toOther = (method: string) => bob.requests(method).filter((request) => tagOf(request, 'to') === 'another');
    expect(toOther('ACK')).toHaveLength(3);
    expect(toOther('BYE')).toHaveLength(1);
    for (const bye of toOther('BYE')) bob.reply(bye, 200);
    expect(call.state).toBe('answered');
    call.bye();
    world.run(50);
    bob.reply(bob.requests('BYE').at(-1) ?? missing(), 200);
    expectQuiet(world);
  });

  it('a CANCEL goes out only once the device has spoken, and its late 2xx is hung up', () => {
    const { world, alice, bob } = scene();
    const call = alice.call('bob');
    world.run(50);
    call.cancel([
      ['Reason', 'SIP;cause=487'],
      ['Reason', 'Q.850;cause=16'],
    ]);
    world.run(300);
    expect(call.status).toBe(487);
    expect(bob.requests('CANCEL')).toHaveLength(0);
    bob.reply(inviteOf(bob), 180);
    world.run(50);
    expect(linesOf(bob.requests('CANCEL')[0] ?? missing(), 'reason').join(', ')).toBe('SIP;cause=487, Q.850;cause=16');
    bob.reply(bob.requests('CANCEL')[0] ?? missing(), 200);
    bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
    world.run(50);
    expect([bob.requests('ACK').length, bob.requests('BYE').length]).toEqual([1, 1]);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('passes the reason of a cancelled re-INVITE', () => {
    const { world, bob, call } = talking();
    const reInvites = bob.requests('INVITE').length;
    call.reInvite();
    world.run(50);
    const asked = bob.requests('INVITE')[reInvites] ?? missing();
    bob.reply(asked, 180);
    world.run(50);
    call.bye();
    world.run(50);
    // The call is over: what still waits at the other side is cancelled by its BYE alone.
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    bob.reply(asked, 487);
    expectQuiet(world);
  });
});

describe('forks', () => {
  it('are as many as the config allows, each with its own early dialog, and leave no tag behind', () => {
    const { world, alice, bobs } = scene(24, { maxForks: 24 });
    const call = alice.call('bob');
    world.run(100);
    for (const bob of bobs) for (let n = 0; n < 2; n++) bob.reply(inviteOf(bob), 180 + n);
    world.run(100);
    expect(new Set(call.progress.map(({ tag }) => tag)).size).toBe(24);
    const last = bobs.at(-1) ?? missing();
    last.reply(inviteOf(last), 200, [SDP_TYPE], SDP);
    world.run(100);
    expect(call.progress.map(({ tag }) => tag)).toContain(call.dialog?.remoteTag);
    for (const bob of bobs) {
      if (bob === last) continue;
      bob.reply(bob.requests('CANCEL')[0] ?? missing(), 200);
      bob.reply(inviteOf(bob), 487);
    }
    call.bye();
    world.run(100);
    last.reply(last.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('that answered 100 are not silent', () => {
    const { world, alice, bob } = scene();
    const call = alice.call('bob');
    world.run(50);
    bob.reply(inviteOf(bob), 100);
    world.run(15_000);
    expect(call.status).toBe(0);
    expect(call.progress).toEqual([]);
    bob.reply(inviteOf(bob), 486);
    world.run(50);
    expect(call.status).toBe(486);
    expectQuiet(world);
  });

  it('that cannot be reached are 480: nothing here failed, and a trunk need not try elsewhere', () => {
    const world = serviceWorld({ config: { auth: 'none' } });
    const alice = world.phone('alice');
    alice.register();
    const bob = new RawPeer(world, '10.0.9.1', 'tcp');
    bob.register('bob', '', ';transport=tcp');
    world.run(200);
    bob.wire.close();
    world.run(200);
    const call = alice.call('bob');
    world.run(1000);
    expect(call.status).toBe(480);
    expectQuiet(world);
  });

  it('hand Warning and Retry-After of their failure to the caller, but no challenge', () => {
    const { world, alice, bob } = scene();
    alice.call('bob');
    world.run(50);
    bob.reply(inviteOf(bob), 486, [
      ['Warning', '399 bob "in a meeting"'],
      ['Retry-After', '120'],
      ['Proxy-Authenticate', 'Digest realm="x", nonce="y"'],
    ]);
    world.run(50);
    const answer = alice.received(486)[0]?.message ?? missing();
    expect(headerOf(answer, 'warning')).toContain('in a meeting');
    expect(headerOf(answer, 'retry-after')).toBe('120');
    expect(headerOf(answer, 'proxy-authenticate')).toBe('');
    expectQuiet(world);
  });

  it('get neither our credentials, nor identities nobody asserts, nor methods that do not pass', () => {
    const { world, alice, bob } = scene();
    alice.call('bob', {
      headers: [
        ['Authorization', 'Digest username="alice", realm = "example.com", nonce="n", uri="sip:x", response="secret"'],
        ['Proxy-Authorization', 'Basic c2VjcmV0'],
        ['Remote-Party-ID', '<sip:boss@example.com>'],
        ['Allow', 'INVITE, ACK, PUBLISH, PRACK, INFO'],
        ['Supported', 'timer, 100rel, replaces'],
        ['Content-Disposition', 'session'],
      ],
    });
    world.run(50);
    const invite = inviteOf(bob);
    expect(linesOf(invite, 'authorization')).toEqual([]);
    expect(linesOf(invite, 'proxy-authorization')).toEqual([]);
    expect(linesOf(invite, 'remote-party-id')).toEqual([]);
    expect(linesOf(invite, 'allow').join()).not.toContain('PUBLISH');
    expect(linesOf(invite, 'allow').join()).toContain('PRACK, INFO');
    expect(headerOf(invite, 'supported')).toBe('timer, 100rel, replaces');
    expect(headerOf(invite, 'content-disposition')).toBe('session');
    bob.reply(invite, 486);
    expectQuiet(world);
  });
});
