/** A state machine as tables: what the interpreter looks up instead of walking the machine's tree at every step. */
import type { AnyStateMachine, EventObject, StateValue } from 'xstate';
import type { Op } from './op.ts';

/** What a guard, an action or a mapper is given. */
export interface Args {
  readonly context: unknown;
  readonly event: EventObject;
}
type Check = (snapshot: unknown, args: Args, guard: unknown) => boolean;
type Test = ((args: Args, params: unknown) => boolean) & { readonly check?: Check };
/** A guard as it is asked. */
export interface Guard {
  /** As its author named it; a function has no name. */
  readonly name: string | undefined;
  readonly test: Test;
  /** A value, or a function of context and event. */
  readonly params: unknown;
  /** `and`, `or`, `not`, `stateIn`: asked with a snapshot. */
  readonly isBuiltin: boolean;
}

/** One microstep from one leaf: what is done, in order of exit, transition, entry, and the leaf it ends in. */
export interface Move {
  readonly guard: Guard | undefined;
  readonly ops: readonly Op[];
  readonly to: Leaf;
  /** The state whose transition it is, for what a failing guard says. */
  readonly source: string;
}

/** An atomic state with all its ancestors: all that a machine without parallel states can be in. */
export interface Leaf {
  readonly chart: Chart;
  /** The root first, in a machine that is done last: as in XState. */
  readonly nodes: readonly AnyStateMachine['root'][];
  readonly value: StateValue;
  readonly tags: ReadonlySet<string>;
  /** By type of event, the deepest state's first. */
  readonly moves: ReadonlyMap<string, readonly Move[]>;
  /** Those without an event, the deepest state's first. */
  readonly always: readonly Move[];
}

/** One machine's tables. */
export interface Chart {
  readonly machine: AnyStateMachine;
  /** Where guards asked before the first state is entered find themselves. */
  readonly before: Leaf;
  readonly birth: Move;
}
