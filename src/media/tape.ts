/** Two parties' audio on one time line, as they came: one channel each. */
import { type Law, LINEAR } from '../rtp/g711.ts';

const PER_MS = 8;
/** Frames (a sample of each party) that are kept before they are written. */
const KEPT = 2 * 8000;
/** What comes later than this is left out: jitter, and the other party's way through us. */
const SETTLED = 400 * PER_MS;
/** A stream that is so far behind or ahead of the clock is put to where the clock is: it paused, or its clock is off. */
const BEHIND = 120 * PER_MS;
const AHEAD = 400 * PER_MS;
const FRAME_BYTES = 4;

export type Track = 0 | 1;

export class Tape {
  readonly #beganMs: number;
  readonly #frames = new Int16Array(2 * KEPT);
  /** Where each party goes on, in frames since the beginning. */
  readonly #next: [number, number] = [0, 0];
  #written = 0;
  readonly #write: (chunk: Buffer) => void;

  constructor(nowMs: number, write: (chunk: Buffer) => void) {
    this.#beganMs = nowMs;
    this.#write = write;
  }

  /** Bytes of audio that were written. */
  get bytes(): number {
    return this.#written * FRAME_BYTES;
  }

  /** One party's G.711 that came now. */
  put(track: Track, law: Law, bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    const now = this.#at(nowMs);
    let at = this.#next[track];
    if (at < now - BEHIND || at > now + AHEAD) at = now;
    const length = Math.min(end - start, KEPT / 4);
    if (at + length - this.#written > KEPT) this.settle(nowMs);
    const table = LINEAR[law];
    for (let n = Math.max(0, this.#written - at); n < length; n++)
      this.#frames[2 * ((at + n) % KEPT) + track] = table[bytes[start + n] ?? 0] ?? 0;
    this.#next[track] = at + length;
  }

  /** Writes what nothing more can come to. */
  settle(nowMs: number): void {
    this.#writeTo(Math.max(this.#written, this.#at(nowMs) - SETTLED));
  }

  /** Writes what is left. */
  end(nowMs: number): void {
    this.#writeTo(Math.max(this.#written, this.#at(nowMs)));
  }

  #at(nowMs: number): number {
    return Math.floor((nowMs - this.#beganMs) * PER_MS);
  }

  #writeTo(end: number): void {
    while (this.#written < end) {
      // What was not kept is silence: nobody looked after it for that long.
      const count = Math.min(end - this.#written, KEPT);
      const chunk = Buffer.allocUnsafe(count * FRAME_BYTES);
      for (let n = 0; n < count; n++) {
        const at = 2 * ((this.#written + n) % KEPT);
        chunk.writeInt16LE(this.#frames[at] ?? 0, n * FRAME_BYTES);
        chunk.writeInt16LE(this.#frames[at + 1] ?? 0, n * FRAME_BYTES + 2);
        this.#frames[at] = 0;
        this.#frames[at + 1] = 0;
      }
      this.#written += count;
      this.#write(chunk);
    }
  }
}
