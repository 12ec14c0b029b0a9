/** RTP packets (RFC 3550 §5.1), read and written where they lie: nothing is copied on the way of a relayed packet. */

export const RTP_HEADER_BYTES = 12;
/** The longest that is read: an Ethernet frame's worth; RTP over UDP is never fragmented on purpose. */
export const MAX_RTP_BYTES = 1500;

const MARKER = 0x80;
const PADDING = 0x20;
const EXTENSION = 0x10;
const VERSION = 0x80;

/** What the header of a packet says; one object reads any number of packets, so that reading allocates nothing. */
export class RtpHeader {
  marker = false;
  payloadType = 0;
  sequence = 0;
  timestamp = 0;
  ssrc = 0;
  /** Where the payload begins, behind contributing sources and extension, and where it ends, before the padding. */
  payloadStart = 0;
  payloadEnd = 0;

  /** False for what is no RTP packet; then nothing of it holds. Never throws, whatever the bytes. */
  read(bytes: Buffer): boolean {
    const { length } = bytes;
    if (length < RTP_HEADER_BYTES || length > MAX_RTP_BYTES) return false;
    const first = bytes[0] ?? 0;
    if (first >> 6 !== 2) return false;
    const second = bytes[1] ?? 0;
    let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
    if ((first & EXTENSION) !== 0) {
      // RFC 3550 §5.3.1: 16 bits of its own, then its length in words.
      if (start + 4 > length) return false;
      start += 4 + bytes.readUInt16BE(start + 2) * 4;
    }
    let end = length;
    if ((first & PADDING) !== 0) {
      const padding = bytes[length - 1] ?? 0;
      if (padding === 0) return false;
      end -= padding;
    }
    if (start > end) return false;
    this.marker = (second & MARKER) !== 0;
    this.payloadType = second & 0x7f;
    this.sequence = bytes.readUInt16BE(2);
    this.timestamp = bytes.readUInt32BE(4);
    this.ssrc = bytes.readUInt32BE(8);
    this.payloadStart = start;
    this.payloadEnd = end;
    return true;
  }
}

/** Writes a plain header of `RTP_HEADER_BYTES`; sequence and timestamp wrap around. */
export function writeRtpHeader(
  bytes: Buffer,
  payloadType: number,
  marker: boolean,
  sequence: number,
  timestamp: number,
  ssrc: number,
): void {
  bytes[0] = VERSION;
  bytes[1] = (marker ? MARKER : 0) | (payloadType & 0x7f);
  bytes.writeUInt16BE(sequence & 0xffff, 2);
  bytes.writeUInt32BE(timestamp >>> 0, 4);
  bytes.writeUInt32BE(ssrc >>> 0, 8);
}

/** Gives a packet another payload type, its marker kept. */
export function rewritePayloadType(bytes: Buffer, payloadType: number): void {
  bytes[1] = ((bytes[1] ?? 0) & MARKER) | (payloadType & 0x7f);
}

/** How far `later` lies behind `earlier`, as sequence numbers go: -32768 to 32767. */
export const sequencesBetween = (earlier: number, later: number): number => ((later - earlier) << 16) >> 16;

/** How far `later` lies behind `earlier`, as timestamps go: -2^31 to 2^31 - 1. */
export const ticksBetween = (earlier: number, later: number): number => (later - earlier) | 0;
