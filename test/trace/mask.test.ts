import { describe, expect, it } from 'vitest';
import { masked } from '../../src/trace/mask.ts';

const message = (headers: readonly string[], body = ''): string =>
  ['INFO sip:bob@example.com SIP/2.0', 'Via: SIP/2.0/UDP 10.0.0.1', ...headers, `Content-Length: ${body.length}`, '', body].join(
    '\r\n',
  );

describe('a message that is shown to others', () => {
  it.each<[name: string, secret: string, text: string]>([
    ['a digest response', 'd41d8cd98f00', message(['Authorization: Digest username="bob", nonce="n", response="d41d8cd98f00"'])],
    ['one without quotes, in capitals', 'D41D8CD98F00', message(['PROXY-AUTHORIZATION: Digest RESPONSE = D41D8CD98F00'])],
    [
      'one on a continuation line',
      'd41d8cd98f00',
      message(['Authorization: Digest username="bob",\r\n response="d41d8cd98f00"']),
    ],
    ["the server's proof", 'abcdef', message(['Authentication-Info: rspauth="abcdef"'])],
    ['other credentials', 'Ym9iOmJvYg', message(['Authorization: Basic Ym9iOmJvYg=='])],
    ['a push token', 'dXJ1', message(['Contact: <sip:b@10.0.0.2;pn-provider=fcm;pn-prid=dXJ1;pn-param=p>'])],
    ['a quoted one', 'dXJ1', message(['Contact: <sip:b@10.0.0.2>;PN-PRID="dXJ1"'])],
    ['one in the start line', 'dXJ1', 'INVITE sip:b@10.0.0.2;pn-prid=dXJ1 SIP/2.0\r\n\r\n'],
    ['a digit of a dtmf-relay', '7', message(['Content-Type: application/dtmf-relay'], 'Signal=7\r\nDuration=160\r\n')],
    ['a digit alone', '7', message(['c: application/dtmf'], '7')],
    [
      'digits of KPML',
      '4711',
      message(['Content-Type: application/kpml-response+xml'], '<kpml-response code="200" digits="4711"/>'),
    ],
    ['an SRTP key', 'WVNfX19', message([], 'v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19|2^20\r\n')],
  ])('lacks %s and keeps its length', (_name, secret, text) => {
    expect(text).toContain(secret);
    expect(masked(text)).not.toContain(secret);
    expect(masked(text)).toHaveLength(text.length);
  });

  it('is otherwise as it was', () => {
    const text = message(
      ['Authorization: Digest username="bob", realm="r", nonce="n1", uri="sip:x", cnonce="c", nc=00000001'],
      'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\na=ice-ufrag:1\r\n',
    );
    expect(masked(text)).toBe(text);
  });

  it('costs no more than its length, whatever stands in it', () => {
    const began = performance.now();
    for (const piece of [
      'pn-prid=',
      'response=',
      'response = "',
      'Authorization: ',
      'inline:',
      'Signal=',
      ' \t',
      '\r\n ',
      'a',
      ';',
    ])
      masked(message([piece.repeat(60_000 / piece.length)], piece.repeat(60_000 / piece.length)));
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
