import { expect } from 'vitest';
import type { AnyStateMachine, EventObject, StateValue } from 'xstate';
import type { Message } from '../../src/engine/entry.ts';
import { Runner, type Running, type Status } from '../../src/engine/runner.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

/** What a chart is given: an event, or milliseconds that pass. */
export type Stimulus = number | EventObject;
/** What a chart emitted, and when. */
export type Told = Message & { readonly atMs: number };
export type Node = AnyStateMachine['root'];
type Transition = ReturnType<AnyStateMachine['getTransitionData']>[number];

/** Every node of a chart, the root first. */
export const nodesOf = (node: Node): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesOf(child as unknown as Node)),
];

export const dotted = (value: StateValue): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value)
        .map(([key, child]) => (child === undefined ? key : `${key}.${dotted(child)}`))
        .join(' ');

/** `leg.incoming on leg.progress`, with its number where a state has several for one event. */
function nameOf(transition: Transition): string {
  const { source, eventType } = transition;
  const all = source.transitions.get(eventType) ?? [];
  return `${source.id} on ${eventType}${all.length > 1 ? ` #${all.indexOf(transition) + 1}` : ''}`;
}

const allOf = (machine: AnyStateMachine): string[] =>
  nodesOf(machine.root).flatMap((node) => [...node.transitions.values()].flat().map((one) => nameOf(one as Transition)));

/** Which transitions of a chart the charts of one test file have gone through. */
export class Coverage {
  readonly #machine: AnyStateMachine;
  readonly #seen = new Set<string>();

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
  }

  note(transitions: readonly Transition[]): void {
    for (const transition of transitions) this.#seen.add(nameOf(transition));
  }

  /** Transitions that nothing went through; those without an event are seen by where they lead. */
  get missed(): string[] {
    return allOf(this.#machine).filter((name) => !this.#seen.has(name));
  }
}

/** One chart, run as the engine runs it, alone and in virtual time. */
export class Chart {
  readonly told: Told[] = [];
  status: Status;
  /** Whether the chart had a transition for the latest event. */
  taken = true;
  readonly #time = new VirtualTime();
  readonly #running: Running = { snapshot: undefined, timers: undefined };
  readonly #runner: Runner;
  readonly #machine: AnyStateMachine;
  readonly #coverage: Coverage | undefined;
  #seq = 0;

  constructor(machine: AnyStateMachine, input: unknown, coverage?: Coverage) {
    const timers = new TimerHeap(this.#time, (error) => {
      throw error;
    });
    this.#machine = machine;
    this.#coverage = coverage;
    this.#runner = new Runner(timers, (_running, event) => this.#step(event));
    this.status = this.#runner.start(this.#running, machine, input, 1);
    this.#collect();
  }

  get now(): number {
    return this.#time.now();
  }

  get state(): string {
    return dotted(this.#running.snapshot?.value ?? {});
  }

  get context(): Readonly<Record<string, unknown>> {
    return this.#running.snapshot?.context ?? {};
  }

  /** Number of delayed events that are armed. */
  get armed(): number {
    return this.#ids().length;
  }

  /** Gives it one event after the other, stamped as the engine does; returns what it emitted to all of them. */
  give(...stimuli: readonly Stimulus[]): Told[] {
    const before = this.told.length;
    for (const stimulus of stimuli) {
      if (typeof stimulus === 'number') this.#time.advance(stimulus);
      else this.#step({ by: 'somebody', ...stimulus, seq: ++this.#seq, at: this.now, cause: 0 } as EventObject);
    }
    return this.told.slice(before);
  }

  #step(event: EventObject): void {
    const { snapshot } = this.#running;
    if (snapshot === undefined || this.status !== 'active') throw new Error(`${event.type} reached a chart that has ended`);
    this.#coverage?.note(this.#machine.getTransitionData(snapshot as never, event as never));
    this.status = this.#runner.step(this.#running, event, this.#seq);
    this.taken = this.#runner.taken;
    this.#collect();
  }

  #collect(): void {
    if (this.status === 'failed') throw this.#runner.error;
    for (const message of this.#runner.emitted) this.told.push({ ...message, atMs: this.now });
    // XState does not replace a delayed event of the same id: one that is armed twice fires twice.
    expect(this.#ids().toSorted(), 'delayed events').toEqual([...new Set(this.#ids())].toSorted());
    if (this.status === 'done') expect(this.armed, 'delayed events of a chart that has ended').toBe(0);
  }

  #ids(): string[] {
    const ids: string[] = [];
    for (let armed = this.#running.timers; armed !== undefined; armed = armed.next) ids.push(armed.id ?? '(nameless)');
    return ids;
  }
}

/** `name`, and what is to be read in the order of `expected` of what was told: each only what it names. */
export function expectTold(told: readonly Told[], expected: readonly object[]): void {
  expect(told.map(({ type }) => type)).toEqual(expected.map((one) => (one as Message).type));
  expect(told).toMatchObject(expected);
}
