/** RTCP to a party that the service talks to itself (RFC 3550 §6): what we sent, and what we heard. */
import { type OutgoingStream, streamStart } from '../rtp/outgoing.ts';
import { middleOf, type Report, readRtcp, writeReport } from '../rtp/rtcp.ts';
import type { Heard } from './heard.ts';

/** RFC 3550 §6.2: the least interval, half of which before the first, and spread by half to either side. */
const INTERVAL_MS = 5000;
const CNAME_BYTES = 12;
const CLOCK_RATE = 8000;

export class Reports {
  readonly #hex: (bytes: number) => string;
  /** RFC 7022 §4.2: a name that tells nothing. */
  readonly #cname: string;
  /** Who reports while we say nothing. */
  #ssrc: number;
  #dueMs: number | undefined;
  /** The latest report of the party's, and when it came. */
  #senderReport = 0;
  #senderMs = 0;

  constructor(hex: (bytes: number) => string) {
    this.#hex = hex;
    this.#cname = hex(CNAME_BYTES);
    this.#ssrc = streamStart(hex).ssrc;
  }

  /** What the party reports. */
  hear(bytes: Buffer, nowMs: number): void {
    for (const part of readRtcp(bytes) ?? []) {
      if (part.kind !== 'report' || part.senderReport === undefined) continue;
      this.#senderReport = part.senderReport;
      this.#senderMs = nowMs;
    }
  }

  /** A report, if one is due. */
  due(nowMs: number, stream: OutgoingStream | undefined, heard: Heard): Buffer | undefined {
    this.#dueMs ??= nowMs + this.#afterMs() / 2;
    if (nowMs < this.#dueMs) return undefined;
    this.#dueMs = nowMs + this.#afterMs();
    if (stream !== undefined) this.#ssrc = stream.ssrc;
    const report = heard.report(CLOCK_RATE);
    // Of who neither sends nor hears there is nothing to tell.
    if (stream === undefined && report === undefined) return undefined;
    return writeReport({
      ssrc: this.#ssrc,
      sender: stream && { atMs: nowMs, timestamp: stream.timestamp, packets: stream.packets, bytes: stream.bytes },
      blocks: report === undefined ? [] : [{ ...report, ...this.#lastHeard(nowMs) }],
      cname: this.#cname,
      isBye: false,
    });
  }

  #lastHeard(nowMs: number): Pick<Report['blocks'][number], 'lastSenderReport' | 'delay'> {
    if (this.#senderReport === 0) return { lastSenderReport: 0, delay: 0 };
    return { lastSenderReport: this.#senderReport, delay: (middleOf(nowMs) - middleOf(this.#senderMs)) >>> 0 };
  }

  #afterMs(): number {
    return INTERVAL_MS * (0.5 + Number.parseInt(this.#hex(2), 16) / 0x1_0000);
  }
}
