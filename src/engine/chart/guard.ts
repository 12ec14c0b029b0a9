/** Guards, resolved once: XState looks each up by name at every question. */
import type { AnyStateMachine, EventObject } from 'xstate';
import type { Guard, Leaf } from './chart.ts';
import { ChartSnapshot } from './snapshot.ts';

type Named = { readonly type: string; readonly params?: unknown };

/** A name that stands for a name that stands for a name; XState goes round such a circle for ever. */
const MAX_ALIASES = 16;

/** Throws on a guard that is not one. */
export function resolveGuard(machine: AnyStateMachine, guard: unknown): Guard {
  const name = typeof guard === 'string' ? guard : typeof guard === 'object' ? (guard as Named).type : undefined;
  let found: unknown = guard;
  let params: unknown;
  for (let aliases = 0; typeof found !== 'function'; aliases++) {
    if (aliases > MAX_ALIASES) throw new Error(`guard ${name} stands for itself`);
    const alias = typeof found === 'string' ? found : (found as Named).type;
    params = typeof found === 'string' ? undefined : (found as Named).params;
    found = machine.implementations.guards[alias];
    if (!found) return { name, test: isMissing(alias), params: undefined, isBuiltin: false };
  }
  return { name, test: found as Guard['test'], params, isBuiltin: 'check' in found };
}

const isMissing = (name: string) => (): never => {
  throw new Error(`Guard '${name}' is not implemented.'.`);
};

/** Whether a guard lets pass, as a machine in `leaf` with `context` asks it. Throws what the guard throws. */
export function holds(guard: Guard, leaf: Leaf, context: unknown, event: EventObject): boolean {
  const { params, test } = guard;
  const given = typeof params === 'function' ? params({ context, event }) : params;
  if (!guard.isBuiltin || test.check === undefined) return test({ context, event }, given);
  return test.check(new ChartSnapshot(leaf, context), { context, event }, test);
}
