import type { Clock } from '../../clock.ts';
import type { GatedTimers } from '../../engine/engine.ts';
import type { Timer } from '../../timers.ts';

interface Armed extends Timer {
  readonly order: number;
  readonly fire: () => void;
}

/** The clock and the timers of a replay: time stands where the journal says, and nothing happens until it is asked for. */
export class RecordedTime implements Clock, GatedTimers {
  #nowMs: number;
  #order = 0;
  #armed: Armed[] = [];
  #task: (() => void) | undefined;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** Goes on to an instant; never back. */
  advanceTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  set(delayMs: number, fire: () => void): Timer {
    const armed = { dueMs: this.#nowMs + Math.max(delayMs, 0), order: this.#order++, fire };
    this.#armed.push(armed);
    return armed;
  }

  clear(timer: Timer | undefined): void {
    this.#armed = this.#armed.filter((armed) => armed !== timer);
  }

  /** When the next timer is due; undefined if none is armed. */
  get nextDueMs(): number | undefined {
    return this.#next?.dueMs;
  }

  /** Fires the next timer, at its instant or now if that is later. */
  fireNext(): void {
    const next = this.#next;
    if (next === undefined) return;
    this.clear(next);
    this.advanceTo(next.dueMs);
    next.fire();
  }

  get #next(): Armed | undefined {
    return this.#armed.reduce<Armed | undefined>(
      (first, armed) =>
        first === undefined || armed.dueMs < first.dueMs || (armed.dueMs === first.dueMs && armed.order < first.order)
          ? armed
          : first,
      undefined,
    );
  }

  yield(task: () => void): void {
    this.#task = task;
  }

  /** Whether the engine has an entry to take. */
  get hasTask(): boolean {
    return this.#task !== undefined;
  }

  /** Lets the engine take one entry. */
  runTask(): void {
    const task = this.#task;
    this.#task = undefined;
    task?.();
  }

  alarm(): void {}
  gate(): void {}
  resume(): void {}
}
