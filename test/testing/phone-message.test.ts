import { describe, expect, it } from 'vitest';
import { answerTo, readChallenge } from '../../src/testing/phone-digest.ts';
import {
  addressOf,
  cseqOf,
  headerOf,
  paramOf,
  readMessage,
  uriOf,
  uriParamOf,
  valuesOf,
  viaOf,
  writeMessage,
} from '../../src/testing/phone-message.ts';
import { answerOf, mediaLines, offerOf } from '../../src/testing/phone-sdp.ts';

const read = (text: string) => readMessage(text.replaceAll('\n', '\r\n'), false);

describe('reading', () => {
  it('takes compact, folded and repeated headers', () => {
    const { message, flaws } = read(
      'INVITE sip:b@h SIP/2.0\nv: SIP/2.0/UDP a;branch=z9hG4bK1,\n SIP/2.0/TCP b\nVia: SIP/2.0/UDP c\ni: x@y\nl: 2\n\nhi',
    );
    expect(flaws).toEqual([]);
    if (message === undefined) throw new Error('not read');
    expect(valuesOf(message, 'via')).toEqual(['SIP/2.0/UDP a;branch=z9hG4bK1', 'SIP/2.0/TCP b', 'SIP/2.0/UDP c']);
    expect([message.method, headerOf(message, 'Call-ID'), message.body]).toEqual(['INVITE', 'x@y', 'hi']);
  });
  it('names what is wrong with the form', () => {
    expect(read('SIP/2.0 200 OK\nl: 5\n\nhi').flaws).toEqual(['Content-Length is 5, the body has 2 bytes']);
    expect(read('SIP/2.0 200 OK\nl: 2\nContent-Length: 2\n\nhi').flaws).toEqual(['two Content-Lengths']);
    expect(readMessage('SIP/2.0 200 OK\r\n\r\n', true).flaws).toEqual(['no Content-Length over a stream (RFC 3261 §20.14)']);
    expect(read('SIP/2.0 200 OK\nl: 0\n').message).toBeUndefined();
    expect(read('HTTP/1.1 200 OK\n\n').flaws).toEqual(['no SIP start line: HTTP/1.1 200 OK']);
  });
  it('reads back what it writes', () => {
    const message = {
      method: '',
      uri: '',
      status: 486,
      reason: 'Busy Here',
      headers: [['To', '<sip:a@b>;tag=1']] as const,
      body: 'x\r\n\r\ny',
    };
    expect(readMessage(writeMessage(message), true).message).toMatchObject({ status: 486, body: 'x\r\n\r\ny' });
  });
});

describe('the parts of headers', () => {
  it('keeps quotes, angle brackets and commas apart', () => {
    const value = '"a, \\"b <sip:x>" <sip:u;p=1@h:5070;transport=tcp>;tag=t;+sip.instance="<urn:uuid:1>"';
    const { message } = read(`SIP/2.0 200 OK\nContact: ${value}, <sip:z>\n\n`);
    if (message === undefined) throw new Error('not read');
    expect(valuesOf(message, 'contact')).toHaveLength(2);
    expect(uriOf('"a <b" <sip:c@d>;x=1')).toBe('sip:c@d');
    expect(paramOf(value, 'tag')).toBe('t');
    expect(paramOf(value, '+sip.instance')).toBe('<urn:uuid:1>');
    expect(paramOf('<sip:c;tag=no>', 'tag')).toBeUndefined();
    expect(uriParamOf('sip:u;p=1@h;transport=tcp;lr', 'transport')).toBe('tcp');
    expect(uriParamOf('sip:u;p=1@h;lr', 'lr')).toBe('');
    expect(uriParamOf('sip:u;p=1@h;lr', 'p')).toBeUndefined();
  });
  it('finds hosts and ports, of IPv6 too', () => {
    expect(addressOf('sip:u;p=1@10.0.0.1:5070;lr')).toEqual({ host: '10.0.0.1', port: 5070 });
    expect(addressOf('sips:[2001:db8::1]:5061')).toEqual({ host: '2001:db8::1', port: 5061 });
    expect(addressOf('sip:u@example.com?h=v')).toEqual({ host: 'example.com', port: 5060 });
    expect(viaOf('SIP/2.0/TCP [::1]:5070;rport;branch=z9hG4bKx')).toEqual({
      transport: 'TCP',
      sentBy: '[::1]:5070',
      branch: 'z9hG4bKx',
    });
    expect(cseqOf({ method: '', uri: '', status: 200, reason: '', headers: [['CSeq', 'x INVITE']], body: '' }).number).toBe(-1);
  });
});

describe('digest', () => {
  const challenged = (line: string, status = 401) =>
    readChallenge({ method: '', uri: '', status, reason: '', headers: [['WWW-Authenticate', line]], body: '' });
  const ask = { method: 'GET', uri: '/dir/index.html', count: 1, cnonce: '0a4f113b' };

  it('gives the answer of RFC 2617 §3.5', () => {
    const challenge = challenged(
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"',
    );
    if (challenge === undefined) throw new Error('no challenge');
    const answer = answerTo(challenge, { user: 'Mufasa', password: 'Circle Of Life' }, ask);
    expect(answer).toContain('response="6629fae49393a05397450978507c4ef1"');
    expect(answer).toContain('opaque="5ccc", qop=auth, nc=00000001, cnonce="0a4f113b"');
  });
  it('gives the SHA-256 answer of RFC 7616 §3.9.1', () => {
    const challenge = challenged(
      'Digest realm="http-auth@example.org", qop="auth", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"',
    );
    if (challenge === undefined) throw new Error('no challenge');
    const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
    expect(answerTo(challenge, { user: 'Mufasa', password: 'Circle of Life' }, { ...ask, cnonce })).toContain(
      'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"',
    );
  });
  it('answers nothing that it does not know', () => {
    expect(challenged('Digest realm="x", nonce="y", algorithm=SHA-512-256')).toBeUndefined();
    expect(challenged('Basic realm="x"')).toBeUndefined();
  });
});

describe('session descriptions', () => {
  const local = { host: '10.0.0.2', port: 5060 };
  it('answers with as many m-lines as were offered, one of them taken', () => {
    const offer = `${offerOf(local, 1, 'sendonly')}m=video 50000 RTP/AVP 96\r\n`;
    const answer = answerOf(`${offer}m=audio 50002 RTP/AVP 0\r\n`, local, 1);
    expect(mediaLines(answer)).toBe(3);
    expect(answer).toContain('m=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\n');
    expect(answer).toContain('a=recvonly');
  });
});
