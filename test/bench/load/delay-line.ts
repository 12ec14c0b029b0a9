/** Entries due a fixed time after they were put in: first in is first due, so no heap is needed. */
export class DelayLine<T> {
  readonly delayMs: number;
  readonly #take: (entry: T) => void;
  #entries: { readonly dueMs: number; readonly entry: T }[] = [];
  #head = 0;

  constructor(delayMs: number, take: (entry: T) => void) {
    this.delayMs = delayMs;
    this.#take = take;
  }

  put(entry: T, nowMs: number): void {
    this.#entries.push({ dueMs: nowMs + this.delayMs, entry });
  }

  /** Takes everything that is due. */
  run(nowMs: number): void {
    for (let next = this.#entries[this.#head]; next !== undefined && next.dueMs <= nowMs; next = this.#entries[this.#head]) {
      this.#head += 1;
      this.#take(next.entry);
    }
    if (this.#head > 4096 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
