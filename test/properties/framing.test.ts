import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Framer } from '../../src/sip/framing.ts';
import type { Defect } from '../../src/sip/message.ts';

type Piece = Buffer | 'ping' | Defect;

const message = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 40 }), fc.boolean(), fc.nat(50))
  .map(([body, compact, filler]) => {
    const length = Buffer.byteLength(body, 'latin1');
    const name = compact ? 'l' : 'Content-Length';
    return Buffer.from(`OPTIONS sip:a SIP/2.0\r\nX: ${'y'.repeat(filler)}\r\n${name}: ${length}\r\n\r\n${body}`, 'latin1');
  });
const broken = fc
  .constantFrom('BYE sip:a SIP/2.0\r\n\r\n', 'BYE sip:a SIP/2.0\r\nl: -1\r\n\r\n', 'x\r\nl: 1\r\nl: 2\r\n\r\n')
  .map((text) => Buffer.from(text));
const piece = fc.oneof(
  { weight: 6, arbitrary: message },
  { weight: 2, arbitrary: fc.constant(Buffer.from('\r\n\r\n')) },
  { weight: 1, arbitrary: fc.constant(Buffer.from('\r\n')) },
  { weight: 1, arbitrary: broken },
);

/** The stream in chunks whose lengths are taken from a list over and over. */
function pushed(stream: Buffer, lengths: readonly number[]): Piece[] {
  const framer = new Framer();
  const out: Piece[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    out.push(...framer.push(Buffer.from(stream.subarray(at, at + length))));
    at += length;
  }
  return out;
}

describe('framing', () => {
  it('does not depend on how the stream came in chunks', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        (pieces, lengths) => {
          const stream = Buffer.concat(pieces);
          const whole = pushed(stream, [stream.length + 1]);
          expect(pushed(stream, lengths)).toEqual(whole);
          expect(pushed(stream, [1])).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives back every message that went in, in order', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        (messages, lengths) => {
          expect(pushed(Buffer.concat(messages), lengths)).toEqual(messages);
        },
      ),
    );
  });

  it('neither throws nor grows on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (chunks) => {
        const framer = new Framer();
        for (const chunk of chunks) for (const out of framer.push(Buffer.from(chunk))) expect(out).toBeDefined();
      }),
    );
  });
});
