import { describe, expect, it } from 'vitest';
import { inactiveAnswer } from '../../src/sip/sdp-inactive.ts';

const origin = { username: '-', sessionId: '7', version: '1', addressType: 'IP4', address: '192.0.2.1' } as const;
const hex = (bytes: number): string => 'ab'.repeat(bytes);
const answer = (...lines: string[]): string[] => inactiveAnswer(`${lines.join('\r\n')}\r\n`, { origin, hex }).split('\r\n');
const HEAD = ['v=0', 'o=- 7 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];
const offer = ['v=0', 'o=a 1 1 IN IP4 10.0.0.2', 's=x', 'c=IN IP4 10.0.0.2', 't=0 0'];

describe('the answer without media', () => {
  it('keeps codecs of the first audio, and refuses the rest (RFC 3264 §6)', () => {
    expect(
      answer(
        ...offer,
        'm=video 4000 RTP/AVP 96',
        'a=rtpmap:96 VP8/90000',
        'm=audio 5000 RTP/AVP 0 101',
        'c=IN IP4 10.0.0.3',
        'a=rtpmap:101 telephone-event/8000',
        'a=fmtp:101 0-15',
        'a=candidate:1 1 UDP 1 10.0.0.2 5000 typ host',
        'a=rtcp:5001',
        'a=sendrecv',
        'm=audio 6000 RTP/AVP 8',
      ),
    ).toEqual([
      ...HEAD,
      'm=video 0 RTP/AVP 96',
      'm=audio 9 RTP/AVP 0 101',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=inactive',
      'm=audio 0 RTP/AVP 8',
      '',
    ]);
  });

  it('names a key of the first suite (RFC 4568 §5.1.2)', () => {
    const suite = 'a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:';
    const key = Buffer.alloc(30).toString('base64');
    const said = answer(...offer, 'm=audio 5000 RTP/SAVP 0', `${suite}${key}|2^20|1:4`, 'a=crypto:3 F8_128 inline:x');
    expect(said).toEqual([
      ...HEAD,
      'm=audio 9 RTP/SAVP 0',
      `${suite}${Buffer.from(hex(30), 'hex').toString('base64')}`,
      'a=inactive',
      '',
    ]);
  });

  it('agrees to the way of a browser, and waits (RFC 5763 §5, RFC 8843)', () => {
    const said = answer(
      ...offer,
      'a=group:BUNDLE 0 1',
      'a=fingerprint:sha-256 00:11',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=ice-ufrag:u',
      'a=ice-pwd:p',
      'a=setup:actpass',
      'a=mid:0',
      'a=rtcp-mux',
      'a=ssrc:1 cname:c',
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'a=mid:1',
    );
    expect(said).toEqual([
      ...HEAD,
      'a=group:BUNDLE 0',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=mid:0',
      'a=rtcp-mux',
      'a=ice-ufrag:abababab',
      `a=ice-pwd:${hex(16)}`,
      `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`,
      'a=setup:passive',
      'a=inactive',
      'm=video 0 UDP/TLS/RTP/SAVPF 96',
      '',
    ]);
  });

  it('refuses all where there is no audio, and has no m-line where the offer has none', () => {
    expect(answer(...offer, 'm=image 5000 udptl t38', 'm=audio 0 RTP/AVP 0')).toEqual([
      ...HEAD,
      'm=image 0 udptl t38',
      'm=audio 0 RTP/AVP 0',
      '',
    ]);
    expect(answer(...offer)).toEqual([...HEAD, '']);
  });
});
