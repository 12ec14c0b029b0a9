import { describe, expect, it } from 'vitest';
import { aorOf, formatUri, parseUri, type SipUri, stripParams, uriEquals, withParam } from '../../src/sip/uri.ts';

function uri(text: string): SipUri {
  const parsed = parseUri(text);
  if (parsed === undefined) throw new Error(`unreadable: ${text}`);
  return parsed;
}

describe('parseUri', () => {
  it('reads all parts', () => {
    const parsed = uri('sips:alice:secret@[2001:db8::1]:5061;transport=TCP;lr?Subject=a%20b&To=x');
    expect(parsed).toMatchObject({ scheme: 'sips', user: 'alice', password: 'secret', host: '2001:db8::1', port: 5061 });
    expect({ ...parsed.params }).toEqual({ transport: 'TCP', lr: null });
    expect({ ...parsed.headers }).toEqual({ Subject: 'a%20b', To: 'x' });
    expect(uri('tel:+1-201-555;phone-context=example.com')).toMatchObject({ scheme: 'tel', user: '+1-201-555', host: '' });
    expect(uri('SIP:example.com')).toMatchObject({ scheme: 'sip', user: undefined, host: 'example.com' });
  });

  it('keeps parameters named as objects are born with', () => {
    const parsed = uri('sip:a@example.com;__proto__=1;constructor');
    expect('toString' in parsed.params).toBe(false);
    expect(Object.keys(Object.getPrototypeOf(parsed.params))).toEqual([]);
    expect(Object.keys(parsed.params)).toEqual(['__proto__', 'constructor']);
    expect(formatUri(parsed)).toBe('sip:a@example.com;__proto__=1;constructor');
  });

  it.each([
    'sip:a@example.com',
    'sip:*21#@example.com',
    'sip:user;par=u%40example.net@example.com',
    'sip:a:b@example.com:5060;transport=udp?Replaces=1%3B',
    'sip:[::1]',
    'tel:7042;phone-context=example.com',
  ])('writes %s as it was', (text) => {
    expect(formatUri(uri(text))).toBe(text);
  });

  it.each([
    'http://example.com',
    'sip:',
    'sip:@example.com',
    'sip:a@',
    'sip:a@b@c',
    'sip:a@b;x=y@evil.example.com',
    'sip:a@example.com:',
    'sip:a@example.com:0',
    'sip:a@example.com:65536',
    'sip:a@[::1',
    'sip:a@[zz::1]',
    'sip:a@exa mple.com',
    'sip:a b@example.com',
    'sip:a%4@example.com',
    'sip:a@example.com;',
    'sip:a@example.com;;x',
    'sip:a@example.com?x',
    'sip:a@example.com\r\nVia: x',
    'sip:a\r\nb@example.com',
    `sip:${'a'.repeat(5000)}@example.com`,
    `sip:a@example.com${';a'.repeat(60)}`,
  ])('refuses %j', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });
});

describe('uriEquals (RFC 3261 §19.1.4, its examples)', () => {
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;newparam=5'],
    ['sip:alice@atlanta.com?subject=project%20x&priority=urgent', 'sip:alice@atlanta.com?priority=urgent&subject=project%20x'],
    ['sip:*21#@example.com', 'sip:*21%23@example.com'],
    ['tel:+1-201-555', 'tel:+1201555'],
  ])('%s is %s', (a, b) => {
    expect(uriEquals(uri(a), uri(b))).toBe(true);
    expect(uriEquals(uri(b), uri(a))).toBe(true);
  });

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:a@example.com', 'sip:a@example.com;maddr=192.0.2.1'],
    ['sip:a@example.com', 'sips:a@example.com'],
    ['sip:a%2Cb@example.com', 'sip:a,b@example.com'],
    ['sip:example.com', 'sip:a@example.com'],
  ])('%s is not %s', (a, b) => {
    expect(uriEquals(uri(a), uri(b))).toBe(false);
    expect(uriEquals(uri(b), uri(a))).toBe(false);
  });
});

describe('aorOf', () => {
  it.each([
    ['sip:alice@Example.COM:5070;transport=tcp?x=y', 'sip:alice@example.com'],
    ['sips:%61lice:pw@example.com.', 'sip:alice@example.com'],
    ['sip:*21#@example.com', 'sip:*21%23@example.com'],
    ['sip:*21%23@example.com', 'sip:*21%23@example.com'],
    ['sip:a%2cb@example.com', 'sip:a%2Cb@example.com'],
    ['sip:%2B4989%2b1@example.com', 'sip:+4989+1@example.com'],
    ['sip:a@[2001:DB8::1]', 'sip:a@[2001:db8::1]'],
    ['sip:example.com', 'sip:example.com'],
    ['tel:+1-201-555', 'tel:+1201555'],
  ])('%s has %s', (text, aor) => {
    expect(aorOf(uri(text))).toBe(aor);
  });
});

describe('parameters', () => {
  it('are taken away and set', () => {
    const push = uri('sip:a@example.com;pn-provider=fcm;pn-prid=secret;ob');
    expect(formatUri(stripParams(push, ['pn-provider', 'pn-prid', 'pn-param']))).toBe('sip:a@example.com;ob');
    expect(stripParams(push, ['lr'])).toBe(push);
    expect(formatUri(withParam(uri('sip:a@example.com'), 'lr', null))).toBe('sip:a@example.com;lr');
    expect(formatUri(push)).toContain('pn-prid=secret');
  });
});
