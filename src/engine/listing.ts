import type { Condition, Interest } from '../../machines/vocabulary/descriptor.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';
import type { Actor } from './actor.ts';
import { firstFailed } from './filter.ts';
import { type InterestIndex, interestOf, type Wait } from './interest-index.ts';
import type { AnyFact } from './port.ts';

/** Which waits to list; all that is given must hold. */
export interface WaitFilter {
  readonly fact?: string;
  readonly address?: Address;
  readonly scenario?: string;
  readonly limit?: number;
}

/** One interest of one living actor. */
export interface ListedWait {
  readonly address: Address;
  readonly scenario: string;
  readonly interest: Interest;
  /** Instant since which it waits, milliseconds of the engine's clock. */
  readonly since: number;
}

/** A wait that a fact passes by, with the first condition that it fails and what it has there. */
export interface Miss extends ListedWait {
  readonly failed: Condition;
  readonly value: unknown;
}

/** What a fact would set in motion. */
export interface Explanation {
  /** Why it cannot be posted at all. */
  readonly problem: string | undefined;
  /** Scenarios that it would start, unless an actor with their key lives. */
  readonly births: readonly string[];
  readonly hears: readonly ListedWait[];
  readonly misses: readonly Miss[];
  /** There were more listeners or misses than are listed. */
  readonly isCut: boolean;
}

const LISTED_WAITS = 1_000;
const EXPLAINED_WAITS = 100;
/** What a listing looks at, at most: it runs between facts. */
const LOOKED_AT = 100_000;

const listed = (wait: Wait<Actor>): ListedWait => ({
  address: wait.actor.address,
  scenario: wait.actor.rule.scenario.name,
  interest: interestOf(wait),
  since: wait.actor.bornAtMs,
});

const byBirth = (a: Wait<Actor>, b: Wait<Actor>): number => a.actor.order - b.actor.order || a.ordinal - b.ordinal;

function* waitsOf(actor: Actor): Generator<Wait<Actor>> {
  for (let wait = actor.waits; wait !== undefined; wait = wait.sibling) yield wait;
}

/** Lists waits in order of birth, then of interest. `actor` is the one at `filter.address`. */
export function listWaits(index: InterestIndex<Actor>, actor: Actor | undefined, filter: WaitFilter): readonly ListedWait[] {
  if (filter.address !== undefined && actor === undefined) return [];
  const found = actor === undefined ? index.waits(filter.fact) : waitsOf(actor);
  const matching: Wait<Actor>[] = [];
  for (const wait of found) {
    if (filter.fact !== undefined && wait.shelf.fact !== filter.fact) continue;
    if (filter.scenario !== undefined && wait.actor.rule.scenario.name !== filter.scenario) continue;
    matching.push(wait);
    if (matching.length >= LOOKED_AT) break;
  }
  return onePerInterest(matching.sort(byBirth))
    .slice(0, filter.limit ?? LISTED_WAITS)
    .map(listed);
}

/** An any-of is filed once for each of its values. */
function onePerInterest(sorted: readonly Wait<Actor>[]): readonly Wait<Actor>[] {
  return sorted.filter((wait, i) => {
    const before = sorted[i - 1];
    return before === undefined || before.actor !== wait.actor || before.ordinal !== wait.ordinal;
  });
}

/** Says who would hear a fact and whom it passes by, among those filed under the same attributes. */
export function explain(
  index: InterestIndex<Actor>,
  fact: AnyFact,
  problem: string | undefined,
  births: readonly string[],
): Explanation {
  const hearing: Wait<Actor>[] = [];
  const misses: Miss[] = [];
  const missed = new Set<string>();
  let lookedAt = 0;
  let isCut = false;
  for (const wait of index.near(fact)) {
    if (++lookedAt > LOOKED_AT) {
      isCut = true;
      break;
    }
    const interest = interestOf(wait);
    const failed = firstFailed(interest.where, fact);
    if (failed === undefined) hearing.push(wait);
    else if (misses.length >= EXPLAINED_WAITS) isCut = true;
    else {
      const key = `${wait.actor.order}/${wait.ordinal}`;
      if (!missed.has(key)) misses.push({ ...listed(wait), failed, value: fact[failed.attribute] });
      missed.add(key);
    }
  }
  const hears = onePerInterest(hearing.sort(byBirth));
  return {
    problem,
    births,
    hears: hears.slice(0, EXPLAINED_WAITS).map(listed),
    misses,
    isCut: isCut || hears.length > EXPLAINED_WAITS,
  };
}
