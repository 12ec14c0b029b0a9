import { randomBytes } from 'node:crypto';

/** Source of unguessable bytes: cryptographic in production, seeded in the virtual world. */
export interface Random {
  /** `bytes` random bytes as lower-case hexadecimal. */
  hex(bytes: number): string;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

const POOL_BYTES = 4096;

/** `randomBytes` costs about a microsecond a call whatever its size, so bytes are drawn in pools. */
export class CryptoRandom implements Random {
  #pool = Buffer.alloc(0);
  #used = 0;

  hex(bytes: number): string {
    if (this.#used + bytes > this.#pool.length) {
      this.#pool = randomBytes(Math.max(POOL_BYTES, bytes));
      this.#used = 0;
    }
    this.#used += bytes;
    return this.#pool.toString('hex', this.#used - bytes, this.#used);
  }

  fraction(): number {
    return Number.parseInt(this.hex(6), 16) / 2 ** 48;
  }
}
