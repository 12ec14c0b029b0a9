import type { TimerQueue } from '../timers.ts';

const LOOK_EVERY_MS = 5;

/** What the story waits for did not happen. */
export class Missed extends Error {}

/** Lets a story wait for what shall happen, all of it within one limit. */
export class Stage {
  readonly #timers: TimerQueue;
  readonly #endsMs: number;
  readonly #limitMs: number;

  constructor(timers: TimerQueue, limitMs: number) {
    this.#timers = timers;
    this.#limitMs = limitMs;
    this.#endsMs = timers.now() + limitMs;
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timers.set(delayMs, () => resolve());
    });
  }

  /** Goes on when it holds. Throws `Missed` with `what` if it never does. */
  async until(what: string, holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#timers.now() >= this.#endsMs) throw new Missed(`${what}: this did not happen within ${this.#limitMs / 1000} s`);
      await this.pause(LOOK_EVERY_MS);
    }
  }
}

/** Throws `Missed` unless it holds. */
export function expectThat(what: string, holds: boolean): void {
  if (!holds) throw new Missed(what);
}
