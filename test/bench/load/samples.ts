/** Latencies of one kind, milliseconds. */
export class Samples {
  readonly #values: number[] = [];
  #sorted = true;

  add(valueMs: number): void {
    this.#values.push(valueMs);
    this.#sorted = false;
  }

  get count(): number {
    return this.#values.length;
  }

  /** The value below which that share of all lies; NaN without samples. 1 is the maximum. */
  quantile(share: number): number {
    if (!this.#sorted) this.#values.sort((a, b) => a - b);
    this.#sorted = true;
    const last = this.#values.length - 1;
    return this.#values[Math.min(last, Math.floor(share * this.#values.length))] ?? Number.NaN;
  }
}
