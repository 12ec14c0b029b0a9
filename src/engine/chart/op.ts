/** Actions, resolved once: XState looks each up by name and makes a closure of it whenever it is done. */
import { type AnyStateMachine, assign, cancel, emit, enqueueActions, log, raise } from 'xstate';

export const CUSTOM = 0;
export const ASSIGN = 1;
export const EMIT = 2;
export const RAISE = 3;
export const CANCEL = 4;
export const ENQUEUE = 5;
export const LOG = 6;
/** A final state is entered. */
export const FINAL = 7;
/** Spawns, or sends to an actor. */
export const FOREIGN = 8;
type Kind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** One action, as the interpreter does it. */
export interface Op {
  readonly kind: Kind;
  /** The function that is called, or what it would return: an event, an assignment, an id. */
  readonly what: unknown;
  /** A value, or a function of context and event. */
  readonly params: unknown;
  /** Of what is raised: under which name it can be cancelled, and how late it comes. */
  readonly id: string | undefined;
  readonly delay: unknown;
}

/** What is known of a final state. */
export interface Final {
  /** Type of the event that tells its parent. */
  readonly done: string;
  /** Type of the event that the machine's output is made with. */
  readonly last: string;
  readonly output: unknown;
  /** Whether the machine ends with it; then what it puts out. */
  readonly endsMachine: boolean;
  readonly machineOutput: unknown;
}

interface Builtin {
  readonly resolve: unknown;
  readonly assignment?: unknown;
  readonly event?: unknown;
  readonly sendId?: unknown;
  readonly collect?: unknown;
  readonly value?: unknown;
  readonly id?: string;
  readonly delay?: unknown;
}
type Named = string | { readonly type: string; readonly params?: unknown };

const asBuiltin = (action: unknown): Builtin => action as Builtin;
/** XState's own actions are known by the function behind them: one of the same name from elsewhere is not the same. */
const KINDS: ReadonlyMap<unknown, readonly [kind: Kind, what: keyof Builtin]> = new Map([
  [asBuiltin(assign({})).resolve, [ASSIGN, 'assignment']],
  [asBuiltin(emit({ type: '' })).resolve, [EMIT, 'event']],
  [asBuiltin(raise({ type: '' })).resolve, [RAISE, 'event']],
  [asBuiltin(cancel('')).resolve, [CANCEL, 'sendId']],
  [asBuiltin(enqueueActions(() => {})).resolve, [ENQUEUE, 'collect']],
  [asBuiltin(log()).resolve, [LOG, 'value']],
]);

const op = (kind: Kind, what: unknown, params: unknown, id?: string, delay?: unknown): Op => ({ kind, what, params, id, delay });

/** One named delay, or the delay itself. */
const delayOf = (machine: AnyStateMachine, delay: unknown): unknown =>
  typeof delay === 'string' ? machine.implementations.delays[delay] : delay;

/** An action of a machine: its own, one of its implementations by name, or one of XState's. */
export function resolveOp(machine: AnyStateMachine, action: unknown): Op {
  const isInline = typeof action === 'function';
  const named = action as Named;
  const found: unknown = isInline
    ? action
    : machine.implementations.actions[typeof named === 'string' ? named : (named.type as string)];
  const params = isInline || typeof named === 'string' ? undefined : named.params;
  if (!found || !('resolve' in (found as object))) return op(CUSTOM, found, params);
  const builtin = asBuiltin(found);
  const [kind, what] = KINDS.get(builtin.resolve) ?? [FOREIGN, 'resolve'];
  return op(kind as Kind, builtin[what as keyof Builtin], params, builtin.id, delayOf(machine, builtin.delay));
}

export const assignOp = (assignment: unknown): Op => op(ASSIGN, assignment, undefined);
export const emitOp = (event: unknown): Op => op(EMIT, event, undefined);
export const cancelOp = (id: unknown): Op => op(CANCEL, id, undefined);
export const raiseOp = (machine: AnyStateMachine, event: unknown, options?: { id?: string; delay?: unknown }): Op =>
  op(RAISE, event, undefined, options?.id, delayOf(machine, options?.delay));
export const finalOp = (final: Final): Op => op(FINAL, final, undefined);
export const foreignOp = (): Op => op(FOREIGN, undefined, undefined);
