import type { Random } from '../random.ts';

/** Random bytes that are the same for the same seed. For tests only: they can be guessed. */
export class SeededRandom implements Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = this.#seed;
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
    return new SeededRandom(hashOf(this.#next(), name));
  }

  /** A source of its own that depends on the seed and the name alone, whatever was drawn before. */
  of(name: string): SeededRandom {
    return new SeededRandom(hashOf(this.#seed, name));
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

/** FNV-1a, over a seed. */
function hashOf(seed: number, name: string): number {
  let hash = seed;
  for (let n = 0; n < name.length; n += 1) hash = Math.imul(hash ^ name.charCodeAt(n), 0x01000193);
  return hash;
}
