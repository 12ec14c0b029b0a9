/** Machines between two steps, as values: any number of futures can be tried from one, and none of them changes it. */
import type { Scenario } from '../../machines/scenario.ts';
import type { Timer, TimerQueue } from '../timers.ts';
import type { Message } from './entry.ts';
import { ArmedTimer, Runner, type Running, type Status } from './runner.ts';

type Event = { readonly type: string };

/** A delayed event that is armed. */
export interface Armed {
  readonly id: string | undefined;
  readonly event: Event;
  readonly dueMs: number;
  /** How long it was to wait when it was armed. */
  readonly delayMs: number;
  /** Of two that fall due together the one with the lower order comes first. */
  readonly order: number;
  /** Whether a cancel by its id means it. */
  readonly isNamed: boolean;
}

/** One machine at one instant, with what the step that led here did. */
export interface Moment {
  readonly atMs: number;
  readonly status: Status;
  readonly snapshot: NonNullable<Running['snapshot']> | undefined;
  /** In the order in which they were armed. */
  readonly armed: readonly Armed[];
  readonly emitted: readonly Message[];
  /** Whether the chart had a transition for the step's event, be it an empty one. */
  readonly taken: boolean;
  /** Why the step failed. */
  readonly error: unknown;
}

interface StillTimer extends Timer {
  readonly delayMs: number;
  readonly order: number;
}

const NOTHING: readonly never[] = [];

/** The armed event that falls due first. */
export function earliest(armed: readonly Armed[]): Armed | undefined {
  let first: Armed | undefined;
  for (const one of armed)
    if (first === undefined || one.dueMs < first.dueMs || (one.dueMs === first.dueMs && one.order < first.order)) first = one;
  return first;
}

/** Takes steps with the engine's own runner, from any moment. */
export class Moments {
  readonly #runner: Runner;
  #nowMs = 0;
  #order = 0;

  constructor() {
    const timers: TimerQueue = {
      now: () => this.#nowMs,
      set: (delayMs) => this.#timer(delayMs),
      clear() {},
    };
    this.#runner = new Runner(timers, () => {});
  }

  /** A machine's first moment. */
  birth(machine: Scenario['machine'], input: unknown, atMs: number): Moment {
    const running: Running = { snapshot: undefined, timers: undefined };
    this.#nowMs = atMs;
    return this.#moment(running, this.#runner.start(running, machine, input, 0));
  }

  /** What becomes of a moment that is active when it takes an event at `atMs`. */
  step(moment: Moment, event: Event, atMs: number): Moment {
    return this.#step(moment, event, atMs, undefined);
  }

  /** What becomes of a moment when one of its armed events falls due. */
  fire(moment: Moment, due: Armed): Moment {
    return this.#step(moment, due.event, Math.max(due.dueMs, moment.atMs), due);
  }

  /** Whether the chart has a transition for the event. Throws what a guard throws. */
  takes({ snapshot }: Moment, event: Event): boolean {
    return this.#runner.takes({ snapshot, timers: undefined }, event);
  }

  #step(moment: Moment, event: Event, atMs: number, fired: Armed | undefined): Moment {
    this.#nowMs = atMs;
    const running: Running = { snapshot: moment.snapshot, timers: undefined };
    for (const armed of moment.armed) if (armed !== fired) running.timers = rearmed(running, armed, fired);
    return this.#moment(running, this.#runner.step(running, event, 0));
  }

  #moment(running: Running, status: Status): Moment {
    const { emitted, taken, error } = this.#runner;
    return {
      atMs: this.#nowMs,
      status,
      snapshot: running.snapshot,
      armed: status === 'active' ? armedOf(running) : NOTHING,
      emitted: emitted.length === 0 ? NOTHING : emitted.slice(),
      taken,
      error,
    };
  }

  /** As the engine's own queue, it refuses what is no number of milliseconds. */
  #timer(delayMs: number): StillTimer {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a timer's delay is a finite number of milliseconds, not ${delayMs}`);
    return { dueMs: this.#nowMs + Math.max(delayMs, 0), delayMs, order: ++this.#order };
  }
}

/** As XState has it, no event of an id is named any more once one of that id fired. */
function rearmed(running: Running, armed: Armed, fired: Armed | undefined): ArmedTimer {
  const again = new ArmedTimer(running, armed.id, armed.event, 0);
  again.isNamed = armed.isNamed && (armed.id === undefined || armed.id !== fired?.id);
  again.timer = armed;
  return again;
}

function armedOf(running: Running): readonly Armed[] {
  if (running.timers === undefined) return NOTHING;
  const armed: Armed[] = [];
  for (let one: ArmedTimer | undefined = running.timers; one !== undefined; one = one.next) {
    const { id, event, isNamed } = one;
    const { dueMs, delayMs, order } = one.timer as StillTimer;
    armed.push({ id, event, dueMs, delayMs, order, isNamed });
  }
  return armed.reverse();
}
