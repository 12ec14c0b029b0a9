/** Looks at many things in turn, each now and then, and never at more than so many in a second. */
import type { Timer, TimerQueue } from '../../timers.ts';

/** 100 questions a second, of some 2 KB each, are what there is for this whatever the number of calls. */
const GAP_MS = 10;

export class Rounds<T> {
  readonly #timers: TimerQueue;
  readonly #everyMs: number;
  readonly #look: (one: T) => void;
  /** When each is due, the next one first. */
  readonly #due = new Map<T, number>();
  #timer: Timer | undefined;

  constructor(timers: TimerQueue, everyMs: number, look: (one: T) => void) {
    this.#timers = timers;
    this.#everyMs = everyMs;
    this.#look = look;
  }

  add(one: T): void {
    this.#due.set(one, this.#timers.now() + this.#everyMs);
    this.#arm(GAP_MS);
  }

  delete(one: T): void {
    this.#due.delete(one);
    if (this.#due.size > 0) return;
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  get size(): number {
    return this.#due.size;
  }

  #arm(soonestMs: number): void {
    if (this.#timer !== undefined) return;
    for (const dueMs of this.#due.values()) {
      this.#timer = this.#timers.set(Math.max(dueMs - this.#timers.now(), soonestMs), () => this.#turn());
      return;
    }
  }

  #turn(): void {
    this.#timer = undefined;
    for (const one of this.#due.keys()) {
      this.#due.delete(one);
      this.#due.set(one, this.#timers.now() + this.#everyMs);
      this.#look(one);
      break;
    }
    this.#arm(GAP_MS);
  }
}
