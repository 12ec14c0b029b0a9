/** What is remembered of each key for some time after it was last wanted; what a step costs does not grow with what is kept. */
export class Fading<V> {
  readonly #kept = new Map<string, V>();
  #queue: { readonly dueMs: number; readonly key: string }[] = [];
  #next = 0;
  readonly #forMs: number;
  readonly #isOver: (value: V, atMs: number) => boolean;

  /** `isOver` is asked when the time is up: false keeps the value for as long again. */
  constructor(forMs: number, isOver: (value: V, atMs: number) => boolean = () => true) {
    this.#forMs = forMs;
    this.#isOver = isOver;
  }

  get(key: string): V | undefined {
    return this.#kept.get(key);
  }

  values(): Iterable<V> {
    return this.#kept.values();
  }

  get size(): number {
    return this.#kept.size;
  }

  set(key: string, value: V, nowMs: number): void {
    if (!this.#kept.has(key)) this.#queue.push({ dueMs: nowMs + this.#forMs, key });
    this.#kept.set(key, value);
  }

  /** Forgets what is over. */
  sweep(nowMs: number): void {
    for (let first = this.#queue[this.#next]; first !== undefined && first.dueMs <= nowMs; first = this.#queue[this.#next]) {
      this.#next += 1;
      const value = this.#kept.get(first.key);
      if (value === undefined) continue;
      if (this.#isOver(value, nowMs)) this.#kept.delete(first.key);
      else this.#queue.push({ dueMs: nowMs + this.#forMs, key: first.key });
    }
    if (this.#next < 1024 || this.#next * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#next);
    this.#next = 0;
  }

  clear(): void {
    this.#kept.clear();
    this.#queue = [];
    this.#next = 0;
  }
}
