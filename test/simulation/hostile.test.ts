import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { SERVICE_HOST } from '../../src/testing/world.ts';

// An error that is logged, thrown by a timer or reported by the engine ends `world.run` in these worlds.

type ServiceWorld = ReturnType<typeof serviceWorld>;
const SERVICE = { host: SERVICE_HOST, port: 5060 };
/** Everybody is let in, so that what is mutated gets as deep as it can. */
const OPEN: ServiceWorldOptions = {
  users: [],
  config: {
    auth: 'none',
    // The protection would spare the rest what is tried here.
    limits: { requestsPerSecondPerSource: 0, failuresBeforeBan: 0 },
    registrar: { maxExpiresMs: 120_000, defaultExpiresMs: 120_000 },
    calls: { ringLimitMs: 20_000 },
  },
};

/**
 * When all bindings have expired too, the service holds nothing but the timer that measures its lag. A call that nobody
 * hangs up, as one whose BYE a forged CSeq made stale, ends since its parties do not answer any more.
 */
function expectNothingLeft(world: ServiceWorld): void {
  for (const phone of world.phones) for (const call of phone.calls) if (call.state === 'answered') call.bye();
  world.run(900_000);
  const { engine, transactions, location, openLegs } = world.service.service;
  const left = engine.actors();
  expect(left, 'actors left').toEqual([]);
  expect(
    { legs: openLegs, transactions: transactions.size, bound: location.size, backlog: engine.backlog },
    'left behind',
  ).toEqual({ legs: 0, transactions: 0, bound: 0, backlog: 0 });
  expect(world.service.service.kept, 'messages left').toBe(0);
  expect(world.serviceTimers.size, 'timers left').toBe(1);
}

/** It still answers, and still connects a call. */
function expectServing(world: ServiceWorld): void {
  world.network.heal();
  const [carol, dave] = [world.phone('carol'), world.phone('dave', { onInvite: 'answer' })];
  dave.register();
  const asked = carol.request('OPTIONS', `sip:${SERVICE_HOST}`);
  world.run(1000);
  expect(asked.status).toBe(200);
  const call = carol.call('dave');
  world.run(1000);
  expect(call.state).toBe('answered');
  call.bye();
  world.run(1000);
  expect([...carol.complaints, ...dave.complaints]).toEqual([]);
}

/** Something goes on of every kind: a call that talks, one that rings and is cancelled, one that waits for a push. */
function busyWorld(seed: number): { world: ServiceWorld; phones: Phone[] } {
  const world = serviceWorld({ ...OPEN, seed });
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite: { ringAfterMs: 50, answerAfterMs: 400 } });
  const desk = world.phone('desk', { user: 'erin', onInvite: { ringAfterMs: 20, decline: 486, declineAfterMs: 2500 } });
  const mobile = world.phone('mobile', { user: 'erin', push: { provider: 'apns', prid: 'token' } });
  const tcp = world.phone('tcp', { transport: 'tcp', onInvite: 'ring' });
  const phones = [alice, bob, desk, mobile, tcp];
  for (const phone of phones) phone.register();
  world.run(300);
  world.sleepUntilPushed(mobile, 'token', { afterMs: 1500 });
  const talk = alice.call('bob');
  const waiting = bob.call('erin', { sdp: '' });
  const ringing = alice.call('tcp');
  for (const [afterMs, act] of [
    [900, () => talk.state === 'answered' && talk.request('INFO')],
    [1200, () => talk.state === 'answered' && talk.reInvite()],
    [1500, () => ringing.state !== 'ended' && ringing.cancel()],
    [2000, () => talk.bye()],
    [6000, () => (waiting.state === 'answered' ? waiting.bye() : waiting.cancel())],
  ] as const)
    world.timers.set(afterMs, () => void act());
  return { world, phones };
}

// Mutations of what really goes over the network.

const FRAGMENTS = [
  ...[
    '\r\n',
    '\r',
    '\n',
    '\0',
    ' ',
    '\t',
    ';',
    ',',
    '"',
    '\\',
    '<',
    '>',
    ':',
    '@',
    '[',
    ']',
    '%00',
    '%',
    '=',
    '*',
    '\xff',
    '\r\n\r\n',
  ],
  ...[
    ';__proto__',
    ';__proto__=1',
    ';constructor',
    '__proto__: 1\r\n',
    'hasOwnProperty: x\r\n',
    ';tag=',
    ';tag=__proto__',
    ';branch=z9hG4bK',
  ],
  ...[
    'Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx\r\n',
    'CSeq: 4294967295 BYE\r\n',
    'Content-Length: 99999\r\n',
    'Contact: *\r\n',
  ],
  ...[
    'Require: 100rel\r\n',
    'Route: <sip:10.0.0.1:5060;lr>\r\n',
    'Max-Forwards: 0\r\n',
    'Expires: 4294967296\r\n',
    'Reason: "\r\n',
  ],
  ...[
    '99999999999999999999',
    '-1',
    'sip:',
    'tel:+1',
    '<sip:*@example.com>',
    'sip:10.0.0.1:5060',
    ';a'.repeat(300),
    `X-Long: ${'x'.repeat(9000)}\r\n`,
  ],
];
const METHODS = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'REGISTER', 'OPTIONS', 'UPDATE', 'PRACK', 'INFO', 'SUBSCRIBE', 'FROBNICATE'];

type Mutation = (text: string) => string;
const splice = fc
  .record({
    at: fc.nat(1500),
    cut: fc.oneof(fc.constant(0), fc.nat(4), fc.nat(80)),
    add: fc.oneof(fc.constantFrom(...FRAGMENTS), fc.constant('')),
  })
  .map(
    ({ at, cut, add }): Mutation =>
      (text) => {
        const i = at % (text.length + 1);
        return text.slice(0, i) + add + text.slice(i + cut);
      },
  );
const lineOf = (text: string, n: number): [string[], number] => {
  const lines = text.split('\r\n');
  return [lines, 1 + (n % Math.max(lines.length - 1, 1))];
};
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: splice },
  {
    weight: 1,
    arbitrary: fc.nat(1500).map(
      (end): Mutation =>
        (text) =>
          text.slice(0, end),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(30).map(
      (n): Mutation =>
        (text) =>
          lineOf(text, n)[0]
            .filter((_, i) => i !== lineOf(text, n)[1])
            .join('\r\n'),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(30).map(
      (n): Mutation =>
        (text) =>
          lineOf(text, n)[0]
            .flatMap((line, i) => (i === lineOf(text, n)[1] ? [line, line] : [line]))
            .join('\r\n'),
    ),
  },
  // The same dialog or transaction, another method: BYE, CANCEL and ACK out of nowhere.
  {
    weight: 2,
    arbitrary: fc.constantFrom(...METHODS).map(
      (method): Mutation =>
        (text) =>
          text.replace(/^[A-Z]+ /, `${method} `).replace(/(CSeq: *\d+ )[A-Z]+/i, `$1${method}`),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('100', '180', '200', '302', '401', '486', '503', '699', '999', '099').map(
      (status): Mutation =>
        (text) =>
          text.replace(/^SIP\/2\.0 \d{3}/, `SIP/2.0 ${status}`),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(9).map(
      (n): Mutation =>
        (text) =>
          text.replace(/(branch=z9hG4bK|tag=)[0-9a-f]/gi, `$1${n}`),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Mutation>((text) => text) },
);
const attack = fc.record({
  afterMs: fc.nat(60),
  /** Which of the packets of the last moments, counted back; both ways, so that what we sent comes back too. */
  back: fc.nat(40),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
  /** From the address of the phone that sent it, or of a stranger; 0: a stranger. */
  from: fc.nat(5),
});

describe('whatever is sent to the service', () => {
  let sent = 0;

  test.prop(
    { seed: fc.nat(1000), attacks: fc.array(attack, { minLength: 60, maxLength: 160 }) },
    { numRuns: 30, endOnFailure: true },
  )(
    'mutations of its own traffic, on the phones’ own addresses, leave it serving and leave nothing behind',
    ({ seed, attacks }) => {
      const { world, phones } = busyWorld(seed);
      const stranger = world.wire('10.0.99.1');
      const strangerOverTcp = world.wire('10.0.99.2', 'tcp');
      for (const { afterMs, back, mutations, from } of attacks) {
        const real = world.packets.at(-1 - (back % world.packets.length))?.text ?? '';
        const text = mutations.reduce((changed, mutate) => mutate(changed), real);
        const wire = phones[from - 1]?.wire ?? (back % 2 === 0 ? stranger : strangerOverTcp);
        wire.send(text, SERVICE);
        sent += 1;
        world.run(afterMs);
      }
      expectServing(world);
      expectNothingLeft(world);
    },
  );

  it('has been thousands of messages', () => {
    expect(sent).toBeGreaterThan(2000);
  });

  it('10,000 messages of one kind at once do not stay either', () => {
    const world = serviceWorld({ ...OPEN, config: { ...OPEN.config, limits: { ...OPEN.config?.limits, transactions: 1000 } } });
    const wire = world.wire('10.0.99.1');
    for (let n = 0; n < 10_000; n++) wire.send(text(`INVITE sip:u${n}@example.com SIP/2.0`, { n: String(n) }), SERVICE);
    world.run(10);
    expect(world.service.service.transactions.size).toBeLessThanOrEqual(1250);
    expectNothingLeft(world);
  });
});

/** A message of a stranger's, line by line; `without` and `lines` change it. */
function text(start: string, how: { n?: string; without?: string; lines?: readonly string[]; body?: string } = {}): string {
  const method = start.startsWith('SIP/') ? 'INVITE' : (start.split(' ')[0] ?? '');
  const head = [
    `Via: SIP/2.0/UDP 10.0.99.1:5060;branch=z9hG4bK-stranger${how.n ?? '0'};rport`,
    'Max-Forwards: 70',
    `From: <sip:stranger@elsewhere.org>;tag=s${how.n ?? '0'}`,
    'To: <sip:bob@example.com>',
    `Call-ID: call-${how.n ?? '0'}@10.0.99.1`,
    `CSeq: 1 ${method}`,
    'Contact: <sip:stranger@10.0.99.1>',
  ].filter((line) => how.without === undefined || !line.startsWith(`${how.without}:`));
  const changed = (how.lines ?? []).map((line) => line.slice(0, line.indexOf(':') + 1));
  const kept = head.filter((line) => !changed.some((name) => line.startsWith(name)));
  return [start, ...kept, ...(how.lines ?? []), '', how.body ?? ''].join('\r\n');
}

/** What comes back to a stranger who sends this and nothing more. */
function answersTo(message: string): string[] {
  const world = serviceWorld();
  const wire = world.wire('10.0.99.1');
  const answers: string[] = [];
  wire.onMessage = (answer) => answers.push(answer.split('\r\n')[0] ?? '');
  wire.send(message, SERVICE);
  world.run(100);
  expectNothingLeft(world);
  return [...new Set(answers)];
}

describe('a malformed request that can be answered gets a 400 whose reason names the defect (RFC 3261 §21.4.1)', () => {
  it.each<[string, string, RegExp]>([
    ['a CSeq of another method', text('OPTIONS sip:example.com SIP/2.0', { lines: ['CSeq: 1 INVITE'] }), /cseq/i],
    ['a CSeq beyond 2^31', text('OPTIONS sip:example.com SIP/2.0', { lines: ['CSeq: 99999999999 OPTIONS'] }), /cseq/i],
    ['two From', text('OPTIONS sip:example.com SIP/2.0', { lines: ['From: <sip:a@x>;tag=1', 'From: <sip:b@x>;tag=2'] }), /from/i],
    [
      'a body shorter than its Content-Length',
      text('OPTIONS sip:example.com SIP/2.0', { lines: ['Content-Length: 100'] }),
      /content-length/i,
    ],
    [
      'a Content-Length that is no number',
      text('OPTIONS sip:example.com SIP/2.0', { lines: ['Content-Length: -1'] }),
      /content-length/i,
    ],
    ['a Request-URI that is none', text('INVITE sip:%zz@ SIP/2.0', {}), /uri/i],
    ['an INVITE without a Contact', text('INVITE sip:bob@example.com SIP/2.0', { without: 'Contact' }), /contact/i],
  ])('%s', (_name, message, reason) => {
    const answers = answersTo(message);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatch(/^SIP\/2\.0 400 /);
    expect(answers[0]).toMatch(reason);
  });

  it('another version of SIP gets a 505 (§21.5.6)', () => {
    expect(answersTo(text('OPTIONS sip:example.com SIP/3.0'))).toEqual([expect.stringMatching(/^SIP\/2\.0 505 /)]);
  });
});

describe('a request that lacks what every answer has to copy (§8.2.6.2)', () => {
  it.each(['Call-ID', 'CSeq', 'From', 'To'])('hears that it is %s, beside a copy of the rest', (header) => {
    expect(answersTo(text('OPTIONS sip:example.com SIP/2.0', { without: header }))).toEqual([
      `SIP/2.0 400 Missing ${header} Header`,
    ]);
  });
});

describe('what must not be answered is dropped', () => {
  it.each<[string, string]>([
    ['nothing at all', ''],
    ['a keep-alive', '\r\n\r\n'],
    ['noise', '\0\xff\xfe'.repeat(500)],
    ['a request without a Via', text('OPTIONS sip:example.com SIP/2.0', { without: 'Via' })],
    ['an ACK of nothing (§17.1.1.3)', text('ACK sip:bob@example.com SIP/2.0', { lines: ['To: <sip:bob@example.com>;tag=none'] })],
    ['a malformed ACK', text('ACK sip:bob@example.com SIP/2.0', { without: 'Call-ID' })],
    ['a response nobody asked for (§18.1.2)', text('SIP/2.0 200 OK', { lines: ['To: <sip:bob@example.com>;tag=none'] })],
    ['a malformed response', text('SIP/2.0 200 OK', { without: 'CSeq' })],
    [
      'a response that came through somebody else (§8.1.3.3)',
      text('SIP/2.0 200 OK', { lines: ['Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa', 'Via: SIP/2.0/UDP 10.0.99.1'] }),
    ],
  ])('%s', (_name, message) => {
    expect(answersTo(message)).toEqual([]);
  });
});

describe('requests of no dialog and no transaction', () => {
  const inDialog = { lines: ['To: <sip:bob@example.com>;tag=none'] };
  it.each<[string, string, RegExp]>([
    ['a CANCEL of nothing (RFC 3261 §9.2)', text('CANCEL sip:bob@example.com SIP/2.0'), / 481 /],
    ['a BYE of no dialog (§15.1.2)', text('BYE sip:bob@example.com SIP/2.0', inDialog), / 481 /],
    ['a re-INVITE of no dialog (§12.2.2)', text('INVITE sip:bob@example.com SIP/2.0', inDialog), / 481 /],
    ['a PRACK of no dialog (RFC 3262 §3)', text('PRACK sip:bob@example.com SIP/2.0', inDialog), / 481 /],
    [
      'an UPDATE whose tag is __proto__',
      text('UPDATE sip:bob@example.com SIP/2.0', { lines: ['To: <sip:bob@example.com>;tag=__proto__'] }),
      / 481 /,
    ],
    ['an unknown method (§21.5.2)', text('FROBNICATE sip:bob@example.com SIP/2.0'), / 501 /],
    ['a SUBSCRIBE to an unknown package (RFC 6665 §8.2.1)', text('SUBSCRIBE sip:bob@example.com SIP/2.0'), / 489 /],
    [
      'an OPTIONS whose Via has a parameter __proto__',
      text('OPTIONS sip:example.com SIP/2.0', { lines: ['Via: SIP/2.0/UDP 10.0.99.1:5060;branch=z9hG4bKp;__proto__;rport'] }),
      / 200 /,
    ],
    ['a call that has no hops left (§16.3)', text('INVITE sip:bob@example.com SIP/2.0', { lines: ['Max-Forwards: 0'] }), / 483 /],
    [
      'a call that requires what nobody knows (§8.2.2.3)',
      text('INVITE sip:bob@example.com SIP/2.0', { lines: ['Require: telepathy'] }),
      / 420 /,
    ],
    ['a call to another scheme (§21.4.14)', text('INVITE mailto:bob@example.com SIP/2.0'), / 416 /],
    ['a call to nobody, who is told of no names', text('INVITE sip:nobody@example.com SIP/2.0'), / 480 /],
  ])('%s', (_name, message, answer) => {
    expect(answersTo(message).at(-1)).toMatch(answer);
  });
});
