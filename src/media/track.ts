import { type Law, SILENCE } from '../rtp/g711.ts';
import type { Sound } from './sounds.ts';

/** Bytes of 20 ms in either law. */
export const FRAME_BYTES = 160;

/** Sounds one after the other, frame by frame. */
export class Track {
  readonly #sounds: readonly Sound[];
  readonly #repeats: boolean;
  #index = 0;
  #at = 0;

  /** Not empty, and no sound in it is. */
  constructor(sounds: readonly Sound[], repeats: boolean) {
    this.#sounds = sounds;
    this.#repeats = repeats;
  }

  /** Writes the next frame into `packet` from `start` on, filled up with silence at the end; false: there is none left. */
  next(law: Law, packet: Uint8Array, start: number): boolean {
    let written = 0;
    while (written < FRAME_BYTES) {
      if (this.#index === this.#sounds.length && this.#repeats) this.#index = 0;
      const sound = this.#sounds[this.#index]?.[law];
      if (sound === undefined) break;
      const part = sound.subarray(this.#at, this.#at + FRAME_BYTES - written);
      packet.set(part, start + written);
      written += part.length;
      this.#at += part.length;
      if (this.#at >= sound.length) {
        this.#index++;
        this.#at = 0;
      }
    }
    if (written === 0) return false;
    if (written < FRAME_BYTES) packet.fill(SILENCE[law], start + written, start + FRAME_BYTES);
    return true;
  }
}
