import type { Clock } from '../clock.ts';

const MAX_TURNS_AT_ONE_INSTANT = 10_000;

/** A clock that stands still until it is told to go on, and then stops at each instant at which something is due. */
export class VirtualTime implements Clock {
  #nowMs: number;
  #alarmMs: number | undefined;
  #wake: () => void = () => {};
  #tasks: (() => void)[] = [];
  #running = false;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  alarm(atMs: number | undefined, wake: () => void): void {
    this.#alarmMs = atMs;
    this.#wake = wake;
  }

  yield(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Goes on by `ms`, doing all that falls due on the way, at its instant. */
  advance(ms: number): void {
    this.advanceTo(this.#nowMs + ms);
  }

  /** Goes on to the instant `atMs`, doing all that falls due up to and including it. Throws when called from within itself. */
  advanceTo(atMs: number): void {
    this.#runTo(atMs);
    if (this.#nowMs < atMs) this.#nowMs = atMs;
  }

  /** Goes on until nothing is due any more, by at most `limitMs`; stops at the last instant that had something. True if idle. */
  runUntilIdle(limitMs: number): boolean {
    this.#runTo(this.#nowMs + limitMs);
    return this.#alarmMs === undefined && this.#tasks.length === 0;
  }

  #runTo(endMs: number): void {
    if (this.#running) throw new Error('virtual time cannot be advanced by what it runs');
    this.#running = true;
    try {
      this.#turns(endMs);
    } finally {
      this.#running = false;
    }
  }

  #turns(endMs: number): void {
    let turns = 0;
    for (;;) {
      const beforeMs = this.#nowMs;
      this.#runTasks();
      if (this.#alarmMs !== undefined && this.#alarmMs <= (this.#tasks.length > 0 ? beforeMs : endMs)) this.#ring(this.#alarmMs);
      else if (this.#tasks.length === 0) return;
      turns = this.#nowMs === beforeMs ? turns + 1 : 0;
      if (turns > MAX_TURNS_AT_ONE_INSTANT)
        throw new Error(`time stands still at ${this.#nowMs}: something sets timers of 0 ms for ever`);
    }
  }

  #runTasks(): void {
    const tasks = this.#tasks;
    if (tasks.length === 0) return;
    this.#tasks = [];
    for (const task of tasks) task();
  }

  #ring(atMs: number): void {
    if (atMs > this.#nowMs) this.#nowMs = atMs;
    this.#alarmMs = undefined;
    this.#wake();
  }
}
