/** Key presses in RTP (RFC 4733): the payload, and the packets in which a press is sent. `key-presses.ts` hears them. */

export const TELEPHONE_EVENT_BYTES = 4;
/** RFC 4733 §3.2: the events 0 to 15, in order. */
const KEYS = '0123456789*#ABCD';
/** As much as a phone tells without being asked (RFC 4733 §2.3.1: a volume of 10 is -10 dBm0). */
const VOLUME = 10;
const END = 0x80;
const LONGEST_TICKS = 0xffff;
/** RFC 4733 §2.5.1.4: the last packet is sent three times. */
const ENDS = 3;
/** What a receiver takes for a press, at the least and at the most. */
const SHORTEST_MS = 40;
const LONGEST_MS = 60_000;

/** The key that an event stands for, `undefined` for what is none, such as 16, the hook flash. */
export const digitOf = (event: number): string | undefined => KEYS[event];
/** The event of a key; -1 for what is none. Small letters are keys too. */
export const eventOf = (digit: string): number => (digit.length === 1 ? KEYS.indexOf(digit.toUpperCase()) : -1);

/** Writes one event at `start` (RFC 4733 §2.3). */
export function writeTelephoneEvent(bytes: Buffer, start: number, event: number, isEnd: boolean, durationTicks: number): void {
  bytes[start] = event & 0xff;
  bytes[start + 1] = (isEnd ? END : 0) | VOLUME;
  bytes.writeUInt16BE(Math.min(durationTicks, LONGEST_TICKS), start + 2);
}

/** One packet of a press, by when it is due. */
export interface PressPacket {
  /** After the press began. */
  readonly atMs: number;
  readonly marker: boolean;
  readonly isEnd: boolean;
  /** Timestamp of its segment, counted from the beginning of the press. */
  readonly offsetTicks: number;
  readonly durationTicks: number;
}

/**
 * The packets of one press. The first one goes out at once, with the time that it covers; a press longer than 65,535 ticks
 * goes on as a new segment, without marker and end (RFC 4733 §2.5.1.3). No audio meanwhile (§2.5.1.1).
 */
export function* pressPackets(pressMs: number, clockRate: number, packetMs = 20): Generator<PressPacket, void> {
  const durationMs = Math.min(Math.max(pressMs, SHORTEST_MS), LONGEST_MS);
  const step = Math.round((clockRate * packetMs) / 1000);
  const total = Math.max(Math.round((clockRate * durationMs) / 1000), step);
  let offsetTicks = 0;
  let atMs = 0;
  for (let reached = step; reached < total; reached += step) {
    if (reached - offsetTicks > LONGEST_TICKS) {
      // The segment's own last packet tells all of it, so that the next one follows without a gap.
      yield { atMs, marker: false, isEnd: false, offsetTicks, durationTicks: LONGEST_TICKS };
      offsetTicks += LONGEST_TICKS;
    }
    yield { atMs, marker: atMs === 0, isEnd: false, offsetTicks, durationTicks: reached - offsetTicks };
    atMs += packetMs;
  }
  if (total - offsetTicks > LONGEST_TICKS) offsetTicks += LONGEST_TICKS;
  for (let end = 0; end < ENDS; end += 1) {
    yield { atMs, marker: atMs === 0, isEnd: true, offsetTicks, durationTicks: total - offsetTicks };
    atMs += packetMs;
  }
}
