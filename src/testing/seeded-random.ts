import type { Random } from '../random.ts';

/** Random bytes that are the same for the same seed. For tests only: they can be guessed. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  hex(bytes: number): string {
    let hex = '';
    for (let n = 0; n < bytes; n += 1) hex += (this.#next() >>> 24).toString(16).padStart(2, '0');
    return hex;
  }

  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** A source of its own, so that one party's draws do not shift another's. */
  fork(name: string): SeededRandom {
    let seed = this.#next();
    for (let n = 0; n < name.length; n += 1) seed = Math.imul(seed ^ name.charCodeAt(n), 0x01000193);
    return new SeededRandom(seed);
  }

  /** Mulberry32: 32 bits of state are enough for a test, and its period covers any run. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}
