/** RTCP (RFC 3550 §6): reports of our own streams, and what is read of others'. */
import type { ReceptionReport } from './reception.ts';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const DESCRIPTION = 202;
const BYE = 203;
const CNAME = 1;

const MAX_BLOCKS = 31;
/** Parts of one compound packet that are read; more are no report. */
const MAX_PARTS = 16;
const HEADER_BYTES = 8;
const SENDER_BYTES = 20;
const BLOCK_BYTES = 24;
const MAX_CNAME = 64;

/** From the epoch of NTP, 1900, to that of Unix. */
const NTP_OFFSET_SECONDS = 2_208_988_800;

/** RFC 5761 §4: what is RTCP on a port that carries both; its packet types are no payload types that are in use. */
export function isRtcp(bytes: Buffer): boolean {
  const second = bytes[1] ?? 0;
  return bytes.length >= HEADER_BYTES && (bytes[0] ?? 0) >> 6 === 2 && second >= 192 && second <= 223;
}

/** What a report says of one source. */
export interface ReportBlock extends ReceptionReport {
  /** The middle of the NTP time of the last sender's report that was heard of it, 0 for none, and how long ago (in 65536ths of a second). */
  readonly lastSenderReport: number;
  readonly delay: number;
}

/** What a sender says of its stream. */
export interface SenderInfo {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** That instant in the stream's own clock. */
  readonly timestamp: number;
  readonly packets: number;
  readonly bytes: number;
}

/** A compound packet of ours: a report, our name (RFC 3550 §6.1), and the end of the stream. */
export interface Report {
  readonly ssrc: number;
  /** `undefined`: we have sent nothing since the last report. */
  readonly sender: SenderInfo | undefined;
  readonly blocks: readonly ReportBlock[];
  readonly cname: string;
  readonly isBye: boolean;
}

/** NTP's seconds and fraction of an instant. */
function ntp(atMs: number): readonly [seconds: number, fraction: number] {
  const seconds = Math.floor(atMs / 1000);
  return [(seconds + NTP_OFFSET_SECONDS) % 2 ** 32, Math.floor(((atMs - seconds * 1000) / 1000) * 2 ** 32)];
}

/** The middle of an instant's NTP time, by which a sender's report is named in reports of it. */
export function middleOf(atMs: number): number {
  const [seconds, fraction] = ntp(atMs);
  return (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0;
}

/** How long the way there and back is, of a report that comes now; `undefined` where it names no report of ours. */
export function roundTripMs(nowMs: number, { lastSenderReport, delay }: ReportBlock): number | undefined {
  if (lastSenderReport === 0) return undefined;
  const ticks = (middleOf(nowMs) - lastSenderReport - delay) | 0;
  // Clocks that are read in steps may give a little less than nothing.
  return Math.max((ticks * 1000) / 65_536, 0);
}

/** Writes a compound packet. */
export function writeReport({ ssrc, sender, blocks, cname, isBye }: Report): Buffer {
  const told = blocks.slice(0, MAX_BLOCKS);
  const reportBytes = HEADER_BYTES + (sender === undefined ? 0 : SENDER_BYTES) + told.length * BLOCK_BYTES;
  const name = Buffer.from(cname, 'latin1').subarray(0, MAX_CNAME);
  // RFC 3550 §6.5: items end with a zero, and the chunk at a word.
  const descriptionBytes = HEADER_BYTES + ((2 + name.length) & ~3) + 4;
  const bytes = Buffer.alloc(reportBytes + descriptionBytes + (isBye ? HEADER_BYTES : 0));
  writeHead(bytes, 0, sender === undefined ? RECEIVER_REPORT : SENDER_REPORT, told.length, reportBytes, ssrc);
  let at = HEADER_BYTES;
  if (sender !== undefined) at = writeSender(bytes, at, sender);
  for (const block of told) at = writeBlock(bytes, at, block);
  writeHead(bytes, at, DESCRIPTION, 1, descriptionBytes, ssrc);
  bytes[at + HEADER_BYTES] = CNAME;
  bytes[at + HEADER_BYTES + 1] = name.length;
  name.copy(bytes, at + HEADER_BYTES + 2);
  if (isBye) writeHead(bytes, at + descriptionBytes, BYE, 1, HEADER_BYTES, ssrc);
  return bytes;
}

function writeHead(bytes: Buffer, at: number, type: number, count: number, length: number, ssrc: number): void {
  bytes[at] = 0x80 | count;
  bytes[at + 1] = type;
  bytes.writeUInt16BE(length / 4 - 1, at + 2);
  bytes.writeUInt32BE(ssrc >>> 0, at + 4);
}

function writeSender(bytes: Buffer, at: number, sender: SenderInfo): number {
  const [seconds, fraction] = ntp(sender.atMs);
  const words = [seconds, fraction, sender.timestamp, sender.packets, sender.bytes];
  for (const [n, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, at + 4 * n);
  return at + SENDER_BYTES;
}

function writeBlock(bytes: Buffer, at: number, block: ReportBlock): number {
  bytes.writeUInt32BE(block.ssrc >>> 0, at);
  bytes[at + 4] = block.fractionLost & 0xff;
  bytes.writeIntBE(block.lost, at + 5, 3);
  const words = [block.highestSequence, block.jitterTicks, block.lastSenderReport, block.delay];
  for (const [n, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, at + 8 + 4 * n);
  return at + BLOCK_BYTES;
}

/** What one part of a compound packet says; descriptions, feedback and unknown parts are not read. */
export type RtcpPart =
  | {
      readonly kind: 'report';
      readonly ssrc: number;
      /** Of a sender: the middle of its NTP time, for reports of it. */
      readonly senderReport: number | undefined;
      readonly packets: number;
      readonly blocks: readonly ReportBlock[];
    }
  | { readonly kind: 'bye'; readonly ssrcs: readonly number[] };

/** Reads a compound packet; `undefined` for what is none (RFC 3550 A.2). Never throws, whatever the bytes. */
export function readRtcp(bytes: Buffer): RtcpPart[] | undefined {
  const parts: RtcpPart[] = [];
  let at = 0;
  for (let n = 0; n < MAX_PARTS && at < bytes.length; n += 1) {
    if (bytes.length - at < 4 || (bytes[at] ?? 0) >> 6 !== 2) return undefined;
    const end = at + (bytes.readUInt16BE(at + 2) + 1) * 4;
    if (end > bytes.length) return undefined;
    const part = readPart(bytes.subarray(at, end));
    if (part === 'cut') return undefined;
    if (part !== undefined) parts.push(part);
    at = end;
  }
  return parts;
}

function readPart(bytes: Buffer): RtcpPart | 'cut' | undefined {
  const type = bytes[1] ?? 0;
  const count = (bytes[0] ?? 0) & 0x1f;
  if (type === BYE) {
    if (bytes.length < 4 + 4 * count) return 'cut';
    return { kind: 'bye', ssrcs: Array.from({ length: count }, (_, n) => bytes.readUInt32BE(4 + 4 * n)) };
  }
  if (type !== SENDER_REPORT && type !== RECEIVER_REPORT) return undefined;
  const isSender = type === SENDER_REPORT;
  const start = HEADER_BYTES + (isSender ? SENDER_BYTES : 0);
  if (bytes.length < start + count * BLOCK_BYTES) return 'cut';
  const blocks = Array.from({ length: count }, (_, n) => readBlock(bytes, start + n * BLOCK_BYTES));
  const ssrc = bytes.readUInt32BE(4);
  if (!isSender) return { kind: 'report', ssrc, senderReport: undefined, packets: 0, blocks };
  return { kind: 'report', ssrc, senderReport: bytes.readUInt32BE(10), packets: bytes.readUInt32BE(20), blocks };
}

const readBlock = (bytes: Buffer, at: number): ReportBlock => ({
  ssrc: bytes.readUInt32BE(at),
  fractionLost: bytes[at + 4] ?? 0,
  lost: bytes.readIntBE(at + 5, 3),
  highestSequence: bytes.readUInt32BE(at + 8),
  jitterTicks: bytes.readUInt32BE(at + 12),
  lastSenderReport: bytes.readUInt32BE(at + 16),
  delay: bytes.readUInt32BE(at + 20),
});
