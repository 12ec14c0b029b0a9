/** Whether a target is worth asking: one that gives no answer again and again is left alone for a while. */
export class Circuit {
  #failures = 0;
  #closedAgainMs = 0;
  #isProbing = false;

  /** Asked once before each request: false while the target is left alone; then one request tries it. */
  admits(nowMs: number): boolean {
    if (this.#failures < FAILURES) return true;
    if (this.#isProbing || nowMs < this.#closedAgainMs) return false;
    this.#isProbing = true;
    return true;
  }

  /** An answer came, whatever it says. True if the target had been left alone. */
  answered(): boolean {
    const wasOpen = this.#failures >= FAILURES;
    this.#failures = 0;
    this.#isProbing = false;
    return wasOpen;
  }

  /** No answer came. True if the target is left alone from now on. */
  failed(nowMs: number): boolean {
    this.#failures += 1;
    this.#isProbing = false;
    if (this.#failures < FAILURES) return false;
    this.#closedAgainMs = nowMs + PAUSE_MS;
    return this.#failures === FAILURES;
  }

  /** Nobody wants the answer any more. */
  abandoned(): void {
    this.#isProbing = false;
  }
}

/** Requests in a row without an answer, after which a target counts as down. */
export const FAILURES = 5;
/** How long it is left alone then. */
export const PAUSE_MS = 10_000;
