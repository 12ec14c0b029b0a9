/** One value of a metric, with its labels. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const OTHER = 'other';

/**
 * Numbers that only grow, one for each value of one label. The values are known beforehand, and whatever else comes counts as
 * `other`: nobody from outside can make a new series.
 */
export class Counts {
  readonly #label: string;
  readonly #numbers = new Map<string, number>();

  constructor(label: string, known: readonly string[]) {
    this.#label = label;
    this.know(known);
  }

  /** Has these values too. */
  know(values: readonly string[]): void {
    for (const value of values) if (!this.#numbers.has(value)) this.#numbers.set(value, 0);
  }

  add(value: string, by = 1): void {
    const number = this.#numbers.get(value);
    if (number === undefined) this.#numbers.set(OTHER, (this.#numbers.get(OTHER) ?? 0) + by);
    else this.#numbers.set(value, number + by);
  }

  read(): Reading[] {
    return [...this.#numbers].map(([value, number]) => ({ labels: { [this.#label]: value }, value: number }));
  }
}
