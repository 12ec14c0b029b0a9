/**
 * Runs XState machines, by their tables where they have some and else through the ActorLogic contract, with one scope for
 * all of them: effects come back as values, timers go through the engine's queue, errors are caught in place. Both ways
 * are held equal to `createActor` by a property, with xstate pinned exactly.
 */
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import type { Timer, TimerQueue } from '../timers.ts';
import { chartOf } from './chart/compile.ts';
import { Interpreter } from './chart/interpreter.ts';
import { ChartSnapshot } from './chart/snapshot.ts';
import type { Message } from './entry.ts';

export type Status = 'active' | 'done' | 'failed';

/** What the runner keeps of one machine at work. */
export interface Running {
  snapshot: AnyMachineSnapshot | ChartSnapshot | undefined;
  timers: ArmedTimer | undefined;
}

/** A delayed event of a machine, in the list of its instance. */
export class ArmedTimer {
  readonly of: Running;
  readonly id: string | undefined;
  readonly event: EventObject;
  /** `seq` of the entry whose step armed it. */
  readonly cause: number;
  /** Whether a cancel by this id means this timer: as in XState, only the youngest of an id, and none once one fired. */
  isNamed: boolean;
  timer: Timer | undefined = undefined;
  next: ArmedTimer | undefined;

  constructor(of: Running, id: string | undefined, event: EventObject, cause: number) {
    this.of = of;
    this.id = id;
    this.event = event;
    this.cause = cause;
    this.isNamed = id !== undefined;
    this.next = of.timers;
  }
}

/** Hears that a delayed event fell due, and at which instant; it may be heard later. */
export type Due = (running: Running, event: EventObject, cause: number, dueMs: number) => void;

type Action = { readonly exec?: (info: unknown, params: unknown) => void; readonly info: unknown; readonly params: unknown };
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A chart that takes more microsteps for one event runs in circles; XState's own limit is infinity. */
const MAX_MICROSTEPS = 1_000;
const NO_TAGS: ReadonlySet<string> = new Set<string>();
const NO_CHILDREN = Object.freeze({});
const NO_HISTORY = Object.freeze({});
const NOBODY: Running = { snapshot: undefined, timers: undefined };

const refuse = (): never => {
  throw new Error('a machine run by the engine spawns and sends to no actors: it emits commands');
};

/** Runs any number of machines, one step at a time. */
export class Runner {
  /** What the last step emitted, in order; empty if it failed. Read it before the next step. */
  readonly emitted: Message[] = [];
  /** Whether the chart had a transition for the last step's event, be it an empty one. */
  taken = true;
  /** Why the last step failed. */
  error: unknown = undefined;

  readonly #timers: TimerQueue;
  readonly #due: Due;
  readonly #chartOf: typeof chartOf;
  readonly #interpreter: Interpreter;
  readonly #scope: never;
  #running: Running = NOBODY;
  #cause = 0;
  #isFirstMicrostep = false;

  /** `tablesOf` says which machines run by tables. */
  constructor(timers: TimerQueue, due: Due, tablesOf: typeof chartOf = chartOf) {
    this.#timers = timers;
    this.#due = due;
    this.#chartOf = tablesOf;
    const scope = this.#makeScope();
    this.#scope = scope as never;
    this.#interpreter = new Interpreter({
      self: scope.self,
      system: scope.system,
      refuse,
      emit: (event) => this.emitted.push(event as Message),
      arm: (event, delayMs, id) => this.#arm(event, delayMs, id),
      cancel: (id) => this.#cancel(id),
    });
  }

  /** Begins a machine. `cause` is the `seq` of the entry that led to it. */
  start(running: Running, machine: AnyStateMachine, input: unknown, cause: number): Status {
    this.#begin(running, cause);
    const chart = this.#chartOf(machine);
    if (typeof chart !== 'string') return this.#keep(running, this.#interpreter.start(chart, input));
    try {
      const snapshot = machine.getInitialSnapshot(this.#scope, input as never) as AnyMachineSnapshot;
      // Each snapshot inherits these two; sharing them saves two objects for every instance.
      const shared = snapshot as Mutable<AnyMachineSnapshot>;
      shared.children = NO_CHILDREN;
      if (Object.keys(shared.historyValue).length === 0) shared.historyValue = NO_HISTORY;
      return this.#finish(running, snapshot);
    } catch (error) {
      return this.#fail(running, error);
    }
  }

  /** Gives an event to a machine that is active. */
  step(running: Running, event: EventObject, cause: number): Status {
    const { snapshot } = running;
    if (snapshot === undefined) throw new Error('a machine that has not begun takes no step');
    this.#begin(running, cause);
    if (snapshot instanceof ChartSnapshot) return this.#stepChart(running, snapshot, event);
    this.#isFirstMicrostep = true;
    try {
      return this.#finish(running, snapshot.machine.transition(snapshot, event, this.#scope) as AnyMachineSnapshot);
    } catch (error) {
      return this.#fail(running, error);
    }
  }

  /** Whether the chart has a transition for the event in its present state, be it an empty one. Throws what a guard throws. */
  takes(running: Running, event: EventObject): boolean {
    const { snapshot } = running;
    if (snapshot instanceof ChartSnapshot) return this.#interpreter.takes(snapshot, event);
    return snapshot !== undefined && snapshot.machine.getTransitionData(snapshot as never, event as never).length > 0;
  }

  /** Clears what a machine still has armed. */
  stop(running: Running): void {
    for (let armed = running.timers; armed !== undefined; armed = armed.next) this.#timers.clear(armed.timer);
    running.timers = undefined;
  }

  #begin(running: Running, cause: number): void {
    this.#running = running;
    this.#cause = cause;
    this.emitted.length = 0;
    this.taken = true;
    this.error = undefined;
    this.#isFirstMicrostep = false;
  }

  #stepChart(running: Running, snapshot: ChartSnapshot, event: EventObject): Status {
    const interpreter = this.#interpreter;
    try {
      return this.#keep(running, interpreter.step(snapshot, event));
    } catch (error) {
      return this.#fail(running, error);
    } finally {
      this.taken = interpreter.taken;
    }
  }

  #finish(running: Running, snapshot: AnyMachineSnapshot): Status {
    if (snapshot.tags.size === 0) (snapshot as { tags: ReadonlySet<string> }).tags = NO_TAGS;
    return this.#keep(running, snapshot);
  }

  #keep(running: Running, snapshot: AnyMachineSnapshot | ChartSnapshot): Status {
    running.snapshot = snapshot;
    if (snapshot.status === 'active') return 'active';
    if (snapshot.status !== 'done') return this.#fail(running, snapshot.error);
    this.stop(running);
    return 'done';
  }

  /** Nothing of a failed step leaves it. */
  #fail(running: Running, error: unknown): Status {
    this.emitted.length = 0;
    this.error = error;
    this.stop(running);
    return 'failed';
  }

  #makeScope() {
    const scheduler = {
      schedule: (self: unknown, target: unknown, event: EventObject, delayMs: number, id: string | undefined) => {
        if (target !== self) refuse();
        this.#arm(event, delayMs, id);
      },
      cancel: (_self: unknown, id: string) => this.#cancel(id),
      cancelAll() {},
    };
    const system = {
      // The only one sent within a machine is of its microsteps; the first says which transitions the event selected.
      _sendInspectionEvent: (inspected: { readonly _transitions: readonly unknown[] }) => {
        if (!this.#isFirstMicrostep) return;
        this.#isFirstMicrostep = false;
        this.taken = inspected._transitions.length > 0;
      },
      _relay: refuse,
      _bookId: refuse,
      _logger() {},
      scheduler,
    };
    const self = { id: '', sessionId: '', system, send: refuse, _parent: undefined };
    return {
      self,
      id: '',
      sessionId: '',
      system,
      logger() {},
      stopChild: refuse,
      // Effects need not wait for the end of the macrostep: a step that fails drops its emits and its timers.
      defer: (effect: () => void) => effect(),
      emit: (message: Message) => this.emitted.push(message),
      actionExecutor: (action: Action) => action.exec?.(action.info, action.params),
    };
  }

  #arm(event: EventObject, delayMs: number, id: string | undefined): void {
    const running = this.#running;
    if (id !== undefined) unname(running, id);
    const armed = new ArmedTimer(running, id, event, this.#cause);
    armed.timer = this.#timers.set(delayMs, () => this.#fired(armed));
    running.timers = armed;
  }

  #cancel(id: string): void {
    for (let armed = this.#running.timers; armed !== undefined; armed = armed.next) {
      if (!armed.isNamed || armed.id !== id) continue;
      this.#timers.clear(armed.timer);
      unlink(armed);
      return;
    }
  }

  #fired(armed: ArmedTimer): void {
    unlink(armed);
    if (armed.id !== undefined) unname(armed.of, armed.id);
    this.#due(armed.of, armed.event, armed.cause, armed.timer?.dueMs ?? 0);
  }
}

function unname(running: Running, id: string): void {
  for (let armed = running.timers; armed !== undefined; armed = armed.next) if (armed.id === id) armed.isNamed = false;
}

function unlink(gone: ArmedTimer): void {
  const running = gone.of;
  if (running.timers === gone) running.timers = gone.next;
  else
    for (let armed = running.timers; armed !== undefined; armed = armed.next)
      if (armed.next === gone) {
        armed.next = gone.next;
        return;
      }
}

const FOREIGN = ['xstate.spawnChild', 'xstate.stopChild', 'xstate.sendTo', 'xstate.sendParent', 'xstate.forwardTo'];
type Node = AnyStateMachine['root'];
type NamedAction = string | { readonly type?: string };

/** Why the engine cannot run a machine, in a few words; also bounds the microsteps of one that it can. */
export function whyNotRunnable(machine: AnyStateMachine): string | undefined {
  if (!Number.isFinite(machine.options.maxIterations)) machine.options.maxIterations = MAX_MICROSTEPS;
  return whyNotNode(machine, machine.root);
}

function whyNotNode(machine: AnyStateMachine, node: Node): string | undefined {
  if (node.invoke.length > 0) return `its state "${node.id}" invokes an actor`;
  const transitions = [...node.transitions.values()].flat().concat(node.always ?? []);
  const actions = [...node.entry, ...node.exit, ...transitions.flatMap((transition) => transition.actions)];
  for (const action of actions as readonly NamedAction[]) {
    const type = actionType(machine, action);
    if (type !== undefined && FOREIGN.includes(type)) return `its state "${node.id}" uses ${type.slice('xstate.'.length)}`;
  }
  for (const child of Object.values(node.states)) {
    const why = whyNotNode(machine, child as Node);
    if (why !== undefined) return why;
  }
  return undefined;
}

function actionType(machine: AnyStateMachine, action: NamedAction): string | undefined {
  const name = typeof action === 'string' ? action : action.type;
  const implementations = machine.implementations.actions as Readonly<Record<string, { readonly type?: string } | undefined>>;
  return (name === undefined ? undefined : implementations[name]?.type) ?? name;
}
