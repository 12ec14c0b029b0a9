import type { CollectEnd, DigitForm } from '../../../machines/vocabulary/media.ts';
import { standing } from './patterns.ts';

/** Digits as a party presses them, held against what was asked for; it knows no time. */
export class Collector {
  readonly #form: DigitForm;
  #digits = '';

  constructor(form: DigitForm) {
    this.#form = form;
  }

  get digits(): string {
    return this.#digits;
  }

  /** Takes one more; says how it ended where this was the last one. */
  press(digit: string): CollectEnd | undefined {
    const { max, patterns, terminator } = this.#form;
    const digits = this.#digits + digit;
    const next = standing(patterns, digits);
    const isAwaited = next.isWhole || next.isBeginning;
    if (digit === terminator && !isAwaited) return this.#isMatched ? 'matched' : 'terminated';
    this.#digits = digits;
    if (patterns.length === 0) return digits.length >= max ? 'full' : undefined;
    if (!isAwaited) return 'unmatched';
    if (next.isWhole && (!next.isBeginning || digits.length >= max)) return 'matched';
    return digits.length >= max ? 'full' : undefined;
  }

  /** Nobody pressed the next one in time. */
  timeUp(): CollectEnd {
    if (this.#digits === '') return 'silent';
    return this.#isMatched ? 'matched' : 'timeout';
  }

  get #isMatched(): boolean {
    return standing(this.#form.patterns, this.#digits).isWhole;
  }
}
