import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/sip/codec.ts';
import type { NameAddr, Params, SipMessage, Via } from '../../src/sip/message.ts';
import { aorOf, formatUri, parseUri, uriEquals } from '../../src/sip/uri.ts';

const chars = (set: string, min = 1, max = 12): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...set), { minLength: min, maxLength: max }).map((picked) => picked.join(''));
const ALNUM = 'abcXYZ0189';
const token = fc.oneof(chars(`${ALNUM}-.!%*_+\`'~`), fc.constantFrom('__proto__', 'constructor', 'toString'));
const quotedString = chars(`${ALNUM} ,;<>@:\t\xe9(`, 0).chain((plain) =>
  fc.constantFrom('', '\\"', '\\\\').map((escaped) => `"${plain}${escaped}"`),
);
const host = fc.oneof(chars('abc019', 1, 8), fc.constantFrom('a.example.com', '192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1'));
const params: fc.Arbitrary<Params> = fc
  .array(fc.tuple(token, fc.option(fc.oneof(token, quotedString, fc.constant('[2001:db8::1]')))), { maxLength: 4 })
  .map((pairs) => {
    const made = Object.create(null) as Record<string, string | null>;
    for (const [name, value] of pairs) made[name.toLowerCase()] = value;
    return made;
  });
const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined });
const via: fc.Arbitrary<Via> = fc.record({ transport: fc.constantFrom('UDP', 'TCP', 'TLS', 'WS', 'X-1'), host, port, params });
const uri = fc
  .tuple(
    fc.constantFrom('sip', 'sips'),
    chars(`${ALNUM}-_.!~*'()&=+$,;?/`),
    host,
    port,
    fc.constantFrom('', ';lr', ';transport=tcp;x=a/b', '?Subject=x%20y'),
  )
  .map(([scheme, user, name, number, rest]) => {
    const written = name.includes(':') ? `[${name}]` : name;
    return `${scheme}:${user}@${written}${number === undefined ? '' : `:${number}`}${rest}`;
  });
const displayName = fc.oneof(
  fc.constant(''),
  quotedString,
  fc.array(chars(`${ALNUM}-.!%*_+\`'~`), { minLength: 1, maxLength: 3 }).map((words) => words.join(' ')),
);
const nameAddr: fc.Arbitrary<NameAddr> = fc.record({ name: displayName, uri, params });
const own = ['via', 'from', 'to', 'call-id', 'cseq', 'contact', 'route', 'record-route', 'content-length', 'max-forwards'];
const value = chars(`${ALNUM} ,;:<>"=\\\xe9\x80`, 0, 30).map((text) => text.trim());
const headerName = fc
  .oneof(
    token.map((name) => `x-${name.toLowerCase()}`),
    fc.constantFrom('supported', 'www-authenticate', '__proto__', 'constructor', 'accept', '7'),
  )
  .filter((name) => !own.includes(name));
const headers = fc
  .array(fc.tuple(headerName, fc.array(value, { minLength: 1, maxLength: 3 })), { maxLength: 5 })
  .map((pairs) => new Map<string, readonly string[]>(pairs));
const method = fc.constantFrom('INVITE', 'BYE', 'REGISTER', 'x-%49.method');
const fields = {
  via: fc.array(via, { minLength: 1, maxLength: 3 }),
  from: nameAddr,
  to: nameAddr,
  callId: chars(`${ALNUM}@.%-<>"/[]?{}`),
  contact: fc.oneof(fc.array(nameAddr, { maxLength: 3 }), fc.constant('*' as const)),
  route: fc.array(nameAddr, { maxLength: 2 }),
  recordRoute: fc.array(nameAddr, { maxLength: 3 }),
  headers,
  body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
};
const seq = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const message: fc.Arbitrary<SipMessage> = fc.oneof(
  fc
    .record({ ...fields, kind: fc.constant('request' as const), method, uri, seq })
    .map(({ seq: number, ...rest }) => ({ ...rest, cseq: { seq: number, method: rest.method } })),
  fc
    .record({
      ...fields,
      kind: fc.constant('response' as const),
      status: fc.integer({ min: 100, max: 699 }),
      reason: value,
      method,
      seq,
    })
    .map(({ seq: number, method: name, ...rest }) => ({ ...rest, cseq: { seq: number, method: name } })),
);

describe('encode and decode', () => {
  it('are inverse, as a datagram and on a stream', () => {
    fc.assert(
      fc.property(message, fc.boolean(), (made, stream) => {
        expect(decode(Buffer.from(encode(made), 'latin1'), { stream })).toEqual(made);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('URIs', () => {
  it('are written as they were read, equal themselves, and have one address of record', () => {
    fc.assert(
      fc.property(uri, (text) => {
        const parsed = parseUri(text);
        if (parsed === undefined) throw new Error(`unreadable: ${text}`);
        expect(formatUri(parsed)).toBe(text);
        expect(uriEquals(parsed, parsed)).toBe(true);
        const aor = parseUri(aorOf(parsed));
        expect(aor && aorOf(aor)).toBe(aorOf(parsed));
      }),
    );
  });
  it('never make the reader throw', () => {
    const piece = fc.constantFrom(
      'sip:',
      'tel:',
      '@',
      ':',
      ';',
      '=',
      '?',
      '&',
      '[',
      ']',
      '%',
      '%41',
      '::1',
      'a',
      '.',
      '\r\n',
      '"',
      '__proto__',
      '9',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const parsed = parseUri(`sip:${pieces.join('')}`);
        if (parsed === undefined) return;
        expect(parseUri(formatUri(parsed))).toEqual(parsed);
        expect(parseUri(aorOf(parsed))).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });
});
