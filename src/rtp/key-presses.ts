/**
 * Hears key presses in the telephone-events of a stream (RFC 4733). A press is known by its source and the timestamp at which
 * it began (§2.5.1.1), so that it is one digit whether it is seen through one packet of it or all: marker and ends may be
 * lost, packets may be repeated or come late.
 */
import { sequencesBetween, ticksBetween } from './packet.ts';
import { digitOf, TELEPHONE_EVENT_BYTES } from './telephone-event.ts';

/** Who is told of keys. */
export interface KeyListener {
  /** A key is down: told at the first packet of it that came. */
  pressed(digit: string): void;
  /** It is up again, or nothing more of it was heard. Each press is released once, before the next one. */
  released(digit: string, durationMs: number): void;
}

/** What is read of a packet's header. */
export interface EventHeader {
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/** A release that is not heard within this is taken for granted; a sender says at least every 50 ms that a key is down. */
export const RELEASE_LIMIT_MS = 300;

const LONGEST_SEGMENT = 0xffff;
/** RFC 3550 A.1: a packet further behind than this is not late, its source has begun anew. */
const MAX_MISORDER = 100;
/** What is later or comes again after more than this is no accident of a network: somebody presses anew with old numbers. */
const MISORDER_MS = 200;
/** Sources at a time whose presses are told apart; the one not heard for longest makes room. */
const MAX_SOURCES = 4;
/** Events in one packet (RFC 4733 §2.5.1.5). */
const MAX_EVENTS = 8;
/** A sender that counts its timestamp on within a press does so from one packet to the next. */
const NEXT_PACKETS = 2;

/** One event of a packet. */
interface Told {
  readonly ssrc: number;
  readonly sequence: number;
  readonly event: number;
  readonly marker: boolean;
  readonly timestamp: number;
  readonly ticks: number;
  readonly isEnd: boolean;
}

/** The last press of one source. */
interface Source {
  readonly ssrc: number;
  readonly event: number;
  sequence: number;
  /** Where the press began, and its present segment. */
  began: number;
  segment: number;
  /** Longest that was told of the segment. */
  ticks: number;
  readonly pressedMs: number;
  heardMs: number;
  /** Its end was heard. */
  hasEnded: boolean;
  /** It was told, heard or not. */
  isReleased: boolean;
}

/** The keys of one party's stream. */
export class KeyPresses {
  readonly #listener: KeyListener;
  readonly #ticksPerMs: number;
  readonly #sources: Source[] = [];
  /** Late or meaningless events that were not taken. */
  ignored = 0;

  constructor(listener: KeyListener, clockRate: number) {
    this.#listener = listener;
    this.#ticksPerMs = clockRate / 1000;
  }

  /** A packet of payload type telephone-event. Never throws, whatever the bytes. */
  hear({ ssrc, sequence, marker, timestamp, payloadStart, payloadEnd }: EventHeader, bytes: Buffer, atMs: number): void {
    const last = Math.min(payloadEnd, payloadStart + MAX_EVENTS * TELEPHONE_EVENT_BYTES) - TELEPHONE_EVENT_BYTES;
    if (last < payloadStart) this.ignored += 1;
    let began = timestamp;
    for (let at = payloadStart; at <= last; at += TELEPHONE_EVENT_BYTES) {
      const ticks = bytes.readUInt16BE(at + 2);
      const isEnd = ((bytes[at + 1] ?? 0) & 0x80) !== 0;
      const isFirst = at === payloadStart;
      this.#event({ ssrc, sequence, event: bytes[at] ?? 0, marker: isFirst && marker, timestamp: began, ticks, isEnd }, atMs);
      // Several in one packet follow each other without a gap.
      began = (began + ticks) >>> 0;
    }
  }

  /** Releases the key whose release was lost. To be called now and then while `releaseAtMs` is an instant. */
  expire(nowMs: number): void {
    for (const source of this.#sources) if (nowMs - source.heardMs >= RELEASE_LIMIT_MS) this.#release(source);
  }

  /** When a key that is down counts as released, unless more is heard of it; `undefined`: none is down. */
  get releaseAtMs(): number | undefined {
    const down = this.#sources.find(({ isReleased }) => !isReleased);
    return down === undefined ? undefined : down.heardMs + RELEASE_LIMIT_MS;
  }

  #event(told: Told, atMs: number): void {
    // RFC 4733 §2.5.2.1: events that nobody asked for are ignored.
    if (digitOf(told.event) === undefined) {
      this.ignored += 1;
      return;
    }
    const known = this.#sources.find(({ ssrc }) => ssrc === told.ssrc);
    if (known === undefined) this.#press(told, atMs);
    else if (isOfPress(known, told) && !isPlayedAgain(known, told, atMs)) this.#goOn(known, told, atMs);
    else if (isLate(known, told, atMs)) this.ignored += 1;
    else {
      this.#sources.splice(this.#sources.indexOf(known), 1);
      this.#release(known);
      this.#press(told, atMs);
    }
  }

  #press({ ssrc, sequence, event, timestamp, ticks, isEnd }: Told, atMs: number): void {
    // One party has one finger on its keys: whatever another source of it left open is over.
    for (const other of this.#sources) this.#release(other);
    const began = { began: timestamp, segment: timestamp, pressedMs: atMs, heardMs: atMs };
    const source = { ssrc, sequence, event, ...began, ticks, hasEnded: isEnd, isReleased: false };
    if (this.#sources.length === MAX_SOURCES) this.#sources.shift();
    this.#sources.push(source);
    this.#listener.pressed(digitOf(event) ?? '');
    if (isEnd) this.#release(source);
  }

  #goOn(source: Source, { sequence, timestamp, ticks, isEnd }: Told, atMs: number): void {
    if (sequencesBetween(source.sequence, sequence) > 0) source.sequence = sequence;
    source.heardMs = atMs;
    const behind = ticksBetween(source.segment, timestamp);
    if (behind < 0) return;
    if (behind > 0 && !isNextSegment(source, behind, ticks)) source.began = (source.began + behind) >>> 0;
    source.ticks = behind === 0 ? Math.max(source.ticks, ticks) : ticks;
    source.segment = timestamp;
    source.hasEnded ||= isEnd;
    if (isEnd) this.#release(source);
  }

  #release(source: Source): void {
    if (source.isReleased) return;
    source.isReleased = true;
    const ticks = ((source.segment - source.began) >>> 0) + source.ticks;
    this.#listener.released(digitOf(source.event) ?? '', Math.round(ticks / this.#ticksPerMs));
  }
}

/** RFC 4733 §2.5.1.3: a segment begins where the last one ended, at its longest unless it told otherwise. */
const isNextSegment = (last: Source, behind: number, ticks: number): boolean =>
  behind === LONGEST_SEGMENT || (behind === last.ticks && ticks <= last.ticks);

/** Whether an event is more of the press that was heard last. */
function isOfPress(known: Source, { event, marker, timestamp, ticks, sequence }: Told): boolean {
  if (event !== known.event) return false;
  const ahead = sequencesBetween(known.sequence, sequence);
  const behind = ticksBetween(known.segment, timestamp);
  if (behind === 0) return true;
  // A packet of an earlier segment, late or once more.
  if (behind < 0) return ticksBetween(known.began, timestamp) >= 0 && ahead <= 0;
  if (marker || known.hasEnded) return false;
  if (isNextSegment(known, behind, ticks)) return true;
  // Not of the RFC: gateways that count the timestamp on within a press, as audio would. A press of its own begins shorter.
  return ahead > 0 && ahead <= NEXT_PACKETS && ticks > known.ticks && behind <= 2 * (ticks - known.ticks);
}

/** Not of the RFC: sipp and other test tools play one recorded press as often as a key is to be pressed. */
const isPlayedAgain = ({ heardMs }: Source, { marker }: Told, atMs: number): boolean => marker && atMs - heardMs > MISORDER_MS;

/** Whether an event is of a press that was over before the one that was heard last. */
function isLate({ sequence, began, pressedMs }: Source, told: Told, atMs: number): boolean {
  const ahead = sequencesBetween(sequence, told.sequence);
  const isBehind = ahead <= 0 && ahead >= -MAX_MISORDER && ticksBetween(began, told.timestamp) < 0;
  return isBehind && atMs - pressedMs <= MISORDER_MS;
}
