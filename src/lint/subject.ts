/** A scenario as the rules look at it: its births, what each hears, and what its chart does then. */
import type { Scenario } from '../../machines/scenario.ts';
import type { Interest } from '../../machines/vocabulary/descriptor.ts';
import * as facts from '../../machines/vocabulary/facts.ts';
import type { AnyKind } from '../engine/catalogue.ts';
import type { StampedFact } from '../engine/entry.ts';
import type { AnyFact } from '../engine/port.ts';
import { birthsOf as startsOf } from '../engine/rule.ts';
import { reasonOf } from '../errors.ts';
import { probesOf, Seen, stamped } from './probe.ts';

/** One way in which a case may come to life. */
export interface Birth {
  readonly fact: StampedFact;
  readonly self: string;
  readonly interests: readonly Interest[];
  readonly current: readonly StampedFact[];
}

/** What rules need to know of a scenario. */
export interface Subject {
  readonly scenario: Scenario;
  readonly settings: unknown;
  readonly kinds: ReadonlyMap<string, AnyKind>;
  readonly births: readonly Birth[];
  /** Names of the kinds that a case may hear. */
  readonly heard: ReadonlySet<string>;
  /** What `listensTo` threw. */
  readonly trouble: readonly string[];
}

const MAX_BIRTHS = 24;
const BORN_SEQ = 10;

/** Every kind of the service and these. */
export const kindsWith = (own: readonly AnyKind[]): ReadonlyMap<string, AnyKind> =>
  new Map([...Object.values(facts), ...own].map((kind) => [kind.fact, kind]));

export function subjectOf(scenario: Scenario, kinds: ReadonlyMap<string, AnyKind>, settings: unknown): Subject {
  const births: Birth[] = [];
  const trouble = new Set<string>();
  for (const fact of birthFacts(startsWith(scenario, settings), kinds)) {
    try {
      births.push(...birthsOf(scenario, fact, kinds));
    } catch (error) {
      trouble.add(reasonOf(error));
    }
  }
  const heard = new Set(births.flatMap(({ interests }) => interests.map(({ fact }) => fact)));
  return { scenario, settings, kinds, births, heard, trouble: [...trouble] };
}

/** What the engine says of settings that it cannot read is told by another rule. */
function startsWith(scenario: Scenario, settings: unknown): readonly Interest[] {
  try {
    return startsOf(scenario, settings);
  } catch {
    return scenario.startsOn;
  }
}

/** Birth facts of each interest in turn, so that a bound on their number leaves none of them out. */
function birthFacts(starts: readonly Interest[], kinds: ReadonlyMap<string, AnyKind>): StampedFact[] {
  const seen = new Seen();
  seen.note({ call: 'call:1', leg: 'leg:1/0' });
  const lists = starts.map((interest) => probesOf(interest, kinds, seen).map((fact) => stamped(fact, BORN_SEQ, 0)));
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const inTurn = Array.from({ length: longest }, (_, n) => lists.flatMap((list) => list[n] ?? [])).flat();
  return inTurn.slice(0, MAX_BIRTHS);
}

function birthsOf(scenario: Scenario, fact: StampedFact, kinds: ReadonlyMap<string, AnyKind>): Birth[] {
  const self = scenario.address?.(fact as never) ?? `${scenario.name}:1`;
  scenario.oncePer?.(fact as never);
  scenario.of?.(fact as never);
  const interests = scenario.listensTo(fact as never, self);
  const born = { fact, self, interests };
  const seen = new Seen();
  seen.note(fact);
  const current = interests.filter((interest) => interest.current).flatMap((interest) => probesOf(interest, kinds, seen));
  return currentsOf(current).map((facts) => ({
    ...born,
    current: facts.map((one, n) => stamped(one, n + 1, 0, 'registration:1')),
  }));
}

/** Nothing is true at birth; all usual things are; then one that differs in a flag is, beside the usual ones. */
function currentsOf(all: readonly AnyFact[]): readonly AnyFact[][] {
  const [usual] = all;
  if (usual === undefined) return [[]];
  const flags = Object.keys(usual).filter((name) => typeof usual[name] === 'boolean');
  const others = flags.flatMap((flag) => all.find((one) => one[flag] !== usual[flag]) ?? []);
  const alike = all.filter((one) => flags.every((flag) => one[flag] === usual[flag]));
  return [[], oneADevice(alike), ...others.map((other) => oneADevice([...alike, other]))];
}

/** No two things that are true at once are of the same device, or of the same call. */
function oneADevice(all: readonly AnyFact[]): AnyFact[] {
  const byDevice = new Map(all.map((one) => [one.device ?? one.call, one]));
  return [...byDevice.values()];
}
