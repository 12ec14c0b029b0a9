import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';

/** Invariants that a test does without, by name, each with the reason. */
export type Exceptions = Readonly<Record<string, string>>;

/** The watches of one world. */
export interface Armed {
  /** What was broken up to now; each line begins with the invariant's name. */
  broken(except?: Exceptions): string[];
  /** What is broken now that all is quiet. */
  brokenAtRest(except?: Exceptions): string[];
}

/** Begins to watch a world. */
export function arm(world: ServiceWorld, invariants: readonly Invariant[]): Armed {
  const watches = invariants.map((invariant): readonly [string, Watch] => [invariant.name, invariant.watch(world)]);
  const lines = (except: Exceptions, ask: (watch: Watch) => readonly string[]): string[] => {
    for (const name of Object.keys(except))
      if (!watches.some(([known]) => known === name)) throw new Error(`no invariant "${name}" is watched here`);
    return watches.flatMap(([name, watch]) => (name in except ? [] : ask(watch).map((line) => `${name}: ${line}`)));
  };
  const armed: Armed = {
    broken: (except = {}) => lines(except, (watch) => watch.broken()),
    brokenAtRest: (except = {}) => lines(except, (watch) => watch.brokenAtRest()),
  };
  world.notes.set(arm, armed);
  return armed;
}

/** The watches of a world; none where it was made without invariants. */
export const armedIn = (world: ServiceWorld): Armed | undefined => world.notes.get(arm) as Armed | undefined;
