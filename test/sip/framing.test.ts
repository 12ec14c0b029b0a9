import { describe, expect, it } from 'vitest';
import { Framer } from '../../src/sip/framing.ts';
import type { Defect } from '../../src/sip/message.ts';
import { INVITE, replacing, wire } from './messages.ts';

const names = (out: (Buffer | 'ping' | Defect)[]): string[] =>
  out.map((piece) => (piece === 'ping' ? piece : 'kind' in piece ? piece.name : 'message'));
const withBody = (body: string): Buffer => wire(replacing(INVITE, 'Content-Length', `l : ${body.length}`), body);

describe('Framer', () => {
  it('cuts messages out of one chunk, and keeps the rest', () => {
    const framer = new Framer();
    const [one, two] = [withBody('abc'), withBody('')];
    expect(framer.push(Buffer.concat([one, two, one.subarray(0, 20)]))).toEqual([one, two]);
    expect(framer.partial).toBe(true);
    expect(framer.push(one.subarray(20))).toEqual([one]);
    expect(framer.partial).toBe(false);
  });

  it('gives messages that later chunks do not change', () => {
    const framer = new Framer();
    const one = withBody('abc');
    const [first] = framer.push(Buffer.from(one));
    framer.push(withBody('xyz'));
    expect(first).toEqual(one);
  });

  it('sees a ping in a double CRLF and nothing in a single one (RFC 5626 §3.5.1)', () => {
    const framer = new Framer();
    expect(names(framer.push(Buffer.from('\r\n')))).toEqual([]);
    expect(names(framer.push(withBody('')))).toEqual(['message']);
    expect(names(framer.push(Buffer.from('\r\n\r\n\r\n\r\n')))).toEqual(['ping', 'ping']);
    expect(names(framer.push(Buffer.concat([Buffer.from('\r\n\r\n'), withBody('x'), Buffer.from('\r\n\r\n')])))).toEqual([
      'ping',
      'message',
      'ping',
    ]);
  });

  it('reads a length on a folded line', () => {
    const folded = wire(replacing(INVITE, 'Content-Length', 'Content-Length:', '  3'), 'abc');
    expect(new Framer().push(folded)).toEqual([folded]);
  });

  it.each([
    ['no length', replacing(INVITE, 'Content-Length'), 'no-content-length'],
    ['two lengths', [...INVITE, 'l: 5'], 'repeated-content-length'],
    ['a negative length', replacing(INVITE, 'Content-Length', 'Content-Length: -1'), 'bad-content-length'],
    ['a length over two lines', replacing(INVITE, 'Content-Length', 'Content-Length: 1', ' 2'), 'bad-content-length'],
    ['a huge length', replacing(INVITE, 'Content-Length', 'Content-Length: 9999999999'), 'too-long'],
    ['an overlong length', replacing(INVITE, 'Content-Length', 'Content-Length: 99999999999'), 'bad-content-length'],
  ])('ends at %s', (_, lines, name) => {
    const framer = new Framer();
    expect(names(framer.push(Buffer.concat([withBody(''), wire(lines), withBody('')])))).toEqual(['message', name]);
    expect(framer.push(withBody(''))).toEqual([]);
    expect(framer.partial).toBe(false);
  });

  it('ends at a head that does not end', () => {
    const framer = new Framer();
    expect(framer.push(Buffer.alloc(65_536, 'a'))).toEqual([]);
    expect(names(framer.push(Buffer.from('a')))).toEqual(['too-long']);
  });

  it('takes the largest message byte by byte in linear time', () => {
    const head = wire(replacing(INVITE, 'Content-Length', 'Content-Length: 20000'));
    const filler = `X: ${'y'.repeat(40_000)}\r\n`;
    const text = head.toString('latin1');
    const large = Buffer.from(text.replace('Max-Forwards', `${filler}Max-Forwards`) + 'z'.repeat(20_000), 'latin1');
    const framer = new Framer();
    const out: (Buffer | 'ping' | Defect)[] = [];
    const began = performance.now();
    for (let i = 0; i < large.length; i++) out.push(...framer.push(large.subarray(i, i + 1)));
    expect(out).toEqual([large]);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
