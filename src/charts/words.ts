/** Names for what stands in a chart's definition: actions, guards, delays. Code without a name of its own is said to be that. */

/** What XState makes of `assign(…)`, `not(…)` and the like: a function that says which of them it is. */
interface BuiltIn {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly guards?: readonly unknown[];
}

const INLINE = 'inline';
/** What JavaScript calls a function that has no name of its own, after the key that it stands under. */
const NO_NAMES: ReadonlySet<unknown> = new Set(['', 'actions', 'guard', 'entry', 'exit']);
const isBuiltIn = (value: unknown): value is BuiltIn =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The name that an action or a guard was given; of XState's own ones theirs, of a bare function its own. */
function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  if (!isBuiltIn(named)) return INLINE;
  const { type, name } = named;
  if (typeof type === 'string') return type.replace(/^xstate\./, '');
  return typeof name !== 'string' || NO_NAMES.has(name) ? INLINE : name;
}

/** Actions of a transition or of a state, without those that XState adds to arm and disarm its delays. */
export const actionNames = (actions: readonly unknown[]): readonly string[] =>
  actions.filter((one) => !isOfDelay(one)).map(nameOf);

/** XState arms `after` by a raise on entry and disarms it by a cancel on exit, both built and neither written. */
function isOfDelay(action: unknown): boolean {
  if (typeof action !== 'function') return false;
  const { type, event, sendId } = action as BuiltIn & { readonly event?: { readonly type?: unknown }; readonly sendId?: unknown };
  const of = type === 'xstate.raise' ? event?.type : type === 'xstate.cancel' ? sendId : undefined;
  return typeof of === 'string' && of.startsWith(AFTER);
}

/** `isIdle`; of XState's combinations `not isIdle`, `isIdle and hasRung`; empty where there is none. */
export function guardName(guard: unknown): string {
  if (guard === undefined) return '';
  if (!isBuiltIn(guard) || guard.guards === undefined) return nameOf(guard);
  const parts = guard.guards.map(bracketed);
  // xstate 5 tells which it is by the name of the function alone.
  return guard.name === 'not' ? `not ${parts[0] ?? INLINE}` : parts.join(` ${nameOf(guard)} `);
}

const bracketed = (guard: unknown): string => {
  const name = guardName(guard);
  return name.includes(' ') ? `(${name})` : name;
};

const AFTER = 'xstate.after.';
const DONE = 'xstate.done.state.';
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** `20 s`, `5 min`, `500 ms`: in the largest unit that needs no fraction. */
export function lengthInWords(ms: number): string {
  const [unit, each] = (ms === 0 ? UNITS[2] : UNITS.find(([, length]) => ms % length === 0)) ?? ['ms', 1];
  return `${ms / each} ${unit}`;
}

/**
 * An event as people read it: `after 20 s`, `after ringLimit`, `after giveUp (32 s)` where a delay has a name and one length,
 * `done` where a state's children are over.
 */
export function eventName(event: string, state: string, delays: Readonly<Record<string, unknown>>): string {
  if (event === '') return 'always';
  if (event.startsWith(DONE)) return 'done';
  if (!event.startsWith(AFTER)) return event;
  const delay = event.slice(AFTER.length, event.endsWith(`.${state}`) ? -state.length - 1 : undefined);
  if (/^\d+$/.test(delay)) return `after ${lengthInWords(Number(delay))}`;
  const length = Object.hasOwn(delays, delay) ? delays[delay] : undefined;
  return typeof length === 'number' ? `after ${delay} (${lengthInWords(length)})` : `after ${delay}`;
}
