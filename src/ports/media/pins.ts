/** PINs of the config: compared in constant time, and never told. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export class Pins {
  readonly #key: Buffer;
  /** By name. Equal lengths, whatever the PINs' own. */
  readonly #digests = new Map<string, Buffer>();

  /** `key` is random, and this process's own. */
  constructor(pins: ReadonlyMap<string, string>, key: Buffer) {
    this.#key = key;
    for (const [name, pin] of pins) this.#digests.set(name, this.#digest(pin));
  }

  has(name: string): boolean {
    return this.#digests.has(name);
  }

  isRight(name: string, digits: string): boolean {
    const digest = this.#digests.get(name);
    return digest !== undefined && timingSafeEqual(digest, this.#digest(digits));
  }

  #digest(digits: string): Buffer {
    return createHmac('sha256', this.#key).update(digits, 'latin1').digest();
  }
}
