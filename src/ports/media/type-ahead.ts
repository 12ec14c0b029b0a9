import { MAX_DIGITS } from './patterns.ts';

/** How long a key is kept for whoever asks for keys next. */
export const KEPT_MS = 10_000;

/** Keys that were pressed before anybody asked for them: at most 32, none older than 10 s. */
export class TypeAhead {
  readonly #keys: { readonly key: string; readonly at: number }[] = [];

  keep(key: string, now: number): void {
    if (this.#keys.length >= MAX_DIGITS) this.#keys.shift();
    this.#keys.push({ key, at: now });
  }

  /** Gives the oldest one away. */
  next(now: number): string | undefined {
    for (let kept = this.#keys.shift(); kept !== undefined; kept = this.#keys.shift())
      if (now - kept.at <= KEPT_MS) return kept.key;
    return undefined;
  }

  forget(): void {
    this.#keys.length = 0;
  }
}
