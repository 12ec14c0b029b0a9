/** Who looks at a call now: each hears that something changed, at most once in a while however much did. */
import type { TimerQueue } from '../timers.ts';

export class Watchers {
  readonly #timers: TimerQueue;
  readonly #byCall = new Map<string, Set<() => void>>();
  readonly #changed = new Set<string>();

  constructor(timers: TimerQueue) {
    this.#timers = timers;
  }

  /** Returns how to stop; `idle` is called when nobody looks at that call any more. */
  add(call: string, watcher: () => void, idle: () => void): () => void {
    const own = (): void => watcher();
    const all = this.#byCall.get(call) ?? new Set();
    this.#byCall.set(call, all.add(own));
    return () => {
      if (!all.delete(own) || all.size > 0) return;
      this.#byCall.delete(call);
      idle();
    };
  }

  /** Something of it changed. */
  note(call: string): void {
    this.#changed.add(call);
    if (this.#changed.size === 1) this.#timers.set(0, () => this.#tell());
  }

  #tell(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const call of changed) for (const watcher of this.#byCall.get(call) ?? []) watcher();
  }
}
