import type { Random } from './random.ts';
import type { TimerQueue } from './timers.ts';

const PROBE_MS = 100;
/** Weight of the newest probe: the average looks back on about a second, so that a burst is not taken for overload. */
const WEIGHT = 0.1;
/** Above this share of busy time the service is about to fall behind; below the second it has room again. */
const TOO_BUSY = 0.97;
const HAS_ROOM = 0.92;
/** By how much a probe changes the share of new calls that is refused. */
const STEP_UP = 0.03;
const STEP_DOWN = 0.03;
/** Never all of them: what gets through shows whether there is room again. */
const MOST_REFUSED = 0.95;
/** REGISTERs are refused only when work is this many times later than allowed: running calls wait for some of them. */
const FAR = 4;

/** What the control needs to know of the process. */
export interface OverloadParts {
  readonly timers: TimerQueue;
  readonly random: Random;
  /** Milliseconds that the process has been busy since it began; grows no faster than time. */
  readonly busyMs: () => number;
  /** How late a timer may fire before that alone counts as overload. */
  readonly lagLimitMs: number;
}

/**
 * Decides how many new calls are refused with 503, so that running ones are served (RFC 3261 §21.5.4). A saturated
 * process cannot see its queue, which is the socket's buffer in the kernel; it sees that it is never idle, and how
 * late its timers are. The share that is refused follows in small steps, so that the service keeps its rate instead of
 * swinging between all and nothing.
 */
export class Overload {
  readonly #parts: OverloadParts;
  #timer: ReturnType<TimerQueue['set']> | undefined;
  #lagMs = 0;
  #busyShare = 0;
  #refusing = 0;

  constructor(parts: OverloadParts) {
    this.#parts = parts;
  }

  start(): void {
    const { timers, busyMs } = this.#parts;
    const fromMs = timers.now();
    const busyFromMs = busyMs();
    this.#timer = timers.set(PROBE_MS, () => {
      const passedMs = timers.now() - fromMs;
      this.#probe((busyMs() - busyFromMs) / passedMs, passedMs - PROBE_MS);
      this.start();
    });
  }

  stop(): void {
    this.#parts.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #probe(share: number, lateMs: number): void {
    this.#lagMs = lateMs;
    this.#busyShare += WEIGHT * (share - this.#busyShare);
    if (this.#busyShare > TOO_BUSY) this.#refusing = Math.min(this.#refusing + STEP_UP * this.#severity(), MOST_REFUSED);
    else if (this.#busyShare < HAS_ROOM) this.#refusing = Math.max(this.#refusing - STEP_DOWN, 0);
  }

  /** Late timers say that it is worse than full. */
  #severity(): number {
    return this.#lagMs > this.#parts.lagLimitMs ? 3 : 1;
  }

  /** The share of new calls that is refused now. */
  get refusing(): number {
    return this.#refusing;
  }

  /** Milliseconds by which work is late. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** Whether this new request is refused. */
  refuses(method: string): boolean {
    if (method === 'REGISTER') return this.#refusing >= MOST_REFUSED && this.#lagMs > FAR * this.#parts.lagLimitMs;
    return this.#refusing > 0 && this.#parts.random.fraction() < this.#refusing;
  }
}
