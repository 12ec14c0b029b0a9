import type { Scenario } from '../../machines/scenario.ts';
import type { AttributeKind, Condition, Interest, Shape } from '../../machines/vocabulary/descriptor.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';
import { reasonOf } from '../errors.ts';
import { type AnyKind, type Catalogue, isExact } from './catalogue.ts';
import type { StampedFact } from './entry.ts';
import type { View } from './port.ts';
import { whyNotRunnable } from './runner.ts';

const REPORT_EVERY_MS = 60_000;

/** A scenario as installed: its settings and its living actors. */
export class Rule {
  readonly scenario: Scenario;
  readonly settings: unknown;
  /** How many of its actors may live at once. */
  readonly maxActors: number;
  /** Keys under which one of its actors lives. */
  readonly keys = new Set<string>();
  living = 0;
  /** Births that were refused because of `maxActors`. */
  refusedBirths = 0;
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor(scenario: Scenario, settings: unknown, maxActors: number) {
    this.scenario = scenario;
    this.settings = settings;
    this.maxActors = maxActors;
  }

  /** Counts a birth that there is no room for. Returns what is to be reported: the first, and one a minute from then on. */
  refuseBirth(fact: string, atMs: number): string | undefined {
    this.refusedBirths += 1;
    if (atMs < this.#quietUntilMs) return undefined;
    this.#quietUntilMs = atMs + REPORT_EVERY_MS;
    return `scenario ${this.scenario.name} has its ${this.maxActors} actors: ${fact} bore none, ${this.refusedBirths} refused in all`;
  }

  keyOf(fact: StampedFact): string | undefined {
    return this.scenario.oncePer?.(fact as never);
  }

  addressOf(fact: StampedFact): Address | undefined {
    return this.scenario.address?.(fact as never);
  }

  ownerOf(fact: StampedFact): Address {
    return this.scenario.of?.(fact as never) ?? '';
  }

  listensTo(fact: StampedFact, self: Address): readonly Interest[] {
    return this.scenario.listensTo(fact as never, self);
  }
}

/** Says why a scenario cannot be installed. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** The facts that give birth to a scenario with these settings. */
export const birthsOf = (scenario: Scenario, settings: unknown): readonly Interest[] =>
  scenario.startsFor?.(settings as never) ?? scenario.startsOn;

/** What an install is checked against. */
export interface Grounds {
  readonly catalogue: Catalogue;
  readonly kinds: ReadonlyMap<string, AnyKind>;
  readonly views: readonly View[];
}

/**
 * Throws a `ScenarioError` that names scenario, fact and attribute unless every interest is in order: those of
 * `startsOn` and those that `listensTo` returns for a probe of each fact it starts on.
 */
export function checkScenario(scenario: Scenario, settings: unknown, grounds: Grounds): void {
  const refuse = (why: string): never => {
    throw new ScenarioError(`scenario ${scenario.name}: ${why}`);
  };
  const why = whyNotRunnable(scenario.machine);
  if (why !== undefined) refuse(`the engine does not run its machine: ${why}`);
  if (scenario.startsOn.length === 0) refuse('it starts on nothing');
  for (const birth of [...scenario.startsOn, ...birthsOf(scenario, settings)]) {
    const whyNot = grounds.catalogue.whyNotInterest(birth);
    if (whyNot !== undefined) refuse(`startsOn: ${whyNot}`);
  }
  for (const birth of scenario.startsOn) {
    const whyNot = whyNotListening(scenario, birth, grounds);
    if (whyNot !== undefined) refuse(`listensTo: ${whyNot}`);
  }
}

function whyNotListening(scenario: Scenario, birth: Interest, grounds: Grounds): string | undefined {
  let interests: readonly Interest[];
  try {
    interests = scenario.listensTo(probeOf(birth, grounds.kinds) as never, 'probe:1');
  } catch (error) {
    return reasonOf(error);
  }
  for (const interest of interests) {
    const why = grounds.catalogue.whyNotInterest(interest) ?? whyNotCurrent(interest, grounds.views);
    if (why !== undefined) return why;
  }
  return undefined;
}

function whyNotCurrent(interest: Interest, views: readonly View[]): string | undefined {
  if (!interest.current) return undefined;
  if (!interest.where.some(isExact)) return `${interest.fact}: an interest in what is current needs an exact condition`;
  const answering = views.filter((view) => view.answers.includes(interest.fact));
  if (answering.length === 0) return `${interest.fact}: no view answers what is current of it`;
  try {
    for (const view of answering) view.current(interest);
  } catch (error) {
    return `${interest.fact}: ${reasonOf(error)}`;
  }
  return undefined;
}

const PROBE_VALUE: Readonly<Record<AttributeKind, unknown>> = { text: '', integer: 0, flag: false, detail: {} };

/** A fact of the kind with empty values, as the birth interest would let it through where it names one value. */
function probeOf(birth: Interest, kinds: ReadonlyMap<string, AnyKind>): StampedFact {
  const shape: Shape = kinds.get(birth.fact)?.shape ?? {};
  const values = Object.entries(shape).map(([name, attribute]) => [name, PROBE_VALUE[attribute.kind]]);
  const exact = birth.where
    .filter(({ test }: Condition) => typeof test !== 'object')
    .map(({ attribute, test }) => [attribute, test]);
  const stamps = { seq: 0, at: 0, by: '', cause: 0 };
  return { type: birth.fact, ...Object.fromEntries([...values, ...exact]), ...stamps } as StampedFact;
}
