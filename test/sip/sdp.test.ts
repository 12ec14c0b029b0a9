import { describe, expect, it } from 'vitest';
import { formatOrigin, hasOffer, originOf, rejectAll, sdpIn } from '../../src/sip/sdp.ts';

const OFFER = [
  'v=0',
  'o=bob 2808844564 99999999999999999999 IN IP6 2001:db8::4',
  's=x',
  'c=IN IP6 2001:db8::4',
  't=3034423619 0',
  'a=group:BUNDLE 0 1',
  'm=audio 49170/2 RTP/SAVP 0 101',
  'a=rtpmap:0 PCMU/8000',
  'm=video 51372 RTP/AVP 31',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  '',
].join('\r\n');
const OURS = { username: '-', sessionId: '42', version: '1', addressType: 'IP4', address: '192.0.2.1' } as const;

describe('rejectAll (RFC 3264 §6)', () => {
  it('answers every m-line with port 0, under our origin and the times of the offer', () => {
    expect(rejectAll(OFFER, OURS).split('\r\n')).toEqual([
      'v=0',
      'o=- 42 1 IN IP4 192.0.2.1',
      's=-',
      'c=IN IP4 192.0.2.1',
      't=3034423619 0',
      'm=audio 0 RTP/SAVP 0 101',
      'm=video 0 RTP/AVP 31',
      'm=application 0 UDP/DTLS/SCTP webrtc-datachannel',
      '',
    ]);
  });
  it('is bounded, and takes bare line ends', () => {
    expect(rejectAll('m=audio 1 RTP/AVP 0\n'.repeat(1000), OURS).match(/^m=audio 0 /gm)).toHaveLength(64);
  });
});

describe('originOf', () => {
  it('reads o=, with versions larger than numbers', () => {
    const origin = originOf(OFFER);
    expect(origin).toMatchObject({
      username: 'bob',
      version: '99999999999999999999',
      addressType: 'IP6',
      address: '2001:db8::4',
    });
    expect(origin && formatOrigin(origin)).toBe(OFFER.split('\r\n')[1]);
    expect(originOf('v=0\r\no=broken\r\n')).toBeUndefined();
    expect(originOf('')).toBeUndefined();
  });
});

describe('hasOffer', () => {
  it('finds a session description, in a multipart too', () => {
    expect(hasOffer(OFFER, 'Application/SDP ; charset=utf-8')).toBe(true);
    expect(hasOffer('', 'application/sdp')).toBe(false);
    expect(hasOffer(OFFER, undefined)).toBe(false);
    expect(hasOffer('Signal=1', 'application/dtmf-relay')).toBe(false);
    const part = `--b1\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b1\r\ncontent-type: application/sdp\r\n\r\n${OFFER}\r\n--b1--\r\n`;
    expect(sdpIn(part, 'multipart/mixed;boundary="b1"')).toContain('m=audio 49170/2');
    expect(hasOffer(part, 'multipart/mixed; boundary=b1')).toBe(true);
    expect(hasOffer(part, 'multipart/mixed')).toBe(false);
    expect(hasOffer(part.replace('application/sdp', 'application/sdpx'), 'multipart/mixed;boundary=b1')).toBe(false);
  });
});
