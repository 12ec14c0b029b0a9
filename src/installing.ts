/** The service's own scenarios, and those of users beside them, as an engine takes them. */
import type { Scenario } from '../machines/scenario.ts';
import * as facts from '../machines/vocabulary/facts.ts';
import type { Config } from './config.ts';
import { Location } from './correlation/location.ts';
import { Ringing } from './correlation/ringing.ts';
import { Talks } from './correlation/talks.ts';
import { UserCalls } from './correlation/user-calls.ts';
import type { AnyKind } from './engine/catalogue.ts';
import { Engine } from './engine/engine.ts';
import { type View, viewOf } from './engine/port.ts';
import { type Problem, reasonOf } from './errors.ts';
import { ownScenarios } from './own-scenarios.ts';
import { TimerHeap } from './timer-heap.ts';

/** One scenario of a user's, with what its config says of it. */
export interface UserScenario {
  readonly scenario: Scenario;
  readonly settings: unknown;
  /** Cases of it that may live at once. */
  readonly maxCases: number;
}
/** What users add to the service: scenarios, and the kinds of facts that those bring. */
export interface UserScenarios {
  readonly scenarios: readonly UserScenario[];
  readonly facts: readonly AnyKind[];
}

/** Every kind of fact that can be heard. */
export const catalogueOf = (users: UserScenarios | undefined): readonly AnyKind[] => [
  ...Object.values(facts),
  ...(users?.facts ?? []),
];

/** The views that only users' scenarios, pickups, watchers or codes in calls ask; without any, nothing is folded for them. */
export const viewsFor = (
  users: UserScenarios | undefined,
  { pickup, inCallCodes }: Pick<Config, 'pickup' | 'inCallCodes'>,
): readonly View[] => [
  ...((users?.scenarios ?? []).length === 0 && inCallCodes === undefined ? [] : [viewOf(new Talks())]),
  ...(pickup === undefined ? [] : [viewOf(new Ringing()), viewOf(new UserCalls())]),
];

/** Installs what the service itself is made of. */
export function installOwn(engine: Engine, config: Config): void {
  for (const { scenario, settings } of ownScenarios(config)) engine.install(scenario, settings);
}

const NEVER = { now: () => 0, alarm: () => undefined, yield: () => undefined };

/** What is wrong with users' scenarios, found in an engine that runs nothing, before anything is opened; the service would throw. */
export function faultsOf<S extends UserScenario>(
  config: Config,
  users: { readonly scenarios: readonly S[]; readonly facts: readonly AnyKind[] },
): (Problem & { readonly of: S | undefined })[] {
  const faults: (Problem & { readonly of: S | undefined })[] = [];
  const attempt = (of: S | undefined, act: () => void): void => {
    try {
      act();
    } catch (error) {
      faults.push({ problem: reasonOf(error), of });
    }
  };
  attempt(undefined, () => {
    const timers = new TimerHeap(NEVER, () => undefined);
    const views = [viewOf(new Location()), ...viewsFor(users, config)];
    const engine = new Engine({ clock: NEVER, timers, catalogue: catalogueOf(users), views, report: () => undefined });
    installOwn(engine, config);
    for (const one of users.scenarios)
      attempt(one, () => engine.install(one.scenario, one.settings, { maxActors: one.maxCases }));
  });
  return faults;
}
