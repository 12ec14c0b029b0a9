/** Longest User-Agent that is looked through. */
const MAX_LOOKED_AT = 256;

/** Programs that look for open SIP services, by what stands in their User-Agent. */
export class Scanners {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names.map((name) => name.toLowerCase());
  }

  has(userAgent: string | undefined): boolean {
    if (userAgent === undefined || this.#names.length === 0) return false;
    const text = userAgent.slice(0, MAX_LOOKED_AT).toLowerCase();
    return this.#names.some((name) => text.includes(name));
  }
}
