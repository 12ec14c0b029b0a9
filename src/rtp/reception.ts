/** What is known of one source whose packets come: RFC 3550 A.1 (sequence), A.3 (loss), A.8 (jitter). Instants are arguments. */
import { sequencesBetween, ticksBetween } from './packet.ts';

/** RFC 3550 A.1: packets in sequence before a source is believed. */
const MIN_SEQUENTIAL = 2;
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
const SEQUENCES = 1 << 16;
/** RFC 3550 §6.4.1: the cumulative number of packets lost has 24 bits, with a sign. */
const MAX_LOST = 0x7fffff;
/** Departs from RFC 3550 A.8: a jump of the timestamp by more than this is a new beginning, as after hold, and no jitter. */
const LONGEST_TRANSIT_CHANGE_MS = 5000;

/**
 * What a packet was by its sequence number: `probation`: too early to believe its source; `restarted`: the first one of a
 * source that began anew; `bad`: a leap that nothing has confirmed yet.
 */
export type Sequenced = 'valid' | 'late' | 'probation' | 'restarted' | 'bad';

/** What a report block tells of a source (RFC 3550 §6.4.1). */
export interface ReceptionReport {
  readonly ssrc: number;
  /** Since the last report, in 256ths. */
  readonly fractionLost: number;
  readonly lost: number;
  readonly highestSequence: number;
  readonly jitterTicks: number;
}

/** The packets of one source. */
export class Reception {
  readonly ssrc: number;
  /** Those that count, repeats and late ones too. */
  packets = 0;
  /** RFC 3550 A.8, as time, so that it goes on where the clock rate changes (RFC 7160 §4.1). */
  jitterMs = 0;
  #base = 0;
  #highest = 0;
  #cycles = 0;
  #bad: number | undefined;
  #probation = MIN_SEQUENTIAL;
  /** Of the sequences before the source restarted. */
  #lostBefore = 0;
  #expectedBefore = 0;
  #expectedAtReport = 0;
  #packetsAtReport = 0;
  #sincePackets = 0;
  #timed: { timestamp: number; atMs: number; clockRate: number } | undefined;

  constructor(ssrc: number, sequence: number) {
    this.ssrc = ssrc;
    this.#begin(sequence);
    this.#highest = (sequence - 1) & 0xffff;
  }

  /** Counts one packet. */
  count(sequence: number): Sequenced {
    if (this.#probation > 0) return this.#try(sequence);
    const ahead = (sequence - this.#highest) & 0xffff;
    if (ahead < MAX_DROPOUT) {
      if (sequence < this.#highest) this.#cycles += SEQUENCES;
      this.#highest = sequence;
    } else if (ahead <= SEQUENCES - MAX_MISORDER) {
      if (sequence !== this.#bad) {
        this.#bad = (sequence + 1) & 0xffff;
        return 'bad';
      }
      // Two in sequence after a leap: the other side began anew without telling.
      this.#lostBefore += this.#lostNow();
      this.#expectedBefore += this.#expectedNow();
      this.#begin(sequence);
      this.#received();
      return 'restarted';
    }
    this.#received();
    return ahead === 0 || ahead >= MAX_DROPOUT ? 'late' : 'valid';
  }

  /**
   * Notes when a packet of audio came. Not for telephone-events, whose packets of one press have one timestamp.
   */
  time(timestamp: number, atMs: number, clockRate: number): void {
    const last = this.#timed;
    if (last === undefined) {
      this.#timed = { timestamp, atMs, clockRate };
      return;
    }
    const sentMs = (ticksBetween(last.timestamp, timestamp) * 1000) / clockRate;
    const change = Math.abs(atMs - last.atMs - sentMs);
    // RFC 7160 §4.1: timestamps of two clock rates do not compare.
    if (last.clockRate === clockRate && change < LONGEST_TRANSIT_CHANGE_MS) this.jitterMs += (change - this.jitterMs) / 16;
    last.timestamp = timestamp;
    last.atMs = atMs;
    last.clockRate = clockRate;
  }

  /** RFC 3550 A.3: packets that were expected and did not come; below 0 where some came twice. */
  get lost(): number {
    return this.#lostBefore + this.#lostNow();
  }

  /** RFC 3550 §6.4.1: with the number of times that the sequence wrapped around. */
  get highestSequence(): number {
    return (this.#cycles + this.#highest) >>> 0;
  }

  /** For a report block; the next one's fraction counts from here. */
  report(clockRate: number): ReceptionReport {
    const expected = this.#expectedBefore + this.#expectedNow();
    const since = expected - this.#expectedAtReport;
    const lostSince = since - (this.packets - this.#packetsAtReport);
    this.#expectedAtReport = expected;
    this.#packetsAtReport = this.packets;
    return {
      ssrc: this.ssrc,
      fractionLost: since === 0 || lostSince <= 0 ? 0 : Math.min(Math.floor((lostSince * 256) / since), 255),
      lost: Math.min(Math.max(this.lost, -MAX_LOST - 1), MAX_LOST),
      highestSequence: this.highestSequence,
      jitterTicks: Math.round((this.jitterMs * clockRate) / 1000),
    };
  }

  #try(sequence: number): Sequenced {
    const isNext = sequencesBetween(this.#highest, sequence) === 1;
    this.#highest = sequence;
    if (!isNext) {
      this.#probation = MIN_SEQUENTIAL - 1;
      return 'probation';
    }
    this.#probation -= 1;
    if (this.#probation > 0) return 'probation';
    this.#begin(sequence);
    this.#received();
    return 'valid';
  }

  #begin(sequence: number): void {
    this.#base = sequence;
    this.#highest = sequence;
    this.#cycles = 0;
    this.#bad = undefined;
    this.#sincePackets = 0;
  }

  #received(): void {
    this.packets += 1;
    this.#sincePackets += 1;
  }

  #expectedNow(): number {
    return this.#probation > 0 ? 0 : this.#cycles + this.#highest - this.#base + 1;
  }

  #lostNow(): number {
    return this.#expectedNow() - this.#sincePackets;
  }
}
