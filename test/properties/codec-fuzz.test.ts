import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/sip/codec.ts';
import { writeEcho } from '../../src/sip/echo.ts';
import { responseTo } from '../../src/sip/headers.ts';
import type { Defect } from '../../src/sip/message.ts';
import { realMessages } from '../support/real-messages.ts';
import { worlds } from '../support/worlds.ts';
import { messageOf } from '../torture/markup.ts';

const REAL = realMessages();
const TORTURE = ['rfc4475', 'rfc5118'].flatMap((folder) =>
  readdirSync(new URL(`../torture/${folder}`, import.meta.url)).map((file) => messageOf(`${folder}/${file.replace('.txt', '')}`)),
);

const SEPARATORS = ['\r\n', '\r', '\n', '\0', '\\\0', '\r\n ', '\r\n\r\n', ...' \t;,"\\<>:@[]%=/*?&\x7f\xff'];
const WORDS = [
  ...[
    '%0',
    ';__proto__',
    '__proto__: 1\r\n',
    'constructor: x\r\n',
    ';tag=',
    ';tag',
    'Via: ',
    'v:',
    'm: *\r\n',
    'CSeq: 1 ACK\r\n',
  ],
  ...[
    'Content-Length: 9\r\n',
    'l:0\r\n',
    'SIP/2.0 ',
    'SIP/3.0',
    'sip:',
    '<sip:',
    'tel:',
    'urn:x',
    '[::1]',
    '9'.repeat(20),
    '-1',
    '00',
  ],
  ...[';a'.repeat(60), ','.repeat(80), ' '.repeat(300), '\r\n'.repeat(9)],
];
const fragment = fc.oneof(fc.constantFrom(...SEPARATORS), fc.constantFrom(...WORDS), fc.string({ unit: 'binary', maxLength: 5 }));

/** A change of a message; numbers choose a place whatever the length is. */
type Change = (text: string) => string;
const place = (text: string, at: number): number => at % (text.length + 1);
const inserted = fc.tuple(fc.nat(9_999), fc.oneof(fc.constant(0), fc.nat(4), fc.nat(60)), fragment).map(
  ([at, cut, added]): Change =>
    (text) =>
      text.slice(0, place(text, at)) + added + text.slice(place(text, at) + cut),
);
const flipped = fc.tuple(fc.nat(9_999), fc.nat(255)).map(
  ([at, byte]): Change =>
    (text) =>
      text.slice(0, place(text, at)) + String.fromCharCode(byte) + text.slice(place(text, at) + 1),
);
const truncated = fc.nat(9_999).map(
  (at): Change =>
    (text) =>
      text.slice(0, place(text, at)),
);
const cased = fc.tuple(fc.nat(9_999), fc.nat(40)).map(
  ([at, length]): Change =>
    (text) => {
      const from = place(text, at);
      return text.slice(0, from) + text.slice(from, from + length).toUpperCase() + text.slice(from + length);
    },
);
/** A line of another message in the place of one, or beside it. */
const spliced = fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999), fc.boolean()).map(
  ([of, from, to, replaces]): Change =>
    (text) => {
      const others = (REAL[of % REAL.length] ?? '').split('\r\n');
      const lines = text.split('\r\n');
      lines.splice(to % lines.length, replaces ? 1 : 0, others[from % others.length] ?? '');
      return lines.join('\r\n');
    },
);
const mutated = fc
  .tuple(
    fc.constantFrom(...REAL, ...TORTURE),
    fc.array(fc.oneof(inserted, inserted, flipped, truncated, cased, spliced), { minLength: 1, maxLength: 3 }),
  )
  .map(([text, changes]) =>
    Buffer.from(
      changes.reduce((changed, change) => change(changed), text),
      'latin1',
    ),
  );

/** What a defect is answered with has to be readable where it says more than the broken line itself. */
function answers(defect: Defect): void {
  expect(defect.reason).toMatch(/^[A-Z][A-Za-z -]+$/);
  const { answerable, echo, status = 400, reason } = defect;
  expect(answerable === undefined || echo === undefined).toBe(true);
  if (answerable !== undefined) {
    const answer = decode(Buffer.from(encode(responseTo(answerable, status, reason, 'tag')), 'latin1'));
    expect(answer.kind).toBe(defect.name === 'bad-cseq' ? 'defect' : 'response');
  }
  if (echo !== undefined) {
    const text = writeEcho(echo, status, reason, 'tag');
    expect(text.length).toBeLessThan(2_500);
    // One head, and nothing in it that was not a line of the request.
    expect(text.indexOf('\r\n\r\n')).toBe(text.length - 4);
    expect(text.split('\r\n')).toHaveLength(echo.lines.length + 4);
  }
}

describe('mutated real messages', () => {
  it('are of many kinds', () => {
    expect(REAL.length).toBeGreaterThan(80);
    const starts = REAL.map((text) => text.slice(0, text.indexOf(' ')));
    for (const method of ['REGISTER', 'INVITE', 'ACK', 'PRACK', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'MESSAGE', 'CANCEL', 'BYE'])
      expect(starts).toContain(method);
    for (const part of ['SIP/2.0/WSS ', 'SIP/2.0/TLS ', '[2001:db8::', 'multipart/', 'RSeq: ', 'Authorization: '])
      expect(REAL.some((text) => text.includes(part))).toBe(true);
  });

  it('unchanged are read, and written as they were read', () => {
    for (const text of REAL) {
      const decoded = decode(Buffer.from(text, 'latin1'));
      if (decoded.kind === 'defect') throw new Error(`${decoded.name}\n${text}`);
      expect(decode(Buffer.from(encode(decoded), 'latin1'), { stream: true })).toEqual(decoded);
    }
  });

  it('never make decode throw; what it reads is what is written of it, and what it does not has an answer', () => {
    let [messages, defects, bytes] = [0, 0, 0];
    fc.assert(
      fc.property(mutated, fc.boolean(), (buffer, stream) => {
        bytes += buffer.length;
        const decoded = decode(buffer, { stream });
        if (decoded.kind === 'defect') {
          defects++;
          answers(decoded);
          return;
        }
        messages++;
        expect(decode(Buffer.from(encode(decoded), 'latin1'), { stream: true })).toEqual(decoded);
      }),
      worlds(4_000),
    );
    // Were nearly all of them of one kind, the property would say little.
    expect(Math.min(messages, defects) / (messages + defects)).toBeGreaterThan(0.1);
    expect(bytes / (messages + defects)).toBeGreaterThan(300);
  });

  it('never throws on bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decode(Buffer.from(bytes)).kind).toBe('defect');
      }),
      worlds(500),
    );
  });
});

/** The most that a message of 60 kB may take: a quadratic reading of it takes a second and more, a linear one about 2 ms. */
const LIMIT_MS = 200;
const BLOWN_UP_BYTES = 60_000;

describe('a real message with something in it repeated up to 60 kB', () => {
  const blownUp = fc
    .tuple(fc.constantFrom(...REAL, ...TORTURE), fc.nat(9_999), fc.array(fragment, { minLength: 1, maxLength: 3 }))
    .map(([text, at, parts]) => {
      const part = parts.join('') || ';';
      const times = Math.floor((BLOWN_UP_BYTES - text.length) / part.length);
      return Buffer.from(text.slice(0, place(text, at)) + part.repeat(times) + text.slice(place(text, at)), 'latin1');
    });

  it('is read in time that grows with its length alone', () => {
    let slowestMs = 0;
    fc.assert(
      fc.property(blownUp, (bytes) => {
        // The best of three, since the machine has other work too.
        let bestMs = Number.POSITIVE_INFINITY;
        for (let i = 0; i < 3 && bestMs > LIMIT_MS / 10; i++) {
          const fromMs = performance.now();
          const decoded = decode(bytes);
          if (decoded.kind !== 'defect') encode(decoded);
          bestMs = Math.min(bestMs, performance.now() - fromMs);
        }
        slowestMs = Math.max(slowestMs, bestMs);
        expect(bestMs).toBeLessThan(LIMIT_MS);
      }),
      worlds(400),
    );
    if (process.env.WORLDS !== undefined) console.log(`slowest: ${slowestMs.toFixed(2)} ms for ${BLOWN_UP_BYTES} bytes`);
  });
});
