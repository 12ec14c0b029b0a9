/** A machine's snapshot as XState has it, kept in two words: everything else follows from the leaf. */
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, matchesState, type StateValue } from 'xstate';
import type { Leaf } from './chart.ts';

type Status = AnyMachineSnapshot['status'];
type Context = AnyMachineSnapshot['context'];
const NOTHING: Readonly<Record<string, never>> = Object.freeze({});

/** An active machine that a chart runs. */
export class ChartSnapshot {
  readonly leaf: Leaf;
  readonly context: Context;

  constructor(leaf: Leaf, context: Context) {
    this.leaf = leaf;
    this.context = context;
  }

  get status(): Status {
    return 'active';
  }

  get output(): unknown {
    return undefined;
  }

  get error(): unknown {
    return undefined;
  }

  get machine(): AnyStateMachine {
    return this.leaf.chart.machine;
  }

  get value(): StateValue {
    return this.leaf.value;
  }

  get tags(): ReadonlySet<string> {
    return this.leaf.tags;
  }

  get children(): Readonly<Record<string, never>> {
    return NOTHING;
  }

  get historyValue(): Readonly<Record<string, never>> {
    return NOTHING;
  }

  /** XState's `stateIn` reads it. */
  get _nodes(): Leaf['nodes'] {
    return this.leaf.nodes;
  }

  matches(value: StateValue): boolean {
    return matchesState(value, this.value);
  }

  hasTag(tag: string): boolean {
    return this.tags.has(tag);
  }

  can(event: EventObject): boolean {
    const transitions = this.machine.getTransitionData(this as never, event as never);
    return transitions.some(({ target, actions }) => target !== undefined || actions.length > 0);
  }

  getMeta(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this._nodes.filter(({ meta }) => meta !== undefined).map(({ id, meta }) => [id, meta]));
  }

  toJSON(): unknown {
    const { status, output, error, context, value, children, historyValue, tags } = this;
    return { status, output, error, context, value, children, historyValue, tags: [...tags] };
  }
}

/** A machine that is done, or failed. */
export class LastSnapshot extends ChartSnapshot {
  readonly #status: Status;
  readonly #output: unknown;
  readonly #error: unknown;

  constructor(leaf: Leaf, context: Context, status: Status, output: unknown, error: unknown) {
    super(leaf, context);
    this.#status = status;
    this.#output = output;
    this.#error = error;
  }

  override get status(): Status {
    return this.#status;
  }

  override get output(): unknown {
    return this.#output;
  }

  override get error(): unknown {
    return this.#error;
  }
}
