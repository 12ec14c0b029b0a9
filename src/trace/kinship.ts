/** Which Call-IDs belong to one call: a B2BUA gives each leg another. */

/** More than this are not remembered; the oldest go first. */
const MAX_CALLS = 20_000;

export class Kinship {
  /** The Call-IDs of a call, its caller's first; filed under each of them. */
  readonly #families = new Map<string, string[]>();
  readonly #caller = new Map<string, string>();

  /** A leg of that call was opened; the caller's comes first. */
  add(call: string, callId: string): void {
    const caller = this.#caller.get(call);
    const family = caller === undefined ? undefined : this.#families.get(caller);
    if (family === undefined) {
      this.#caller.set(call, callId);
      this.#families.set(callId, [callId]);
    } else if (!family.includes(callId)) {
      family.push(callId);
      this.#families.set(callId, family);
    }
    if (this.#caller.size > MAX_CALLS) this.#forgetOldest();
  }

  /** All Call-IDs of the call to which that one belongs. */
  of(callId: string): readonly string[] {
    return this.#families.get(callId) ?? [callId];
  }

  /** The caller's Call-ID of that call: what correlates its legs. */
  callerOf(callId: string): string {
    return this.#families.get(callId)?.[0] ?? callId;
  }

  clear(): void {
    this.#families.clear();
    this.#caller.clear();
  }

  #forgetOldest(): void {
    const [oldest] = this.#caller;
    if (oldest === undefined) return;
    const [call, caller] = oldest;
    for (const callId of this.#families.get(caller) ?? []) this.#families.delete(callId);
    this.#caller.delete(call);
  }
}
