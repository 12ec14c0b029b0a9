/** Runs charts: one event, all its microsteps, to the next snapshot. Equal to XState in all that can be seen (a property). */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import type { Args, Chart, Leaf, Move } from './chart.ts';
import { holds, resolveGuard } from './guard.ts';
import * as op from './op.ts';
import { ChartSnapshot, LastSnapshot } from './snapshot.ts';

type Context = AnyMachineSnapshot['context'];
type Fn = (args: object, params: unknown) => unknown;

/** What a machine does to the world, and the `self` and `system` that its actions are shown. */
export interface World {
  readonly self: unknown;
  readonly system: unknown;
  emit(event: unknown): void;
  arm(event: EventObject, delayMs: number, id: string | undefined): void;
  cancel(id: string): void;
  /** Throws: a machine of the engine spawns and sends to no actors. */
  refuse(): never;
}

const NO_MOVES: readonly Move[] = [];
const NO_LEAF = { always: NO_MOVES } as unknown as Leaf;

/** One for all machines of an engine: what it holds is of the step at hand. */
export class Interpreter {
  /** Whether the last step's event selected a transition, be it an empty one. */
  taken = true;
  readonly #world: World;
  readonly #enqueue: unknown;
  /** Raised without delay, and not yet taken. */
  readonly #raised: EventObject[] = [];
  /** What `enqueueActions` collected; nested ones stack up. */
  readonly #enqueued: op.Op[] = [];
  #chart: Chart = { machine: undefined } as never;
  #leaf: Leaf = NO_LEAF;
  #context: Context = {};
  #event: EventObject = { type: '' };
  #isDone = false;
  #output: unknown = undefined;
  /** Whether the latest microstep changed the context or the leaf; whether any did. */
  #changed = false;
  #everChanged = false;

  constructor(world: World) {
    this.#world = world;
    this.#enqueue = this.#makeEnqueue();
  }

  /** A machine's first snapshot; of one that fails at birth, a snapshot that says so. */
  start(chart: Chart, input: unknown): ChartSnapshot {
    const event = { type: 'xstate.init', input };
    const { context } = chart.machine.config;
    this.#begin(chart, chart.before, typeof context === 'function' || !context ? {} : (context as Context), event);
    let atBirth = this.#context;
    try {
      if (typeof context === 'function') {
        const { self, refuse } = this.#world;
        this.#context = { ...((context as Fn)({ spawn: refuse, input, self }, undefined) as object) };
      }
      atBirth = this.#context;
      this.#microstep(chart.birth);
      this.#settle();
      return this.#snapshot();
    } catch (error) {
      return new LastSnapshot(chart.before, atBirth, 'error', undefined, error);
    }
  }

  /** The snapshot after an event: the same one if nothing changed. Throws what guards and actions throw. */
  step(snapshot: ChartSnapshot, event: EventObject): ChartSnapshot {
    const { leaf } = snapshot;
    this.#begin(leaf.chart, leaf, snapshot.context, event);
    const move = this.#selected();
    if (move !== undefined) this.#microstep(move);
    else {
      if (event.type.startsWith('xstate.')) {
        const last = this.#meant(event);
        if (last !== undefined) return last;
      } else this.taken = false;
    }
    this.#settle();
    return this.#everChanged || this.#isDone ? this.#snapshot() : snapshot;
  }

  /** Whether an event would select a transition. Throws what a guard throws. */
  takes({ leaf, context }: ChartSnapshot, event: EventObject): boolean {
    this.#begin(leaf.chart, leaf, context, event);
    return this.#selected() !== undefined;
  }

  #begin(chart: Chart, leaf: Leaf, context: Context, event: EventObject): void {
    this.#chart = chart;
    this.#leaf = leaf;
    this.#context = context;
    this.#event = event;
    this.#raised.length = 0;
    this.#enqueued.length = 0;
    this.#isDone = false;
    this.#output = undefined;
    this.#everChanged = false;
    this.taken = true;
  }

  /** What XState means by an event of its own that no transition takes. */
  #meant(event: EventObject): ChartSnapshot | undefined {
    if (event.type === 'xstate.init') return undefined;
    this.taken = false;
    if (event.type === 'xstate.stop') return new LastSnapshot(this.#leaf, this.#context, 'stopped', undefined, undefined);
    if (!event.type.startsWith('xstate.error.actor')) return undefined;
    return new LastSnapshot(this.#leaf, this.#context, 'error', undefined, (event as EventObject & { error?: unknown }).error);
  }

  #snapshot(): ChartSnapshot {
    if (!this.#isDone) return new ChartSnapshot(this.#leaf, this.#context);
    return new LastSnapshot(this.#leaf, this.#context, 'done', this.#output, undefined);
  }

  /** Transitions without an event first, then what was raised, until nothing is left to do. */
  #settle(): void {
    const limit = this.#chart.machine.options?.maxIterations ?? Number.POSITIVE_INFINITY;
    let mayFollow = true;
    for (let turn = 1; !this.#isDone; turn++) {
      if (turn > limit) throw endless(limit);
      const following = mayFollow ? this.#following() : undefined;
      if (following !== undefined) {
        this.#microstep(following);
        mayFollow = this.#changed;
        continue;
      }
      if (this.#raised.length === 0) return;
      this.#event = this.#raised.shift() as EventObject;
      const move = this.#selected();
      if (move !== undefined) this.#microstep(move);
      mayFollow = true;
    }
  }

  #selected(): Move | undefined {
    const event = this.#event;
    const moves = this.#leaf.moves.get(event.type);
    if (moves === undefined) return undefined;
    for (const move of moves) {
      if (move.guard === undefined) return move;
      try {
        if (holds(move.guard, this.#leaf, this.#context, event)) return move;
      } catch (error) {
        const { name } = move.guard;
        throw new Error(
          `Unable to evaluate guard ${name ? `'${name}' ` : ''}in transition for event '${event.type}' in state node '${move.source}':\n${(error as Error).message}`,
        );
      }
    }
    return undefined;
  }

  #following(): Move | undefined {
    for (const move of this.#leaf.always)
      if (move.guard === undefined || holds(move.guard, this.#leaf, this.#context, this.#event)) return move;
    return undefined;
  }

  #microstep(move: Move): void {
    this.#changed = false;
    for (const one of move.ops) this.#do(one);
    if (move.to !== this.#leaf) {
      this.#leaf = move.to;
      this.#changed = true;
    }
    if (this.#changed) this.#everChanged = true;
  }

  #args(): Args & object {
    const { self, system } = this.#world;
    return { context: this.#context, event: this.#event, self, system } as Args & object;
  }

  /** What an action's function returns, or the value that stands in its place. */
  #resolve(what: unknown, params: unknown): unknown {
    return typeof what === 'function' ? (what as Fn)(this.#args(), params) : what;
  }

  #do(one: op.Op): void {
    const { kind, what } = one;
    const params = typeof one.params === 'function' ? one.params({ context: this.#context, event: this.#event }) : one.params;
    switch (kind) {
      case op.CUSTOM:
        (what as Fn | undefined)?.(this.#args(), params);
        return;
      case op.ASSIGN:
        this.#assign(what, params);
        return;
      case op.EMIT:
        this.#world.emit(this.#resolve(what, params));
        return;
      case op.RAISE:
        this.#raise(one, params);
        return;
      case op.CANCEL:
        this.#world.cancel(this.#resolve(what, params) as string);
        return;
      case op.ENQUEUE:
        this.#collect(what as Fn, params);
        return;
      case op.LOG:
        this.#resolve(what, params);
        return;
      case op.FINAL:
        this.#end(what as op.Final);
        return;
      case op.FOREIGN:
        this.#world.refuse();
    }
  }

  #assign(assignment: unknown, params: unknown): void {
    const context = this.#context;
    const { self, system, refuse } = this.#world;
    const args = { context, event: this.#event, spawn: refuse, self, system };
    if (typeof assignment === 'function') this.#context = { ...context, ...((assignment as Fn)(args, params) as object) };
    else {
      const next: Record<string, unknown> = { ...context };
      const entries = assignment as Readonly<Record<string, unknown>>;
      for (const key of Object.keys(entries)) {
        const value = entries[key];
        next[key] = typeof value === 'function' ? value(args, params) : value;
      }
      this.#context = next;
    }
    this.#changed = true;
  }

  #raise({ what, delay, id }: op.Op, params: unknown): void {
    if (typeof what === 'string')
      throw new Error(`Only event objects may be used with raise; use raise({ type: "${what}" }) instead`);
    const event = this.#resolve(what, params) as EventObject;
    const delayMs = this.#resolve(delay, params);
    if (typeof delayMs === 'number') this.#world.arm(event, delayMs, id);
    else this.#raised.push(event);
  }

  #end({ done, last, output, endsMachine, machineOutput }: op.Final): void {
    this.#raised.push({ type: done, output: this.#put(output, this.#event) } as EventObject);
    if (!endsMachine) return;
    this.#isDone = true;
    if (machineOutput === undefined) return;
    this.#output = this.#put(machineOutput, { type: last, output: this.#put(output, this.#event) } as EventObject);
  }

  #put(output: unknown, event: EventObject): unknown {
    if (typeof output !== 'function') return output;
    return output({ context: this.#context, event, self: this.#world.self });
  }

  /** Lets an action collect others, and then does them; each sees the context that the one before left. */
  #collect(collect: Fn, params: unknown): void {
    const { self, system } = this.#world;
    const enqueued = this.#enqueued;
    const start = enqueued.length;
    const check = this.#check;
    collect({ context: this.#context, event: this.#event, enqueue: this.#enqueue, check, self, system }, params);
    const end = enqueued.length;
    for (let i = start; i < end; i++) this.#do(enqueued[i] as op.Op);
    enqueued.length = start;
  }

  readonly #check = (guard: unknown): boolean =>
    holds(resolveGuard(this.#chart.machine, guard), this.#leaf, this.#context, this.#event);

  #makeEnqueue(): unknown {
    const push = (one: op.Op): void => void this.#enqueued.push(one);
    const refuse = (): void => push(op.foreignOp());
    return Object.assign((action: unknown) => push(op.resolveOp(this.#chart.machine, action)), {
      assign: (assignment: unknown) => push(op.assignOp(assignment)),
      emit: (event: unknown) => push(op.emitOp(event)),
      raise: (event: unknown, options?: { id?: string; delay?: unknown }) =>
        push(op.raiseOp(this.#chart.machine, event, options)),
      cancel: (id: unknown) => push(op.cancelOp(id)),
      sendTo: refuse,
      sendParent: refuse,
      spawnChild: refuse,
      stopChild: refuse,
    });
  }
}

const endless = (limit: number): Error =>
  new Error(
    `Infinite loop detected: the machine has processed more than ${limit} microsteps without reaching a stable state. This usually happens when there's a cycle of transitions (e.g., eventless transitions or raised events causing state A -> B -> C -> A).`,
  );
