/** Time as the rest of the program sees it; production and the virtual world each have one. */
export interface Clock {
  /** Milliseconds since the epoch; never runs backwards. */
  now(): number;
  /** Calls `wake` once at or after `atMs`, replacing any earlier alarm; `undefined` clears it. */
  alarm(atMs: number | undefined, wake: () => void): void;
  /** Calls `task` after pending I/O had its turn. */
  yield(task: () => void): void;
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's clock: monotonic, so that a corrected wall clock neither fires nor delays a timer. */
export class SystemClock implements Clock {
  #handle: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;

  now(): number {
    return performance.timeOrigin + performance.now();
  }

  alarm(atMs: number | undefined, wake: () => void): void {
    if (this.#handle !== undefined && atMs === this.#due) return;
    clearTimeout(this.#handle);
    this.#handle = undefined;
    this.#due = atMs ?? Number.POSITIVE_INFINITY;
    if (atMs === undefined) return;
    // setTimeout counts whole milliseconds and may fire a fraction early; a wake before the due time only re-arms.
    const delayMs = Math.min(Math.max(Math.ceil(atMs - this.now()), 0), LONGEST_TIMEOUT_MS);
    this.#handle = setTimeout(() => {
      this.#handle = undefined;
      wake();
    }, delayMs);
  }

  yield(task: () => void): void {
    setImmediate(task);
  }

  /** Milliseconds that the process has been busy, rather than waiting for something to do, since it began. */
  busyMs(): number {
    return performance.eventLoopUtilization().active;
  }
}
