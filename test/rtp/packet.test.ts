import { describe, expect, it } from 'vitest';
import { OutgoingStream, streamStart } from '../../src/rtp/outgoing.ts';
import { RtpHeader, rewritePayloadType, sequencesBetween, ticksBetween, writeRtpHeader } from '../../src/rtp/packet.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const read = (bytes: Buffer): RtpHeader | undefined => {
  const header = new RtpHeader();
  return header.read(bytes) ? header : undefined;
};

describe('an RTP packet (RFC 3550 §5.1)', () => {
  it('is read where it lies', () => {
    expect(read(hex('80 80 1234 89abcdef 01020304 aabbcc'))).toEqual({
      marker: true,
      payloadType: 0,
      sequence: 0x1234,
      timestamp: 0x89abcdef,
      ssrc: 0x01020304,
      payloadStart: 12,
      payloadEnd: 15,
    });
  });

  it.each([
    ['contributing sources', '82 08 0001 00000001 00000001 11111111 22222222 aabb', 20, 22],
    ['an extension', '90 08 0001 00000001 00000001 bede0001 01020304 aabb', 20, 22],
    ['padding', 'a0 08 0001 00000001 00000001 aabb 000003', 12, 14],
    ['nothing', '80 08 0001 00000001 00000001', 12, 12],
    ['all of it', 'b1 08 0001 00000001 00000001 33333333 bede0000 aabb 01', 20, 22],
  ])('has a payload behind %s', (_, text, start, end) => {
    expect(read(hex(text))).toMatchObject({ payloadStart: start, payloadEnd: end });
  });

  it.each([
    ['too short', '80 00 0001 00000001 000000'],
    ['another version', '40 00 0001 00000001 00000001 aa'],
    ['sources that are not there', '8f 00 0001 00000001 00000001 aa'],
    ['no extension header', '90 00 0001 00000001 00000001 0000'],
    ['an extension that is longer than the packet', '90 00 0001 00000001 00000001 bedeffff 00'],
    ['more padding than payload', 'a0 00 0001 00000001 00000001 aa ff'],
    ['padding of no length', 'a0 00 0001 00000001 00000001 aa 00'],
    ['too long', `80 00 0001 00000001 00000001 ${'00'.repeat(1500)}`],
  ])('is none with %s', (_, text) => expect(read(hex(text))).toBeUndefined());

  it('is written as it is read', () => {
    const packet = Buffer.alloc(14);
    writeRtpHeader(packet, 101, true, 65_537, 2 ** 32 + 5, 0xfffffffe);
    expect(read(packet)).toMatchObject({ marker: true, payloadType: 101, sequence: 1, timestamp: 5, ssrc: 0xfffffffe });
    rewritePayloadType(packet, 96);
    expect(read(packet)).toMatchObject({ marker: true, payloadType: 96, sequence: 1 });
  });

  it('is ordered across the wrap of its numbers', () => {
    expect([sequencesBetween(65_535, 1), sequencesBetween(1, 65_535), sequencesBetween(7, 7)]).toEqual([2, -2, 0]);
    expect([ticksBetween(0xffffff60, 0), ticksBetween(0, 0xffffff60)]).toEqual([160, -160]);
  });
});

describe('a stream of ours', () => {
  it('begins anywhere', () => {
    expect(streamStart((bytes) => 'f'.repeat(bytes * 2))).toEqual({ ssrc: 0xffffffff, timestamp: 0xffffffff, sequence: 0x7fff });
  });

  it('numbers audio and key presses in one row, and times a press by its beginning', () => {
    const stream = new OutgoingStream({ ssrc: 9, sequence: 65_535, timestamp: 0xffffff60 });
    const packet = Buffer.alloc(172);
    const sent: unknown[] = [];
    const note = (length: number): void => {
      const header = read(packet.subarray(0, length));
      sent.push([header?.payloadType, header?.marker, header?.sequence, header?.timestamp, length]);
    };
    note(stream.writeAudio(packet, 0, false, 160));
    stream.advance(160);
    const pressedAt = stream.timestamp;
    note(
      stream.writePress(packet, 101, pressedAt, { atMs: 0, marker: true, isEnd: false, offsetTicks: 0, durationTicks: 160 }, 5),
    );
    expect(packet.subarray(12, 16)).toEqual(hex('05 0a 00a0'));
    stream.advance(160);
    note(
      stream.writePress(packet, 101, pressedAt, { atMs: 20, marker: false, isEnd: true, offsetTicks: 0, durationTicks: 320 }, 5),
    );
    expect(packet.subarray(12, 16)).toEqual(hex('05 8a 0140'));
    stream.advance(160);
    note(stream.writeAudio(packet, 0, true, 160));
    expect(sent).toEqual([
      [0, false, 65_535, 0xffffff60, 172],
      [101, true, 0, 0, 16],
      [101, false, 1, 0, 16],
      [0, true, 2, 320, 172],
    ]);
    expect([stream.packets, stream.bytes]).toEqual([4, 328]);
  });
});
