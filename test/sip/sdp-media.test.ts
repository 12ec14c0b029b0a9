import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPrivateHost, isSendable } from '../../src/sip/private-host.ts';
import { isDeaf, isMute, placeMedia, readMedia } from '../../src/sip/sdp-media.ts';

const sdp = (...lines: string[]): string => `${['v=0', 'o=a 1 1 IN IP4 10.0.0.5', 's=-', ...lines].join('\r\n')}\r\n`;
const PLAIN = sdp(
  'c=IN IP4 10.0.0.5',
  't=0 0',
  'm=audio 4000/2 RTP/AVP 8 0 101',
  'i=talk',
  'a=rtpmap:101 telephone-event/8000',
  'a=rtcp:4005 IN IP4 10.0.0.6',
  'a=rtcp-mux',
  'a=ice-ufrag:x',
  'a=candidate:1 1 UDP 1 10.0.0.5 4000 typ host',
  'a=x-own:keep me',
  'm=video 0 RTP/AVP 31',
  'm=image 5000 udptl t38',
  'c=IN IP4 10.0.0.7',
  'a=sendonly',
);
const read = (text: string) => readMedia(text) ?? [];
const ours = { host: '192.0.2.1', port: 20_000 };

describe('what a description says of its media', () => {
  it('is read m-line by m-line', () => {
    const [audio, video, image] = read(PLAIN);
    expect(audio).toEqual({
      kind: 'audio',
      port: 4000,
      protocol: 'RTP/AVP',
      formats: '8 0 101',
      payloads: [
        { payloadType: 8, encoding: 'PCMA', clockRate: 8000 },
        { payloadType: 0, encoding: 'PCMU', clockRate: 8000 },
        { payloadType: 101, encoding: 'TELEPHONE-EVENT', clockRate: 8000 },
      ],
      address: '10.0.0.5',
      rtcp: { host: '10.0.0.6', port: 4005 },
      isMuxed: true,
      direction: 'sendrecv',
      protection: 'none',
      hasIce: true,
    });
    expect(video).toMatchObject({ kind: 'video', port: 0, rtcp: undefined, isMuxed: false, hasIce: false });
    expect(image).toMatchObject({ kind: 'image', port: 5000, protocol: 'UDPTL', address: '10.0.0.7', direction: 'sendonly' });
  });

  it.each([
    ['RTP/SAVP', '', 'sdes'],
    ['RTP/AVP', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x', 'sdes'],
    ['UDP/TLS/RTP/SAVPF', 'a=fingerprint:sha-256 00', 'dtls'],
    ['RTP/AVP', 'a=fingerprint:sha-256 00', 'dtls'],
    ['RTP/AVPF', 'a=rtcp-fb:* nack', 'none'],
  ])('tells how %s with "%s" is protected', (protocol, line, protection) => {
    expect(read(sdp('c=IN IP4 10.0.0.5', `m=audio 9 ${protocol} 0`, line))[0]?.protection).toBe(protection);
  });

  it('counts what the session says for all its m-lines, unless they say otherwise', () => {
    const lines = read(
      sdp('c=IN IP4 10.0.0.5', 'a=recvonly', 'a=fingerprint:x', 'm=audio 4 RTP/AVP 0', 'm=audio 6 RTP/AVP 0', 'a=inactive'),
    );
    expect(lines.map(({ direction, protection }) => [direction, protection])).toEqual([
      ['recvonly', 'dtls'],
      ['inactive', 'dtls'],
    ]);
  });

  it('tells who is deaf and who is mute', () => {
    const of = (direction: string, address = '10.0.0.5') =>
      read(sdp(`c=IN IP4 ${address}`, 'm=audio 4 RTP/AVP 0', `a=${direction}`));
    const judged = (direction: string, address?: string) => of(direction, address).map((line) => [isDeaf(line), isMute(line)])[0];
    expect(judged('sendrecv')).toEqual([false, false]);
    expect(judged('sendonly')).toEqual([true, false]);
    expect(judged('recvonly')).toEqual([false, true]);
    expect(judged('inactive')).toEqual([true, true]);
    expect(judged('sendrecv', '0.0.0.0')).toEqual([true, false]);
  });

  it('reads no more than bounds allow', () => {
    expect(readMedia('a'.repeat(65_537))).toBeUndefined();
    expect(readMedia(sdp(...Array.from({ length: 65 }, () => 'm=audio 4 RTP/AVP 0')))).toBeUndefined();
    const many = Array.from({ length: 200 }, (_, n) => n).join(' ');
    const mapped = Array.from({ length: 200 }, (_, n) => `a=rtpmap:${n} X/8000`);
    expect(read(sdp(`m=audio 4 RTP/AVP ${many}`, ...mapped))[0]?.payloads).toHaveLength(64);
    expect(read('m=audio 99999 RTP/AVP 0\r\n')[0]?.port).toBe(0);
    expect(read('m=\r\nm=audio\r\n').map(({ kind, port }) => [kind, port])).toEqual([
      ['', 0],
      ['', 0],
    ]);
  });

  it('is read of anything without throwing, and placed without losing an m-line', () => {
    const part = fc.constantFrom(
      'm=audio 5 RTP/AVP 0',
      'm=',
      'm=audio',
      'c=IN IP4 1.2.3.4',
      'c=',
      'i=x',
      'a=rtcp:',
      'a=rtcp:7',
      'a=rtpmap:0 /',
      '\r',
      '\0',
    );
    const text = fc.array(fc.oneof(part, fc.string({ maxLength: 20 })), { maxLength: 30 });
    fc.assert(
      fc.property(text, fc.constantFrom('\r\n', '\n', '\r', ''), (lines, end) => {
        const said = lines.join(end);
        const found = read(said);
        const placed = placeMedia(
          said,
          found,
          found.map((_, n) => (n % 2 === 0 ? ours : undefined)),
        );
        expect(read(placed)).toHaveLength(found.length);
        expect(placeMedia(said, found, [])).toBe(said);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a description placed elsewhere', () => {
  it('has other addresses, no ICE, and all else byte for byte', () => {
    expect(placeMedia(PLAIN, read(PLAIN), [ours, undefined, { host: '192.0.2.1', port: 20_002 }])).toBe(
      sdp(
        'c=IN IP4 192.0.2.1',
        't=0 0',
        'm=audio 20000 RTP/AVP 8 0 101',
        'i=talk',
        'a=rtpmap:101 telephone-event/8000',
        'a=rtcp:20001 IN IP4 192.0.2.1',
        'a=rtcp-mux',
        'a=x-own:keep me',
        'm=video 0 RTP/AVP 31',
        'm=image 20002 udptl t38',
        'c=IN IP4 192.0.2.1',
        'a=sendonly',
      ),
    );
  });

  it('keeps the address of what is not placed', () => {
    const offer = sdp(
      'c=IN IP4 10.0.0.5',
      'm=message 7 TCP/MSRP *',
      'i=chat',
      'a=path:x',
      'm=audio 4 RTP/AVP 0',
      'm=message 9 TCP/MSRP *',
    );
    expect(placeMedia(offer, read(offer), [undefined, ours])).toBe(
      sdp(
        'c=IN IP4 192.0.2.1',
        'm=message 7 TCP/MSRP *',
        'i=chat',
        'c=IN IP4 10.0.0.5',
        'a=path:x',
        'm=audio 20000 RTP/AVP 0',
        'm=message 9 TCP/MSRP *',
        'c=IN IP4 10.0.0.5',
      ),
    );
  });

  it('keeps the line ends that it has', () => {
    const offer = PLAIN.replaceAll('\r\n', '\n');
    expect(placeMedia(offer, read(offer), [ours, undefined, ours])).not.toContain('\r');
  });

  it('leaves an address that puts on hold (RFC 3264 §8.4)', () => {
    const offer = sdp('c=IN IP4 0.0.0.0', 'm=audio 4 RTP/AVP 0');
    expect(placeMedia(offer, read(offer), [ours])).toBe(sdp('c=IN IP4 0.0.0.0', 'm=audio 20000 RTP/AVP 0'));
  });

  it('names IPv6 as such', () => {
    const offer = sdp('m=audio 4 RTP/AVP 0', 'c=IN IP4 10.0.0.5');
    const six = { host: '2001:db8::1', port: 20_000 };
    expect(placeMedia(offer, read(offer), [six])).toBe(sdp('m=audio 20000 RTP/AVP 0', 'c=IN IP6 2001:db8::1'));
    const nowhere = sdp('m=audio 4 RTP/AVP 0');
    expect(placeMedia(nowhere, read(nowhere), [six])).toBe(sdp('m=audio 20000 RTP/AVP 0', 'c=IN IP6 2001:db8::1'));
  });
});

describe('addresses', () => {
  it.each(['10.1.2.3', '172.31.0.1', '192.168.0.1', '100.64.0.1', '169.254.1.1', '127.0.0.1', 'fd00::1', 'fe80::1', '::1'])(
    '%s is private',
    (host) => expect(isPrivateHost(host)).toBe(true),
  );
  it.each(['192.0.2.1', '172.32.0.1', '100.128.0.1', '2001:db8::1', 'phone.example.com', '', '10.0.0'])('%s is not', (host) =>
    expect(isPrivateHost(host)).toBe(false),
  );
  it('are sent to only if they are one machine', () => {
    expect(['192.0.2.1', '10.0.0.1', '2001:db8::1'].map(isSendable)).toEqual([true, true, true]);
    expect(['0.0.0.0', '224.1.1.1', '255.255.255.255', '::', 'ff02::1', 'name', ''].map(isSendable)).toEqual(
      Array(7).fill(false),
    );
  });
});
