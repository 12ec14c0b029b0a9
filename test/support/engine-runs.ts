/** One machine taken through one history in three ways: by tables, by XState's machine under the runner, and by `createActor`. */
import { expect } from 'vitest';
import { type AnyStateMachine, createActor, type EventObject } from 'xstate';
import { chartOf } from '../../src/engine/chart/compile.ts';
import type { Message } from '../../src/engine/entry.ts';
import { Runner, type Running, type Status } from '../../src/engine/runner.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import type { Timer } from '../../src/timers.ts';

/** Milliseconds that pass, or an event, made for the instant at which it is given. */
export type Step = number | ((nowMs: number) => EventObject);

/** What can be seen of a machine after a step. */
interface Seen {
  readonly told: readonly (readonly [nowMs: number, message: Message])[];
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly tags?: readonly string[];
  readonly output?: unknown;
  readonly error?: string;
  /** Instants at which armed timers fall due, in the order in which they were set. */
  readonly due?: readonly number[];
}

interface Looks {
  readonly status: string;
  readonly value: unknown;
  readonly context: unknown;
  readonly tags: ReadonlySet<string>;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** A chart that arms two timers whenever one fires has no end of them: time stands still once it has this many. */
const MAX_ARMED = 20;

class World {
  readonly time = new VirtualTime(0);
  readonly told: (readonly [number, Message])[] = [];
  readonly armed = new Set<Timer>();
  readonly #heap = new TimerHeap(this.time, (error) => {
    throw error;
  });

  now(): number {
    return this.time.now();
  }

  set(delayMs: number, fire: () => void): Timer {
    const timer = this.#heap.set(delayMs, () => {
      this.armed.delete(timer);
      fire();
    });
    this.armed.add(timer);
    return timer;
  }

  clear(timer: Timer | undefined): void {
    if (timer !== undefined) this.armed.delete(timer);
    this.#heap.clear(timer);
  }

  advance(ms: number): void {
    if (this.armed.size <= MAX_ARMED) this.time.advance(ms);
  }

  look({ status, value, context, tags, output }: Looks): Seen {
    const told = [...this.told];
    const due = status === 'active' ? [...this.armed].map(({ dueMs }) => dueMs) : [];
    return { told, status, value, context, tags: [...tags], output, due };
  }
}

const failed = (told: Seen['told'], error: unknown): Seen => ({
  told: [...told],
  status: 'failed',
  error: error instanceof Error ? error.message : String(error),
});

function takes(runner: Runner, running: Running, event: EventObject): boolean {
  try {
    return runner.takes(running, event);
  } catch {
    return true; // a guard that throws fails the step as well
  }
}

/** By the runner, as the engine runs it; `by` says in which of its two ways. */
export function byRunner(machine: AnyStateMachine, input: unknown, steps: readonly Step[], by: 'tables' | 'xstate') {
  const world = new World();
  const running: Running = { snapshot: undefined, timers: undefined };
  const taken: boolean[] = [];
  let status: Status;
  const follow = (next: Status) => {
    status = next;
    for (const message of runner.emitted) world.told.push([world.now(), message]);
  };
  const due = (_: Running, event: EventObject, cause: number) => {
    expect(cause).toBe(1);
    follow(runner.step(running, event, 1));
    taken.push(runner.taken);
  };
  const runner: Runner = new Runner(world, due, by === 'tables' ? chartOf : () => 'as asked');
  const look = (): Seen =>
    status === 'failed' ? failed(world.told, runner.error) : world.look(running.snapshot as unknown as Looks);
  follow(runner.start(running, machine, input, 1));
  const seen = [look()];
  for (const step of steps) {
    if (typeof step === 'number') world.advance(step);
    else if (running.snapshot?.status === 'active' && seen.at(-1)?.status === 'active') {
      const event = step(world.now());
      const isTaken = takes(runner, running, event);
      follow(runner.step(running, event, 1));
      taken.push(runner.taken);
      expect(runner.taken).toBe(isTaken);
    }
    seen.push(look());
  }
  if (seen.at(-1)?.status !== 'active') expect(world.armed.size).toBe(0);
  return { seen, taken };
}

/** By XState alone. */
export function byActor(machine: AnyStateMachine, input: unknown, steps: readonly Step[]): Seen[] {
  const world = new World();
  const clock = {
    setTimeout: (fire: () => void, ms: number) => world.set(ms, fire),
    clearTimeout: (timer: never) => world.clear(timer),
  };
  const actor = createActor(machine, { input, clock: clock as never, logger: () => {} });
  // What a failing step emitted before it failed is nobody's business: createActor loses it or not, the runner always.
  let now: Message[] = [];
  const keep = () => {
    for (const message of now) world.told.push([world.now(), message]);
    now = [];
  };
  actor.on('*', (message) => now.push(message as Message));
  actor.subscribe({ next: keep, complete: keep, error: () => {} });
  actor.start();
  const look = (): Seen => {
    const snapshot = actor.getSnapshot() as Looks;
    if (snapshot.status === 'error') now = [];
    keep();
    return snapshot.status === 'error' ? failed(world.told, snapshot.error) : world.look(snapshot);
  };
  const seen = [look()];
  for (const step of steps) {
    if (typeof step === 'number') world.advance(step);
    else if (actor.getSnapshot().status === 'active') actor.send(step(world.now()));
    seen.push(look());
  }
  return seen;
}

/** Fails unless all three ways show the same after each step; returns what they showed. */
export function expectSame(machine: AnyStateMachine, input: unknown, steps: readonly Step[]): readonly Seen[] {
  const tables = byRunner(machine, input, steps, 'tables');
  expect(tables).toEqual(byRunner(machine, input, steps, 'xstate'));
  expect(tables.seen).toEqual(byActor(machine, input, steps));
  return tables.seen;
}
