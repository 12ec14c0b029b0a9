import type { Timer, TimerQueue } from '../timers.ts';

/** Somebody who sends a packet every 20 ms. `skipped`: so many could not be sent in time, and are left out. */
export interface Ticking {
  tick(skipped: number): void;
}

export const FRAME_MS = 20;
/** Who ticks is spread over so many instants of each 20 ms, so that a thousand prompts do not leave in one burst. */
const SLOTS = 4;
const SLOT_MS = FRAME_MS / SLOTS;
/** What was late is made up for, up to so many packets in one go; beyond that a listener hears a gap. */
const MAX_LATE = 5;

/**
 * The pace of all prompts together: one timer, by an absolute schedule, so that lateness does not accumulate. It runs only
 * while somebody ticks.
 */
export class Ticker {
  readonly #timers: TimerQueue;
  readonly #slots: readonly Set<Ticking>[] = Array.from({ length: SLOTS }, () => new Set<Ticking>());
  #timer: Timer | undefined;
  #beganMs = 0;
  /** Of the slots since then, the next one. */
  #next = 0;
  #isFiring = false;

  constructor(timers: TimerQueue) {
    this.#timers = timers;
  }

  get size(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.size, 0);
  }

  add(one: Ticking): void {
    if (this.#slots.some((slot) => slot.has(one))) return;
    if (this.size === 0 && !this.#isFiring) {
      // Nobody ticks yet: at once.
      this.#beganMs = this.#timers.now();
      this.#next = 0;
    }
    let least = 0;
    for (let n = 1; n < SLOTS; n++) if (this.#sizeOf(n) < this.#sizeOf(least)) least = n;
    this.#slots[least]?.add(one);
    if (!this.#isFiring) this.#arm();
  }

  remove(one: Ticking): void {
    for (const slot of this.#slots) slot.delete(one);
    if (this.size > 0) return;
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #sizeOf(slot: number): number {
    return this.#slots[slot % SLOTS]?.size ?? 0;
  }

  #arm(): void {
    if (this.size === 0) return;
    let next = this.#next;
    while (this.#sizeOf(next) === 0) next++;
    const delayMs = this.#beganMs + next * SLOT_MS - this.#timers.now();
    if (this.#timer !== undefined && this.#timer.dueMs <= this.#timers.now() + delayMs) return;
    this.#timers.clear(this.#timer);
    this.#timer = this.#timers.set(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    const due = Math.floor((this.#timers.now() - this.#beganMs) / SLOT_MS);
    const late = due - this.#next;
    const skipped = Math.max(0, Math.floor(late / SLOTS) - MAX_LATE);
    this.#next += skipped * SLOTS;
    this.#isFiring = true;
    for (let count = 0; this.#next <= due; count++) {
      const slot = this.#slots[this.#next % SLOTS] ?? [];
      this.#next++;
      // As they were: who stops and begins again in its tick has had it.
      for (const one of [...slot]) one.tick(count < SLOTS ? skipped : 0);
    }
    this.#isFiring = false;
    this.#arm();
  }
}
