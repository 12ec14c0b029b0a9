const SMALLEST = 1024;

/** The ring buffer that holds facts and commands in the one order in which they are taken. */
export class Mailbox<Entry> {
  #slots: (Entry | undefined)[] = new Array(SMALLEST);
  #head = 0;
  #size = 0;
  readonly #limit: number;

  /** `limit`: how many entries may wait at once. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.#limit;
  }

  append(entry: Entry): void {
    if (this.#size === this.#slots.length) this.#resize(this.#slots.length * 2);
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = entry;
    this.#size++;
  }

  take(): Entry | undefined {
    if (this.#size === 0) return undefined;
    const entry = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#size--;
    // A burst must not cost its memory for ever.
    if (this.#size === 0 && this.#slots.length > 16 * SMALLEST) this.#resize(SMALLEST);
    return entry;
  }

  #resize(length: number): void {
    const slots: (Entry | undefined)[] = new Array(length);
    for (let i = 0; i < this.#size; i++) slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
