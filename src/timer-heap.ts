import type { Clock } from './clock.ts';
import type { Timer, TimerQueue } from './timers.ts';

const SLICE_MS = 5;
// A virtual clock stands still while callbacks run, so a slice ends by their number too.
const SLICE_CALLBACKS = 1024;
const OUT_OF_HEAP = -1;
const nothing = (): void => {};

class HeapTimer implements Timer {
  readonly dueMs: number;
  readonly order: number;
  fire: () => void;
  index = OUT_OF_HEAP;

  constructor(dueMs: number, order: number, fire: () => void) {
    this.dueMs = dueMs;
    this.order = order;
    this.fire = fire;
  }
}

const isBefore = (a: HeapTimer, b: HeapTimer): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** The one timer queue of a service: a binary heap by due instant, then order of setting, driven by a `Clock`. */
export class TimerHeap implements TimerQueue {
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  readonly #heap: HeapTimer[] = [];
  readonly #wake = (): void => this.#woken();
  readonly #afterYield = (): void => this.#continue();
  #mayFire: () => boolean = () => true;
  #order = 0;
  #armedMs = Number.POSITIVE_INFINITY;
  #firing = false;
  #blocked = false;
  #yielding = false;

  /** `report` hears what a callback threw; the other timers go on. */
  constructor(clock: Clock, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Number of timers that are set. */
  get size(): number {
    return this.#heap.length;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Callbacks are taken only while `mayFire` says so; whoever says no calls `resume` when it would say yes again. */
  gate(mayFire: () => boolean): void {
    this.#mayFire = mayFire;
  }

  /** Fires what is due, if the gate is open. */
  resume(): void {
    if (this.#firing || this.#yielding) return;
    const earliest = this.#heap[0];
    if (earliest === undefined || (!this.#blocked && earliest.dueMs > this.#clock.now())) return;
    this.#run();
  }

  /** A negative delay counts as 0. Throws on one that is not finite. */
  set(delayMs: number, fire: () => void): Timer {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a timer's delay is a finite number of milliseconds, not ${delayMs}`);
    const timer = new HeapTimer(this.#clock.now() + Math.max(delayMs, 0), this.#order++, fire);
    this.#heap.push(timer);
    this.#rise(timer, this.#heap.length - 1);
    if (timer.dueMs < this.#armedMs) this.#arm();
    return timer;
  }

  clear(timer: Timer | undefined): void {
    const known = timer as HeapTimer | undefined;
    if (known === undefined || known.index === OUT_OF_HEAP || this.#heap[known.index] !== known) return;
    this.#remove(known);
    // A cleared earliest timer leaves its alarm behind: waking early once is cheaper than re-arming on each clear.
    if (this.#heap.length === 0) this.#arm();
  }

  #woken(): void {
    this.#armedMs = Number.POSITIVE_INFINITY;
    if (!this.#firing && !this.#yielding) this.#run();
  }

  #continue(): void {
    this.#yielding = false;
    this.#run();
  }

  #run(): void {
    this.#firing = true;
    this.#blocked = false;
    const sliceEndsMs = this.#clock.now() + SLICE_MS;
    let taken = 0;
    for (let earliest = this.#heap[0]; earliest !== undefined; earliest = this.#heap[0]) {
      const nowMs = this.#clock.now();
      if (earliest.dueMs > nowMs) break;
      if (!this.#mayFire()) {
        this.#blocked = true;
        break;
      }
      if (nowMs >= sliceEndsMs || taken >= SLICE_CALLBACKS) {
        this.#yielding = true;
        this.#clock.yield(this.#afterYield);
        break;
      }
      taken += 1;
      this.#fire(earliest);
    }
    this.#firing = false;
    this.#arm();
  }

  #fire(timer: HeapTimer): void {
    const { fire } = timer;
    this.#remove(timer);
    try {
      fire();
    } catch (error) {
      this.#report(error);
    }
  }

  /** One alarm for the earliest timer; none while something else will continue the firing. */
  #arm(): void {
    if (this.#firing) return;
    const earliest = this.#blocked || this.#yielding ? undefined : this.#heap[0];
    const atMs = earliest?.dueMs ?? Number.POSITIVE_INFINITY;
    if (atMs === this.#armedMs) return;
    this.#armedMs = atMs;
    this.#clock.alarm(earliest?.dueMs, this.#wake);
  }

  #remove(timer: HeapTimer): void {
    const { index } = timer;
    const last = this.#heap.pop();
    timer.index = OUT_OF_HEAP;
    timer.fire = nothing; // owners keep timers longer than what these would hold on to
    if (last === undefined || last === timer) return;
    if (isBefore(last, timer)) this.#rise(last, index);
    else this.#sink(last, index);
  }

  #rise(timer: HeapTimer, from: number): void {
    const heap = this.#heap;
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(timer, parent)) break;
      heap[index] = parent;
      parent.index = index;
      index = above;
    }
    heap[index] = timer;
    timer.index = index;
  }

  #sink(timer: HeapTimer, from: number): void {
    const heap = this.#heap;
    let index = from;
    for (;;) {
      let below = 2 * index + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        below += 1;
      }
      if (!isBefore(child, timer)) break;
      heap[index] = child;
      child.index = index;
      index = below;
    }
    heap[index] = timer;
    timer.index = index;
  }
}
