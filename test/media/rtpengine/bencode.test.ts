import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { decode, dictionaryIn, encode, listIn, numberIn, type Said, textIn } from '../../../src/media/rtpengine/bencode.ts';
import { type Plain, written } from '../../support/ng-daemon.ts';

it('reads what a daemon says, in whatever order', () => {
  const reply = decode('d6:result2:ok4:tagsd1:bd7:packetsi0e6:errorsi-3eee5:flagsl3:RTP4:RTCPee');
  expect(textIn(reply, 'result')).toBe('ok');
  expect(numberIn(dictionaryIn(dictionaryIn(reply, 'tags'), 'b'), 'errors')).toBe(-3);
  expect(listIn(reply, 'flags')).toEqual(['RTP', 'RTCP']);
  expect([textIn(reply, 'tags'), numberIn(reply, 'result'), dictionaryIn(reply, 'flags'), listIn(reply, 'none')]).toEqual([
    undefined,
    undefined,
    undefined,
    [],
  ]);
});

it.each([
  ['nothing', ''],
  ['something behind the end', 'i1ei2e'],
  ['no end', 'd6:result2:ok'],
  ['a string that is shorter than it says', '5:abc'],
  ['a length that goes beyond all', '99999999999999999999:a'],
  ['a length below none', '-1:a'],
  ['a leading zero', 'i01e'],
  ['minus zero', 'i-0e'],
  ['a number without digits', 'ie'],
  ['a number that no double holds', 'i9999999999999999999e'],
  ['a fraction', 'i1.5e'],
  ['a name that is no string', 'di1ei2ee'],
  ['a name without a value', 'd1:ae'],
  ['one name twice', 'd1:ai1e1:ai2ee'],
  ['a deep one', `${'l'.repeat(40)}${'e'.repeat(40)}`],
  ['a list of many', `l${'i1e'.repeat(6_000)}e`],
  ['a long one', `70000:${'x'.repeat(70_000)}`],
  ['a deep one without an end', 'l'.repeat(60_000)],
])('takes no %s', (_, text) => {
  expect(decode(text)).toBeUndefined();
});

it('has names that mean something to JavaScript as names only', () => {
  const reply = decode(written({ ['__proto__']: { result: 'ok' }, constructor: 'x' }));
  expect(textIn(reply, 'result')).toBeUndefined();
  expect(textIn(reply, 'constructor')).toBe('x');
});

it('says only numbers that there are', () => {
  expect(() => encode({ a: 1.5 })).toThrow(RangeError);
  expect(() => encode(Number.NaN)).toThrow(RangeError);
});

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 40 });
const said: fc.Arbitrary<Said> = fc.letrec<{ any: Said }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    latin1,
    fc.maxSafeInteger(),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(latin1, tie('any'), { maxKeys: 5 }),
  ),
})).any;
const plain = (value: ReturnType<typeof decode>): unknown =>
  value instanceof Map
    ? Object.fromEntries([...value].map(([name, part]) => [name, plain(part)]))
    : Array.isArray(value)
      ? value.map((part) => plain(part))
      : value;

test.prop([said])('reads what it says, and says what others would', (value) => {
  const text = encode(value);
  expect(text).toBe(written(value as Plain));
  // Numbers of more than 15 digits are said, but not taken.
  fc.pre(!/i-?\d{16}/.test(text));
  expect(plain(decode(text))).toEqual(value);
});

test.prop([fc.string(), said, fc.nat(), latin1])('never throws, whatever came', (any, value, at, noise) => {
  const text = encode(value);
  decode(any);
  decode(text.slice(0, at % (text.length + 1)) + noise + text.slice(at % (text.length + 1)));
});
