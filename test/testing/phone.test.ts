import { describe, expect, it } from 'vitest';
import { type Conditions, endpointName } from '../../src/testing/network.ts';
import type { Phone } from '../../src/testing/phone.ts';
import { headerOf, readMessage } from '../../src/testing/phone-message.ts';
import { mediaLines, offerOf } from '../../src/testing/phone-sdp.ts';
import { createWorld, type WorldPhone } from '../../src/testing/world.ts';

/** Two phones that send to each other directly: what one says wrong, the other complains of. */
function pair(network: Partial<Conditions> = {}, how: WorldPhone = {}, seed = 1) {
  const world = createWorld({ seed, config: undefined, startService: () => undefined, network });
  const bob = world.phone('bob', how);
  const alice = world.phone('alice', { ...how, proxy: bob.wire.local });
  return { world, alice, bob };
}
/** A call that was answered at once. */
function talking(how: WorldPhone = {}) {
  const parts = pair({}, how);
  const call = parts.alice.call(parts.bob.contactUri);
  parts.world.run(100);
  const { incoming } = parts.bob;
  if (incoming === undefined) throw new Error('the call did not arrive');
  return { ...parts, call, incoming };
}

describe('a call between two phones', () => {
  for (const transport of ['udp', 'tcp'] as const)
    it(`rings, is answered, and ends with the caller's BYE over ${transport}`, () => {
      const { world, alice, bob } = pair({}, { transport });
      bob.onInvite = { ringAfterMs: 100, answerAfterMs: 2_000 };
      const call = alice.call(bob.contactUri);
      world.run(1_000);
      expect([call.state, call.lastProgress]).toEqual(['ringing', 180]);
      world.run(2_000);
      expect([call.state, call.status, bob.incoming?.confirmed]).toEqual(['answered', 200, true]);
      expect([mediaLines(call.remoteSdp), mediaLines(bob.incoming?.remoteSdp ?? '')]).toEqual([1, 1]);
      const bye = call.bye();
      world.run(100);
      expect([bye?.status, bob.incoming?.end]).toEqual([200, 'hungUp']);
      expect(world.complaints).toEqual([]);
    });

  it('answers a re-INVITE late, or never: then it says 487 once the call ends', () => {
    for (const answers of ['never', { afterMs: 2_000 }] as const) {
      const { world, call, incoming } = talking();
      call.answersReInvites = answers;
      const offer = incoming.reInvite();
      world.run(1_900);
      expect(offer.status).toBe(0);
      world.run(1_000);
      expect(offer.status, JSON.stringify(answers)).toBe(answers === 'never' ? 0 : 200);
      call.bye();
      world.run(100);
      expect(offer.status).toBe(answers === 'never' ? 487 : 200);
      world.run(40_000);
      expect(world.complaints).toEqual([]);
    }
  });

  it('survives 20 % loss, doubled and overtaken datagrams, whatever the seed', () => {
    let repeated = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const { world, alice, bob } = pair({ loss: 0.2, duplication: 0.1, reordering: 0.1, jitterMs: 20 }, {}, seed);
      bob.onInvite = { ringAfterMs: 50, answerAfterMs: 1_000 };
      const call = alice.call(bob.contactUri);
      world.run(20_000);
      expect([call.state, bob.incoming?.confirmed], `seed ${seed}`).toEqual(['answered', true]);
      bob.incoming?.bye();
      world.run(40_000);
      expect([call.end, bob.received('INVITE').length], `seed ${seed}`).toEqual(['hungUp', 1]);
      expect(world.complaints, `seed ${seed}`).toEqual([]);
      repeated += alice.history.filter((traffic) => traffic.again).length;
    }
    expect(repeated).toBeGreaterThan(60);
  });

  it('has the same history for the same seed', () => {
    const history = () => {
      const { world, alice, bob } = pair({ loss: 0.3, jitterMs: 9 }, {}, 42);
      alice.call(bob.contactUri);
      world.run(10_000);
      return world.packets.map(({ atMs, text, lost }) => `${atMs} ${lost} ${text}`);
    };
    expect(history()).toEqual(history());
  });

  it('can be declined, redirected, answered with early media, or not at all', () => {
    const outcome = (onInvite: Phone['onInvite']) => {
      const { world, alice, bob } = pair();
      bob.onInvite = onInvite;
      const call = alice.call(bob.contactUri);
      world.run(40_000);
      expect(world.complaints).toEqual([]);
      return { call, bob, says: `${call.lastProgress} ${call.status} ${call.end}` };
    };
    expect(outcome({ decline: 486 }).says).toBe('0 486 failed');
    expect(outcome({ ringAfterMs: 0, decline: 603, declineAfterMs: 3_000 }).says).toBe('180 603 failed');
    expect(outcome({ tryingAfterMs: 0, ringAfterMs: 10, early: true, answerAfterMs: 20 }).call.progress[0]?.sdp).toContain(
      'm=audio',
    );
    expect(outcome({ redirect: ['sip:carol@example.com'] }).call.redirects).toEqual(['sip:carol@example.com']);
    expect(outcome('ring').says).toBe('180 0 ');
    const silent = outcome('silent');
    expect(silent.says).toBe('0 408 lost');
    // RFC 3261 §17.1.1.2: at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s.
    expect(silent.bob.history.map((traffic) => traffic.atMs)).toEqual([5, 505, 1_505, 3_505, 7_505, 15_505, 31_505]);
  });

  it('cancels once it was heard, and hangs up if the CANCEL crosses the answer', () => {
    const { world, alice, bob } = pair({ latencyMs: 50 });
    bob.onInvite = { ringAfterMs: 1_000, answerAfterMs: 5_000 };
    const early = alice.call(bob.contactUri);
    early.cancel([['Reason', 'SIP;cause=200;text="changed my mind"']]);
    world.run(1_000);
    expect(bob.received('CANCEL')).toEqual([]);
    world.run(1_000);
    expect([early.status, early.end, bob.incoming?.end]).toEqual([487, 'cancelled', 'cancelled']);
    expect(bob.incoming?.endReason).toContain('changed my mind');
    const late = alice.call(bob.contactUri);
    world.run(5_040);
    late.cancel();
    world.run(1_000);
    expect([late.status, late.end, bob.incoming?.end]).toEqual([200, 'bye', 'hungUp']);
    expect(world.complaints).toEqual([]);
  });

  it('makes the offer in the 2xx and the answer in the ACK when the INVITE has none', () => {
    const { world, alice, bob } = pair();
    alice.call(bob.contactUri, { sdp: '' });
    world.run(100);
    const [ack] = bob.received('ACK');
    expect([bob.received('INVITE')[0]?.message.body, mediaLines(ack?.message.body ?? '')]).toEqual(['', 1]);
    expect(world.complaints).toEqual([]);
  });

  it('repeats its 2xx until the ACK comes, over TCP too, and hangs up if it never does', () => {
    for (const transport of ['udp', 'tcp'] as const) {
      const { world, alice, bob } = pair({}, { transport });
      const call = alice.call(bob.contactUri, { ack: 'never' });
      world.run(40_000);
      const answers = bob.history.filter(({ direction, message }) => direction === 'out' && message.status === 200);
      // RFC 3261 §13.3.1.4: T1 doubling up to T2 within 64*T1; then the answer to nothing else.
      expect(answers.map(({ atMs }) => Math.round(atMs / 100) / 10).slice(0, 6)).toEqual([0, 0.5, 1.5, 3.5, 7.5, 11.5]);
      expect([bob.incoming?.end, call.end]).toEqual(['bye', 'hungUp']);
      expect(bob.complaints).toEqual([expect.stringContaining('no ACK to 200 within 64*T1')]);
    }
  });

  it('acknowledges late when told to', () => {
    const { world, alice, bob } = pair();
    alice.call(bob.contactUri, { ack: { afterMs: 3_000 } });
    world.run(4_000);
    expect(bob.received('ACK')[0]?.atMs).toBeGreaterThan(3_000);
    expect([bob.incoming?.confirmed, world.complaints]).toEqual([true, []]);
  });
});

describe('inside a dialog', () => {
  it('carries re-INVITEs with and without offer, both ways', () => {
    const { world, call, incoming } = talking();
    const hold = call.reInvite({ direction: 'sendonly' });
    world.run(100);
    expect([hold.status, call.remoteSdp]).toEqual([200, expect.stringContaining('a=recvonly')]);
    const offerless = incoming.reInvite({ sdp: '' });
    world.run(100);
    expect([offerless.status, mediaLines(incoming.remoteSdp), mediaLines(call.remoteSdp)]).toEqual([200, 1, 1]);
    call.bye();
    world.run(100);
    expect([incoming.end, world.complaints]).toEqual(['hungUp', []]);
  });
  it('refuses the re-INVITE that crosses its own', () => {
    const { world, call, incoming } = talking();
    const sent = [call.reInvite(), incoming.reInvite()];
    world.run(1_000);
    expect([sent.map(({ status }) => status), world.complaints]).toEqual([[491, 491], []]);
  });
  it('carries any method, and answers as told', () => {
    const { world, call, incoming } = talking();
    incoming.onRequest = (request) => (request.method === 'INFO' ? 415 : 200);
    const sent = ['INFO', 'MESSAGE', 'OPTIONS', 'STRANGE'].map((method) => call.request(method, { body: 'hi' }));
    world.run(100);
    // The phone's 415 lacks Accept, of which the other phone complains.
    expect(sent.map(({ status }) => status)).toEqual([415, 200, 200, 200]);
    expect(incoming.requests.map(({ method, body }) => `${method} ${body}`)).toContain('STRANGE hi');
    expect(world.complaints).toEqual([expect.stringContaining('415 without accept')]);
  });
  it('takes BYEs that cross', () => {
    const { world, call, incoming } = talking();
    const byes = [call.bye(), incoming.bye()];
    world.run(100);
    expect([byes.map((bye) => bye?.status), world.complaints]).toEqual([[200, 200], []]);
  });
});

describe('outside a dialog', () => {
  it('answers OPTIONS and MESSAGE as told, and refuses extensions that it does not know', () => {
    const { world, alice, bob } = pair();
    bob.onRequest = (request) => (request.method === 'MESSAGE' ? 202 : 200);
    const sent = [
      alice.request('OPTIONS', bob.contactUri),
      alice.request('MESSAGE', bob.contactUri, { body: 'hello' }),
      alice.request('OPTIONS', bob.contactUri, { headers: [['Require', 'teleport']] }),
    ];
    world.run(100);
    expect(sent.map(({ status }) => status)).toEqual([200, 202, 420]);
    expect(headerOf(bob.sent(420)[0]?.message ?? nothing, 'unsupported')).toBe('teleport');
    expect(world.complaints).toEqual([]);
  });
});

const nothing = { method: '', uri: '', status: 0, reason: '', headers: [], body: '' };
const REGISTRAR = { host: '10.0.0.1', port: 5060 };

/** A phone and a registrar of a few lines, which answers each REGISTER by `answer`. */
function registering(answer: (text: string, n: number) => string, how: WorldPhone = {}) {
  const world = createWorld({ seed: 1, config: undefined, startService: () => undefined });
  const asked: string[] = [];
  const socket = world.network.bind(REGISTRAR, (text, from) => {
    asked.push(text);
    const copied = text.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq):/.test(line));
    const to = `${text.split('\r\n').find((line) => line.startsWith('To:'))};tag=registrar`;
    const [status = '', ...headers] = answer(text, asked.length).split('\n');
    socket.send([`SIP/2.0 ${status}`, ...copied, to, ...headers, 'Content-Length: 0', '', ''].join('\r\n'), from);
  });
  const phone = world.phone('bob', how);
  return { world, phone, asked };
}
const contactIn = (text: string) => `Contact: ${/Contact: (.*)\r/.exec(text)?.[1]}`;
const challenge = (nonce: string, more = '') =>
  `401 Unauthorized\nWWW-Authenticate: Digest realm="r", nonce="${nonce}", qop="auth"${more}`;
const authorized = (text: string) => /Authorization: .*nonce="([^"]*)".*nc=(\d+)/.exec(text)?.slice(1).join(' ');

describe('registering', () => {
  it('answers a challenge, then keeps the nonce and counts its uses, until it is stale', () => {
    const { world, phone, asked } = registering((text, n) => {
      if (n === 1) return challenge('one');
      if (n === 4) return challenge('two', ', stale=true');
      return `200 OK\n${contactIn(text)}`;
    });
    const statuses = [1, 2, 3].map(() => {
      const registration = phone.register();
      world.run(100);
      return registration.status;
    });
    expect(statuses).toEqual([200, 200, 200]);
    expect(asked.map(authorized)).toEqual([undefined, 'one 00000001', 'one 00000002', 'one 00000003', 'two 00000001']);
    expect(asked.map((text) => /CSeq: (\d+)/.exec(text)?.[1])).toEqual(['1', '2', '3', '4', '5']);
    expect(new Set(asked.map((text) => /Call-ID: (\S+)/.exec(text)?.[1])).size).toBe(1);
    expect(phone.complaints).toEqual([]);
  });
  it('gives up at a second challenge: the password is wrong', () => {
    const { world, phone, asked } = registering((_, n) => challenge(`n${n}`));
    const registration = phone.register();
    world.run(1_000);
    expect([registration.status, asked.length]).toEqual([401, 2]);
  });
  it('names itself, its device and how it is woken', () => {
    const { world, phone, asked } = registering((text) => `200 OK\n${contactIn(text)}`, {
      instance: 'urn:uuid:1',
      push: { provider: 'fcm', prid: 'token', param: 'project' },
    });
    phone.register({ q: '0.5', expiresSeconds: 60 });
    world.run(100);
    expect(asked[0]).toContain(
      `Contact: <sip:bob@${endpointName(phone.wire.local)};pn-provider=fcm;pn-param=project;pn-prid=token>;q=0.5;+sip.instance="<urn:uuid:1>";reg-id=1;expires=60`,
    );
    phone.relaunch(world.wire('10.0.0.99'));
    phone.register();
    world.run(100);
    expect(asked[1]).toContain('Contact: <sip:bob@10.0.0.99:');
    expect(/Call-ID: (\S+)/.exec(asked[1] ?? '')?.[1]).not.toBe(/Call-ID: (\S+)/.exec(asked[0] ?? '')?.[1]);
  });
  it('refreshes by itself if told to, until it sleeps', () => {
    const { world, phone, asked } = registering((text) => `200 OK\n${contactIn(text)}`);
    phone.register({ expiresSeconds: 100, keep: true });
    world.run(300_000);
    expect(asked.length).toBe(4);
    phone.sleep();
    world.run(300_000);
    expect(asked.length).toBe(4);
  });
  it('complains of a 200 that does not list what it registered', () => {
    const { world, phone } = registering((text, n) => {
      if (n === 1) return '200 OK';
      return n === 2 ? `200 OK\n${contactIn(text).replace(/expires=\d+/, 'expires=9999')}` : `200 OK\n${contactIn(text)}`;
    });
    for (const expiresSeconds of [600, 600, 0]) {
      phone.register({ expiresSeconds });
      world.run(100);
    }
    expect(phone.complaints).toEqual([
      expect.stringContaining('does not list our contact'),
      expect.stringContaining('granted 9999 s'),
      expect.stringContaining('unregistration lists our contact'),
    ]);
  });
  it('is woken by its push, on another port', () => {
    const { world, phone, asked } = registering((text) => `200 OK\n${contactIn(text)}`);
    const before = phone.contactUri;
    world.sleepUntilPushed(phone, 'token', { afterMs: 1_500 });
    const outcomes: boolean[] = [];
    const request = {
      id: '1',
      provider: 'fcm',
      prid: 'token',
      param: '',
      aor: phone.aor,
      callId: 'c',
      callerUri: 'sip:alice@example.com',
      callerName: '',
      ttlMs: 20_000,
      kind: 'incoming-call',
    } as const;
    world.push.send(request, ({ ok }) => outcomes.push(ok));
    world.push.send({ ...request, prid: 'other' }, ({ ok }) => outcomes.push(ok));
    world.run(1_499);
    expect([outcomes, asked]).toEqual([[true, false], []]);
    world.run(100);
    expect([asked.length, phone.contactUri === before]).toEqual([1, false]);
  });
});

/** A phone that rings, and a way to send it any text as the peer would. */
function attacked(change: (invite: string) => string = (invite) => invite, onInvite: Phone['onInvite'] = 'ring') {
  const world = createWorld({ seed: 1, config: undefined, startService: () => undefined });
  const phone = world.phone('bob');
  phone.onInvite = onInvite;
  const socket = world.network.bind(REGISTRAR, () => {});
  const say = (text: string) => {
    socket.send(text.replaceAll('\n', '\r\n'), phone.wire.local);
    world.run(50);
  };
  const invite = [
    `INVITE ${phone.contactUri} SIP/2.0`,
    'Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK00000001;rport',
    'Max-Forwards: 70',
    'From: <sip:alice@example.com>;tag=a',
    'To: <sip:bob@example.com>',
    'Call-ID: call-1',
    'CSeq: 1 INVITE',
    'Contact: <sip:leg@10.0.0.1>',
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    '',
  ].join('\n');
  say(change(invite + sdp));
  const tag = () => /tag=(.*)/.exec(headerOf(phone.history.at(-1)?.message ?? nothing, 'to'))?.[1];
  return { phone, say, invite, tag };
}
const sdp = offerOf(REGISTRAR, 1).replaceAll('\r', '');
const fix = (text: string) => text.replace(/Content-Length: \d+/, `Content-Length: ${sdp.replaceAll('\n', '\r\n').length}`);
const bare = (text: string) => text.replace(/Content-Type.*\nContent-Length: \d+\n\n[\s\S]*$/, 'Content-Length: 0\n\n');

describe('what the phone complains of', () => {
  const complaintsOf = (change: (invite: string) => string) => attacked((invite) => change(fix(invite))).phone.complaints;
  it('finds nothing in a good INVITE', () => {
    expect(complaintsOf((invite) => invite)).toEqual([]);
  });
  for (const [what, change, complaint] of [
    ['a CSeq of another method', (t: string) => t.replace('1 INVITE', '1 INFO'), 'CSeq is "1 INFO"'],
    ['a short branch', (t: string) => t.replace('z9hG4bK00000001', '1'), 'Via branch "1"'],
    ['another transport in Via', (t: string) => t.replace('/UDP', '/TCP'), 'Via says TCP over udp'],
    ['no From-tag', (t: string) => t.replace(';tag=a', ''), 'no From-tag'],
    ['no Contact', (t: string) => t.replace(/Contact:.*\n/, ''), 'not exactly one Contact'],
    ['no Max-Forwards', (t: string) => t.replace(/Max-F.*\n/, ''), 'not exactly one max-forwards'],
    ['a wrong Content-Length', (t: string) => t.replace(/Length: \d+/, 'Length: 7'), 'Content-Length is 7'],
    ['a body without type', (t: string) => t.replace(/Content-Type.*\n/, ''), 'a body without Content-Type'],
    ['no header at all', () => 'INVITE', 'no empty line'],
  ] as const)
    it(what, () => {
      expect(complaintsOf(change).join('\n')).toContain(complaint);
    });

  it('a second INVITE for the same call, and one that changes under its branch', () => {
    const { phone, say, invite } = attacked(fix);
    say(fix(invite + sdp).replace('00000001', '00000002'));
    expect(phone.complaints).toEqual([expect.stringContaining('a second INVITE for the same call')]);
    say(fix(invite + sdp).replace('Max-Forwards: 70', 'Max-Forwards: 69'));
    expect(phone.complaints.at(-1)).toContain('with the branch of another request');
  });
  it('a CANCEL of nothing, of another CSeq, and before any answer', () => {
    const cancel = (text: string) => bare(text.replaceAll('INVITE', 'CANCEL').replace(/Contact.*\n/, ''));
    const none = attacked(fix);
    none.say(cancel(none.invite).replace('00000001', '00000009'));
    expect(none.phone.complaints).toEqual([expect.stringContaining('CANCEL of no INVITE')]);
    const other = attacked(fix);
    other.say(cancel(other.invite).replace('1 CANCEL', '2 CANCEL'));
    expect(other.phone.complaints).toEqual([expect.stringContaining('CANCEL with another CSeq')]);
    const early = attacked(fix, 'silent');
    early.say(cancel(early.invite));
    expect(early.phone.complaints).toEqual([expect.stringContaining('CANCEL before any answer')]);
    const good = attacked(fix);
    good.say(cancel(good.invite));
    expect([good.phone.complaints, good.phone.incoming?.end]).toEqual([[], 'cancelled']);
  });
  it('an ACK that fits nothing, or goes by the branch of its INVITE', () => {
    const { phone, say, invite, tag } = attacked(fix, (call) => call.answer());
    const ack = bare(invite.replaceAll('INVITE', 'ACK').replace(/Contact.*\n/, '')).replace(
      'bob@example.com>',
      `bob@example.com>;tag=${tag()}`,
    );
    say(ack);
    expect(phone.complaints).toEqual([expect.stringContaining('ACK to a 2xx with the branch of its INVITE')]);
    say(ack.replace('00000001', '00000002').replace('1 ACK', '7 ACK'));
    expect(phone.complaints.at(-1)).toContain('ACK 7 acknowledges nothing');
    say(ack.replace('00000001', '00000003').replace('call-1', 'call-2'));
    expect(phone.complaints.at(-1)).toContain('ACK without an INVITE');
  });
  it('requests of no dialog, of another From-tag, and a CSeq that was used', () => {
    const { phone, say, invite, tag } = attacked(fix);
    const info = bare(
      invite
        .replaceAll('INVITE', 'INFO')
        .replace('1 INFO', '2 INFO')
        .replace('bob@example.com>', `bob@example.com>;tag=${tag()}`),
    );
    say(info.replace('00000001', '00000002'));
    expect(phone.complaints).toEqual([]);
    say(info.replace('00000001', '00000003'));
    say(info.replace('00000001', '00000004').replace('2 INFO', '3 INFO').replace('tag=a', 'tag=x'));
    say(info.replace('00000001', '00000005').replace('call-1', 'call-2'));
    expect(phone.complaints).toEqual([
      expect.stringContaining('INFO with CSeq 2 after 2'),
      expect.stringContaining('INFO with a From-tag of no dialog'),
      expect.stringContaining('INFO in no dialog of ours'),
    ]);
  });

  /** A caller whose INVITE is answered by hand. */
  function calling(sdpOffer?: string) {
    const world = createWorld({ seed: 1, config: undefined, startService: () => undefined });
    const phone = world.phone('alice');
    let invite = nothing as ReturnType<typeof asked>;
    const asked = (text: string) => readMessage(text, false).message ?? nothing;
    const socket = world.network.bind(REGISTRAR, (text) => {
      if (text.startsWith('INVITE')) invite = asked(text);
    });
    const call = phone.call('bob', sdpOffer === undefined ? {} : { sdp: sdpOffer });
    world.run(20);
    const answer = (status: string, tag = 'b', more: readonly string[] = [], body = '', change = (text: string) => text) => {
      const copied = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${headerOf(invite, name)}`);
      const to = `To: ${headerOf(invite, 'to')}${tag === '' ? '' : `;tag=${tag}`}`;
      const text = [`SIP/2.0 ${status}`, ...copied, to, ...more, `Content-Length: ${body.length}`, '', body].join('\r\n');
      socket.send(change(text), phone.wire.local);
      world.run(20);
    };
    return { phone, call, answer };
  }
  const CONTACT = 'Contact: <sip:leg@10.0.0.1>';
  const SDP = [CONTACT, 'Content-Type: application/sdp'];
  it('answers without tag, Contact or session description, and a second final answer', () => {
    const untagged = calling();
    untagged.answer('180 Ringing', '', [CONTACT]);
    untagged.answer('180 Ringing', 'b');
    expect(untagged.phone.complaints).toEqual([
      expect.stringContaining('no To-tag'),
      expect.stringContaining('not exactly one Contact'),
    ]);
    const empty = calling();
    empty.answer('200 OK', 'b', [CONTACT]);
    expect(empty.phone.complaints).toEqual([expect.stringContaining('2xx to INVITE without a session description')]);
    const twice = calling();
    twice.answer('486 Busy Here');
    twice.answer('486 Busy Here');
    expect(twice.phone.complaints).toEqual([]);
    twice.answer('200 OK', 'c', SDP, offerOf(REGISTRAR, 1));
    expect(twice.phone.complaints).toEqual([expect.stringContaining('two final answers to INVITE: 486 and 200')]);
  });
  it('an answer with fewer m-lines than the offer', () => {
    const { phone, answer } = calling(`${offerOf(REGISTRAR, 1)}m=video 50000 RTP/AVP 96\r\n`);
    answer('200 OK', 'b', SDP, offerOf(REGISTRAR, 1));
    expect(phone.complaints).toEqual([expect.stringContaining('another number of m-lines')]);
  });
  it('a 401 without challenge, and a response to nothing', () => {
    const { phone, call, answer } = calling();
    answer('401 Unauthorized');
    expect([call.status, phone.complaints]).toEqual([401, [expect.stringContaining('401 without www-authenticate')]]);
    const other = calling();
    other.answer('180 Ringing', 'b', [CONTACT], '', (text) => text.replace('z9hG4bK', 'z9hG4bKx'));
    expect(other.phone.complaints).toEqual([expect.stringContaining('180 to no request of ours')]);
  });
});
