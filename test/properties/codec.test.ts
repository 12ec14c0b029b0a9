import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/sip/codec.ts';
import { responseTo } from '../../src/sip/headers.ts';
import type { NameAddr, Params, SipMessage, Via } from '../../src/sip/message.ts';
import { aorOf, formatUri, parseUri, uriEquals } from '../../src/sip/uri.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
const REAL = [
  `INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK74;rport\r\nMax-Forwards: 70\r\nRoute: <sip:p.example.com;lr>\r\nFrom: "Alice, \\"A\\"" <sip:alice@example.com>;tag=9f\r\nTo: Bob <sip:bob@example.com>\r\nCall-ID: 38@example.com\r\nCSeq: 2 INVITE\r\nContact: <sip:alice@[2001:db8::1]:5062;transport=tcp>;+sip.instance="<urn:uuid:0>"\r\nSupported: 100rel,\r\n timer\r\nContent-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`,
  'REGISTER sip:example.com SIP/2.0\r\nv: SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK1, SIP/2.0/UDP a.example.com;branch=z9hG4bK2\r\nf: <sip:a@example.com>;tag=1\r\nt: <sip:a@example.com>\r\ni: r1\r\nCSeq: 1 REGISTER\r\nm: *\r\nExpires: 0\r\nAuthorization: Digest username="a", realm="r", nonce="n", uri="sip:example.com", response="0"\r\nl: 0\r\n\r\n',
  'SIP/2.0 183 Session Progress\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK74;received=192.0.2.3\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>;tag=2\r\nCall-ID: x\r\nCSeq: 5 INVITE\r\nContact: sip:b@192.0.2.4\r\nContent-Length: 0\r\n\r\n',
];

type Mutation = { readonly at: number; readonly cut: number; readonly text: string };
const fragment = fc.oneof(
  fc.constantFrom(
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
      '%',
      '%0',
      '=',
      '/',
      '*',
      '?',
      '\xff',
    ],
    ...[
      ';__proto__',
      '__proto__: 1\r\n',
      'constructor: x\r\n',
      ';tag=',
      'Via: ',
      '\r\n\r\n',
      'CSeq: 1 ACK\r\n',
      'Content-Length: 9\r\n',
      '\r\n ',
    ],
    ...['9999999999999999999', '-1', 'SIP/2.0 ', 'sip:', '<sip:', ';a'.repeat(60), ','.repeat(80), ' '.repeat(300)],
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(900),
  cut: fc.oneof(fc.constant(0), fc.nat(4), fc.nat(60)),
  text: fragment,
});
const mutated = fc.tuple(fc.constantFrom(...REAL), fc.array(mutation, { minLength: 1, maxLength: 2 })).map(([text, mutations]) =>
  Buffer.from(
    mutations.reduce((changed, { at, cut, text: added }) => {
      const i = at % (changed.length + 1);
      return changed.slice(0, i) + added + changed.slice(i + cut);
    }, text),
    'latin1',
  ),
);

describe('decode of mutated messages', () => {
  it('never throws, and what it reads can be written and read again', () => {
    let [messages, defects] = [0, 0];
    fc.assert(
      fc.property(mutated, fc.boolean(), (bytes, stream) => {
        const decoded = decode(bytes, { stream });
        if (decoded.kind !== 'defect') {
          messages++;
          expect(decode(Buffer.from(encode(decoded), 'latin1'), { stream: true })).toEqual(decoded);
          return;
        }
        defects++;
        expect(decoded.reason).toMatch(/^[A-Z][A-Za-z -]+$/);
        if (decoded.answerable === undefined) return;
        const answer = encode(responseTo(decoded.answerable, 400, decoded.reason, 'tag'));
        expect(decode(Buffer.from(answer, 'latin1')).kind).toBe(decoded.name === 'bad-cseq' ? 'defect' : 'response');
      }),
      { numRuns: 3_000 },
    );
    // Were nearly all of them of one kind, the property would say little.
    expect(Math.min(messages, defects)).toBeGreaterThan(300);
  });

  it('never throws on bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decode(Buffer.from(bytes)).kind).toBe('defect');
      }),
      { numRuns: 500 },
    );
  });
});

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
