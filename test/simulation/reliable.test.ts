import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { IncomingCall } from '../../src/testing/phone-incoming-call.ts';
import { type Header, headerOf, type PhoneMessage, tagOf } from '../../src/testing/phone-message.ts';
import type { CallOptions, OutgoingCall } from '../../src/testing/phone-outgoing-call.ts';
import { offerOf } from '../../src/testing/phone-sdp.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

const missing = (): never => {
  throw new Error('missing');
};

/** Alice, and as many phones of Bob's as asked, which do nothing by themselves. */
function scene(devices = 1, more: Parameters<typeof serviceWorld>[0] = {}) {
  const { config, ...rest } = more;
  const world = serviceWorld({ ...rest, config: { auth: 'none', ...config } });
  const alice = world.phone('alice');
  alice.register();
  const bobs = Array.from({ length: devices }, (_, n) => world.phone(`bob${n + 1}`, { user: 'bob', onInvite: 'silent' }));
  for (const bob of bobs) bob.register();
  world.run(500);
  const incoming = (n = 0): IncomingCall => bobs[n]?.incoming ?? missing();
  const sdp = (n = 0): string => offerOf(bobs[n]?.wire.local ?? missing(), 1);
  return { world, alice, bobs, incoming, sdp };
}
/** Alice, and a device of Bob's that says what a test wants. */
function rawScene() {
  const world = serviceWorld({ config: { auth: 'none' } });
  const alice = world.phone('alice');
  alice.register();
  const bob = new RawPeer(world, '10.0.9.1');
  bob.register('bob');
  world.run(200);
  return { world, alice, bob, invite: () => bob.requests('INVITE')[0] ?? missing() };
}
const calls = (alice: Phone, options: CallOptions = {}): OutgoingCall => alice.call('bob', { reliable: 'supported', ...options });
const racks = (phone: Phone): string[] => phone.received('PRACK').map(({ message }) => headerOf(message, 'rack'));
const ends = ({ world }: ReturnType<typeof scene>, call: OutgoingCall): void => {
  call.bye();
  expectQuiet(world);
};

describe('reliable provisionals (RFC 3262)', () => {
  it('of two forks are two early dialogs, each PRACKed on its own leg; the second answers with its tag and SDP', () => {
    const s = scene(2);
    const { world, alice, bobs, incoming, sdp } = s;
    const call = calls(alice);
    world.run(50);
    for (const n of [0, 1]) incoming(n).ring(183, sdp(n), { reliable: true });
    world.run(200);
    expect(call.progress.map(({ status, sdp: heard }) => [status, heard])).toEqual([
      [183, sdp(0)],
      [183, sdp(1)],
    ]);
    const [first, second] = call.progress.map(({ tag }) => tag);
    expect(first).not.toBe(second);
    expect(call.pracks.map(({ status }) => status)).toEqual([200, 200]);
    for (const [n, bob] of bobs.entries()) expect(racks(bob)).toEqual(incoming(n).reliable.acknowledged);
    incoming(1).answer(sdp(1));
    world.run(200);
    expect([call.dialog?.remoteTag, call.remoteSdp, call.confirmed]).toEqual([second, sdp(1), true]);
    expect(incoming(0).end).toBe('cancelled');
    ends(s, call);
  });

  it('come in order, the next one after the PRACK to the one before, with an RSeq of the dialog’s own', () => {
    const s = scene();
    const { world, alice, incoming, sdp } = s;
    const call = calls(alice, { prack: { afterMs: 700 } });
    world.run(50);
    incoming().ring(183, sdp(), { reliable: true });
    world.run(300);
    incoming().ring(180, '', { reliable: true });
    incoming().ring(181, '', { reliable: true });
    world.run(6_000);
    expect(call.progress.map(({ status }) => status)).toEqual([183, 180, 181]);
    const heard = alice.history
      .filter(({ direction, message }) => direction === 'in' && headerOf(message, 'rseq') !== '')
      .map(({ message }) => Number(headerOf(message, 'rseq')));
    const [one = 0] = heard;
    expect([...new Set(heard)]).toEqual([one, one + 1, one + 2]);
    // Each was repeated once, after T1, before its PRACK came.
    expect(heard).toHaveLength(6);
    incoming().answer();
    world.run(200);
    expect([call.state, call.remoteSdp]).toEqual(['answered', sdp()]);
    ends(s, call);
  });

  it('pass the answer in a PRACK to an INVITE without an offer, and an offer in a PRACK with its answer', () => {
    const s = scene();
    const { world, alice, bobs, incoming, sdp } = s;
    const call = calls(alice, { sdp: '' });
    world.run(50);
    incoming().ring(183, sdp(), { reliable: true });
    world.run(200);
    expect(bobs[0]?.received('PRACK')[0]?.message.body).toContain('m=audio');
    incoming().answer();
    world.run(200);
    expect(call.confirmed).toBe(true);
    call.bye();
    world.run(500);
    const other = calls(alice, { prackSdp: offerOf(alice.wire.local, 2) });
    world.run(50);
    incoming().ring(183, sdp(), { reliable: true });
    world.run(200);
    expect(other.pracks[0]?.response?.body).toContain('m=audio');
    incoming().answer();
    world.run(200);
    ends(s, other);
  });

  it('survive the loss of each message that has to do with them, and keep their order', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const s = scene(2, { seed, network: { loss: 0.2, duplication: 0.1, reordering: 0.1, jitterMs: 20 } });
      const { world, alice, incoming, sdp } = s;
      for (const phone of [alice, ...s.bobs]) phone.register();
      world.run(40_000);
      const call = calls(alice);
      world.run(8_000);
      for (const n of [0, 1]) {
        incoming(n).ring(183, sdp(n), { reliable: true });
        incoming(n).ring(180, '', { reliable: true });
      }
      world.run(25_000);
      incoming(1).answer();
      world.run(20_000);
      expect([call.state, call.remoteSdp, incoming(1).confirmed], `seed ${seed}`).toEqual(['answered', sdp(1), true]);
      ends(s, call);
    }
  });

  it('without PRACK are given up after 64*T1: the INVITE gets 504 and the forks CANCEL', () => {
    const { world, alice, bob, invite } = rawScene();
    const call = calls(alice, { prack: 'never' });
    world.run(50);
    bob.reply(invite(), 183, [
      ['Require', '100rel'],
      ['RSeq', '1'],
    ]);
    world.run(31_900);
    // At 0, T1, 3, 7, 15, 31 and 63 times T1.
    expect(alice.history.filter(({ message }) => headerOf(message, 'rseq') !== '')).toHaveLength(7);
    expect(call.status).toBe(0);
    world.run(400);
    expect(call.status).toBe(504);
    bob.reply(bob.requests('CANCEL')[0] ?? missing(), 200);
    bob.reply(invite(), 487);
    world.run(1_000);
    expect(world.service.stories[0]?.devices).toContain('the caller got 504 No PRACK');
    expectQuiet(world);
  });

  it('keep a 2xx back until the PRACK to a session description is here', () => {
    const { world, alice, bob } = rawScene();
    const call = calls(alice, { prack: { afterMs: 900 } });
    world.run(50);
    const invite = bob.requests('INVITE')[0] ?? missing();
    bob.reply(invite, 183, [SDP_TYPE, ['Require', '100rel'], ['RSeq', '77']], SDP);
    // A callee should wait with it; this one does not.
    bob.reply(invite, 200, [SDP_TYPE], SDP);
    world.run(600);
    expect(call.status).toBe(0);
    world.run(600);
    expect(headerOf(bob.requests('PRACK')[0] ?? missing(), 'rack')).toBe('77 1 INVITE');
    bob.reply(bob.requests('PRACK')[0] ?? missing(), 200);
    world.run(200);
    expect([call.status, call.confirmed]).toEqual([200, true]);
    call.bye();
    world.run(100);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('repeated by the fork are not passed twice, and one out of order is not passed at all', () => {
    const { world, alice, bob } = rawScene();
    const call = calls(alice);
    world.run(50);
    const invite = bob.requests('INVITE')[0] ?? missing();
    const says = (status: number, rseq: number) => {
      bob.reply(invite, status, [
        ['Require', '100rel'],
        ['RSeq', String(rseq)],
      ]);
      world.run(100);
    };
    says(180, 5);
    says(180, 5);
    says(183, 7);
    says(181, 6);
    says(183, 4);
    expect(call.progress.map(({ status }) => status)).toEqual([180, 181]);
    expect(bob.requests('PRACK').map((prack) => headerOf(prack, 'rack'))).toEqual(['5 1 INVITE', '6 1 INVITE']);
    for (const prack of bob.requests('PRACK')) bob.reply(prack, 200);
    bob.reply(invite, 486);
    world.run(100);
    expect(call.status).toBe(486);
    expectQuiet(world);
  });

  it('that a fork sends without waiting go out one after the other, each after the PRACK to the one before', () => {
    const { world, alice, bob, invite } = rawScene();
    const call = calls(alice, { prack: { afterMs: 300 } });
    world.run(50);
    for (const [n, status] of [180, 183, 181].entries())
      bob.reply(invite(), status, [
        ['Require', '100rel'],
        ['RSeq', String(n + 1)],
      ]);
    world.run(200);
    expect(call.progress.map(({ status }) => status)).toEqual([180]);
    world.run(1_000);
    expect(call.progress.map(({ status }) => status)).toEqual([180, 183, 181]);
    const pracks = bob.requests('PRACK').map((prack) => headerOf(prack, 'rack'));
    // Without answers to them they are repeated.
    expect([...new Set(pracks)]).toEqual(['1 1 INVITE', '2 1 INVITE', '3 1 INVITE']);
    for (const prack of bob.requests('PRACK')) bob.reply(prack, 200);
    bob.reply(invite(), 486);
    expectQuiet(world);
  });

  it('of two devices behind one contact are two early dialogs', () => {
    const { world, alice, bob: edge } = rawScene();
    const call = calls(alice);
    world.run(50);
    const invite = edge.requests('INVITE')[0] ?? missing();
    const sdpOf = (n: number) => SDP.replace('o=raw 1', `o=raw ${n}`);
    const by = (n: number): Header => ['To', `${headerOf(invite, 'to')};tag=device${n}`];
    for (const n of [1, 2]) {
      edge.reply(invite, 183, [by(n), SDP_TYPE, ['Require', '100rel'], ['RSeq', String(n * 100)]], sdpOf(n));
      world.run(100);
    }
    const tags = call.progress.map(({ tag }) => tag);
    expect(new Set(tags).size).toBe(2);
    expect(call.progress.map(({ sdp }) => sdp)).toEqual([sdpOf(1), sdpOf(2)]);
    const pracks = edge.requests('PRACK');
    expect(pracks.map((prack) => [tagOf(prack, 'to'), headerOf(prack, 'rack')])).toEqual([
      ['device1', '100 1 INVITE'],
      ['device2', '200 1 INVITE'],
    ]);
    for (const prack of pracks) edge.reply(prack, 200);
    world.run(100);
    // Requests find their way by the tag, both ways.
    call.speakIn(tags[0] ?? '');
    const info = call.request('INFO');
    world.run(100);
    expect(tagOf(edge.requests('INFO')[0] ?? missing(), 'to')).toBe('device1');
    edge.reply(edge.requests('INFO')[0] ?? missing(), 200);
    world.run(100);
    expect(info.status).toBe(200);
    edge.reply(invite, 200, [by(1), SDP_TYPE], sdpOf(1));
    world.run(100);
    expect([call.dialog?.remoteTag, call.remoteSdp]).toEqual([tags[0], sdpOf(1)]);
    call.bye();
    world.run(100);
    edge.reply(edge.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });

  it('are not offered to forks for a caller that does not know them, nor where all forks share one early dialog', () => {
    for (const [earlyDialogs, options, offered] of [
      ['forked', {}, ''],
      ['forked', { reliable: 'supported' }, '100rel'],
      ['single', { reliable: 'supported' }, ''],
    ] as const) {
      const s = scene(1, { config: { calls: { earlyDialogs } } });
      const call = s.alice.call('bob', options);
      s.world.run(50);
      expect(headerOf(s.incoming().invite, 'supported')).toBe(offered);
      s.incoming().ring();
      s.incoming().answer();
      s.world.run(200);
      ends(s, call);
    }
  });

  it('that nobody asked for get our PRACK, and reach the caller unreliably', () => {
    const { world, alice, bob } = rawScene();
    const call = alice.call('bob');
    world.run(50);
    const invite = bob.requests('INVITE')[0] ?? missing();
    bob.reply(invite, 180, [
      ['Require', '100rel'],
      ['RSeq', '9'],
    ]);
    world.run(100);
    expect([call.lastProgress, bob.requests('PRACK').map((prack) => headerOf(prack, 'rack'))]).toEqual([180, ['9 1 INVITE']]);
    bob.reply(bob.requests('PRACK')[0] ?? missing(), 200);
    bob.reply(invite, 486);
    expectQuiet(world);
  });

  it('are all that a caller hears that requires them, whatever the fork says; an unreliable SDP is left for the answer', () => {
    for (const earlyDialogs of ['forked', 'single'] as const) {
      const s = scene(1, { config: { calls: { earlyDialogs } } });
      const call = calls(s.alice, { reliable: 'required' });
      s.world.run(50);
      s.incoming().ring(180);
      s.world.run(100);
      s.incoming().ring(183, s.sdp());
      s.world.run(100);
      // The PRACK to ours ends at us.
      expect(s.bobs[0]?.received('PRACK')).toEqual([]);
      expect(call.progress.map(({ status, sdp }) => [status, sdp])).toEqual([
        [180, ''],
        [183, ''],
      ]);
      expect(call.pracks.map(({ status }) => status)).toEqual([200, 200]);
      s.incoming().answer();
      s.world.run(100);
      expect(call.confirmed).toBe(true);
      ends(s, call);
    }
  });

  it('are repeated each minute as reliable ones of our own, without the session description', () => {
    const s = scene(1, { config: { calls: { ringLimitMs: 400_000 } } });
    const { world, alice, bobs, incoming, sdp } = s;
    const call = calls(alice);
    world.run(50);
    incoming().ring(183, sdp(), { reliable: true });
    world.run(130_000);
    expect(call.progress.map(({ status, sdp: heard }) => [status, heard === ''])).toEqual([
      [183, false],
      [183, true],
      [183, true],
    ]);
    expect([call.pracks.map(({ status }) => status), racks(bobs[0] ?? missing()).length]).toEqual([[200, 200, 200], 1]);
    incoming().answer();
    world.run(200);
    ends(s, call);
  });

  it('get 481 for a PRACK that names no answer of ours', () => {
    const s = scene();
    const { world, alice, incoming } = s;
    const call = calls(alice);
    world.run(50);
    incoming().ring(183, '', { reliable: true });
    world.run(200);
    const own = headerOf(alice.sent('PRACK')[0]?.message ?? missing(), 'rack');
    const wrong = [own, '1 1 INVITE', `${own.split(' ')[0]} 2 INVITE`, `${own.split(' ')[0]} 1 UPDATE`, 'x', ''];
    const answers = wrong.map((rack) => call.request('PRACK', { headers: [['RAck', rack]] }));
    world.run(200);
    expect(answers.map(({ status }) => status)).toEqual([481, 481, 481, 481, 481, 481]);
    incoming().answer();
    world.run(200);
    ends(s, call);
  });

  it('work inside a re-INVITE too', () => {
    const { world, alice, bob } = rawScene();
    const call = calls(alice);
    world.run(50);
    bob.reply(bob.requests('INVITE')[0] ?? missing(), 200, [SDP_TYPE], SDP);
    world.run(200);
    const heard: PhoneMessage[] = [];
    alice.onTraffic = ({ direction, message, again }) => {
      if (direction === 'in' && headerOf(message, 'rseq') !== '' && !again) heard.push(message);
    };
    const again = call.reInvite({ headers: [['Supported', '100rel']] });
    world.run(50);
    const reInvite = bob.requests('INVITE')[1] ?? missing();
    const cseq = headerOf(reInvite, 'cseq');
    bob.reply(reInvite, 183, [['Require', '100rel'], ['RSeq', '31'], SDP_TYPE], SDP);
    world.run(100);
    const prack = call.request('PRACK', {
      headers: [['RAck', `${headerOf(heard[0] ?? missing(), 'rseq')} ${headerOf(heard[0] ?? missing(), 'cseq')}`]],
    });
    world.run(100);
    expect(headerOf(bob.requests('PRACK')[0] ?? missing(), 'rack')).toBe(`31 ${cseq}`);
    bob.reply(bob.requests('PRACK')[0] ?? missing(), 200);
    bob.reply(reInvite, 200, [SDP_TYPE], SDP);
    world.run(200);
    expect([prack.status, again.status]).toEqual([200, 200]);
    call.bye();
    world.run(100);
    bob.reply(bob.requests('BYE')[0] ?? missing(), 200);
    expectQuiet(world);
  });
});

describe('BYE of one early dialog (RFC 3261 §15)', () => {
  it('ends that fork and no other', () => {
    const s = scene(2);
    const { world, alice, incoming } = s;
    const call = calls(alice);
    world.run(50);
    incoming(0).ring();
    world.run(50);
    incoming(1).ring();
    world.run(50);
    call.speakIn(call.progress[0]?.tag ?? '');
    const bye = call.request('BYE');
    world.run(200);
    expect([bye.status, call.status, incoming(0).end, incoming(1).end]).toEqual([200, 0, 'cancelled', '']);
    incoming(1).answer();
    world.run(200);
    expect(call.confirmed).toBe(true);
    ends(s, call);
  });

  it('ends the call with 487 if it is the last', () => {
    const s = scene();
    const { world, alice, incoming } = s;
    const call = calls(alice);
    world.run(50);
    incoming().ring();
    world.run(50);
    const bye = call.request('BYE');
    world.run(200);
    expect([bye.status, call.status, incoming().end]).toEqual([200, 487, 'cancelled']);
    expectQuiet(world);
  });
});
