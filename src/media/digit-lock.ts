/**
 * The digits of one party, by the best way that it was seen to use: RTP, then INFO, then tones in the audio. A phone may tell
 * of one press by all three; whatever is not by the best way is counted and goes no further.
 */
import type { DigitWay } from '../../machines/vocabulary/media.ts';

/** The better the higher. */
const RANK: Readonly<Record<DigitWay, number>> = { inband: 0, info: 1, rtp: 2 };
/** How much later than the end of a press its report by another way may come. */
const SLACK_MS = 200;
/** A press that is down for longer than this was told wrongly. */
const LONGEST_MS = 60_000;
/** Presses that are remembered until a better way had its time to tell of them. */
const MAX_TOLD = 16;

/** A press that was delivered. */
interface Told {
  readonly digit: string;
  readonly way: DigitWay;
  /** `undefined` while it is down. */
  upMs: number | undefined;
  readonly downMs: number;
  /** The best way that told of it, its own at first. */
  rank: number;
}

/** One for each party whose digits are heard. */
export class DigitLock {
  #rank = -1;
  #told: Told[] = [];
  /** Presses that came by another way than the best, or by two. */
  readonly doubled: Record<DigitWay, number> = { rtp: 0, info: 0, inband: 0 };

  /** The way that it is locked to; `undefined` before the first press. */
  get way(): DigitWay | undefined {
    return (['inband', 'info', 'rtp'] as const)[this.#rank];
  }

  /**
   * A key is down, or was, and `durationMs` tells for how long where that is known: by INFO. True: a digit, to be delivered.
   */
  pressed(way: DigitWay, digit: string, durationMs: number | undefined, atMs: number): boolean {
    const rank = RANK[way];
    if (rank < this.#rank || this.#isKnown(rank, digit, durationMs ?? 0, atMs)) {
      this.#rank = Math.max(this.#rank, rank);
      this.doubled[way] += 1;
      return false;
    }
    this.#rank = rank;
    // Only what a better way may still tell of is worth remembering.
    if (rank < RANK.rtp) {
      const upMs = durationMs === undefined ? undefined : atMs + durationMs;
      if (this.#told.length === MAX_TOLD) this.#told.shift();
      this.#told.push({ digit, way, upMs, downMs: atMs, rank });
    }
    return true;
  }

  /** The key that was told of as pressed by that way is up again. */
  released(way: DigitWay, atMs: number): void {
    const told = this.#told.findLast((each) => each.way === way);
    if (told !== undefined) told.upMs ??= atMs;
  }

  /** Whether it was delivered by a worse way already: the oldest such press that this way has not told of. */
  #isKnown(rank: number, digit: string, durationMs: number, atMs: number): boolean {
    if (this.#told.length === 0) return false;
    this.#told = this.#told.filter(
      ({ upMs, downMs }) => atMs <= (upMs ?? downMs + LONGEST_MS) + Math.max(durationMs, 0) + SLACK_MS,
    );
    const at = this.#told.findIndex((told) => told.rank < rank && told.digit === digit);
    // Each way tells presses in their order: what lies before was missed by this one.
    const missed = at === -1 ? this.#told : this.#told.slice(0, at + 1);
    for (const told of missed) told.rank = Math.max(told.rank, rank);
    return at !== -1;
  }
}
