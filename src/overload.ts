import type { TimerQueue } from './timers.ts';

const PROBE_MS = 20;
/** Weight of the newest probe: overload is seen within some 100 ms, a single pause is not taken for it. */
const WEIGHT = 0.3;
const FAR = 4;

/**
 * Tells whether the service is behind its work, by how late a timer of its own fires. New calls are then refused, so
 * that running ones are served (RFC 3261 §21.5.4).
 */
export class Overload {
  readonly #timers: TimerQueue;
  readonly #limitMs: number;
  #lagMs = 0;
  #timer: ReturnType<TimerQueue['set']> | undefined;

  constructor(timers: TimerQueue, limitMs: number) {
    this.#timers = timers;
    this.#limitMs = limitMs;
  }

  start(): void {
    const dueMs = this.#timers.now() + PROBE_MS;
    this.#timer = this.#timers.set(PROBE_MS, () => {
      const lateMs = Math.max(this.#timers.now() - dueMs, 0);
      this.#lagMs += WEIGHT * (lateMs - this.#lagMs);
      this.start();
    });
  }

  stop(): void {
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  /** Milliseconds by which work is late, averaged over the last probes. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** Whether new calls are refused. */
  get isOver(): boolean {
    return this.#lagMs > this.#limitMs;
  }

  /** Whether REGISTERs are refused too: later, since running calls wait for some of them. */
  get isFarOver(): boolean {
    return this.#lagMs > FAR * this.#limitMs;
  }
}
