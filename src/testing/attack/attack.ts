import fc from 'fast-check';
import { type HistoryOptions, histories } from '../arbitraries/histories.ts';
import type { Invariant } from '../invariant.ts';
import { INVARIANTS } from '../invariants/index.ts';
import type { ServiceWorldOptions } from '../service-world.ts';
import type { Act } from './act.ts';
import type { History } from './history.ts';
import { PICKUP_ACTS } from './pickup-acts.ts';
import { actsByName, type Played, play, type Staging } from './play.ts';
import { readReplay, writeReplay } from './replay.ts';
import { AttackFailure } from './report.ts';

/** What is attacked, with what, and what must hold. */
export interface AttackOptions extends Pick<ServiceWorldOptions, 'scenarios' | 'facts' | 'users' | 'config'> {
  /** Name in reports and replays; by default those of the scenarios. */
  readonly name?: string;
  /** What is drawn: `histories` by default; `callHistories`, `registrationHistories`, `pushHistories`, or one of your own. */
  readonly histories?: (options: HistoryOptions) => fc.Arbitrary<History>;
  /** Acts of your own beside the kit's; where the config has pickup groups, calls are picked up too. */
  readonly acts?: readonly Act[];
  /** Deadlines of your scenario in milliseconds, so that much is tried around them. */
  readonly limitsMs?: readonly number[];
  /** By default those of the service, `INVARIANTS`. */
  readonly invariants?: readonly Invariant[];
  /** Number of histories; default 100. */
  readonly runs?: number;
  /** Seed of all histories; by default another one each time. */
  readonly seed?: number;
  /** Plays only the history that an earlier attack failed with; by default what stands in the environment's REPLAY. */
  readonly replay?: string;
  /** Further options of the world. */
  readonly world?: Staging['world'];
}

/** What an attack cost that found nothing. */
export interface Withstood {
  readonly runs: number;
  /** Calls that were placed in all runs. */
  readonly calls: number;
  readonly simulatedMs: number;
}

const DEFAULT_RUNS = 100;
/** Enough to get small; each costs a run. */
const MAX_SHRINKS = 600;

/**
 * Attacks scenarios in the virtual world: random histories of phones, network and push services, each in two phases (faults,
 * then healing and quiet), each held against the invariants. Throws an `AttackFailure` with the smallest history that
 * breaks one, a ladder of it, and what replays it. Synchronous; runs under any test runner.
 */
export function attack(options: AttackOptions): Withstood {
  const name = options.name ?? nameOf(options.scenarios ?? []);
  const staging = stagingOf(options);
  const { acts = [], limitsMs = [] } = options;
  // Only where there are groups somebody can pick up calls.
  const moreActs = options.config?.pickup === undefined ? acts : [...PICKUP_ACTS, ...acts];
  const arbitrary = (options.histories ?? histories)({ users: staging.users.length, moreActs, limitsMs });
  const withstood = { runs: 0, calls: 0, simulatedMs: 0 };
  let first: string | undefined;
  let shrinks = 0;
  const property = fc.property(arbitrary, (history) => {
    if (first !== undefined) shrinks += 1;
    if (shrinks > MAX_SHRINKS) return true;
    const played = play(history, staging);
    withstood.runs += 1;
    withstood.calls += played.world.service.stories.length;
    withstood.simulatedMs += played.tookMs;
    first ??= played.broken[0]?.invariant;
    // What breaks another rule is another failure, and not a smaller one.
    return !played.broken.some(({ invariant }) => invariant === first);
  });
  const found = fc.check(property, parametersOf(options, name));
  if (!found.failed) return withstood;
  const [history] = found.counterexample ?? [];
  if (history === undefined) throw found.errorInstance ?? new Error('no history could be drawn');
  const replay = writeReplay({ name, seed: found.seed, path: found.counterexamplePath ?? '' });
  throw new AttackFailure({ name, replay, history, staging, numRuns: found.numRuns, numShrinks: found.numShrinks });
}

/** Plays a history once, without drawing one: for a failure that shall stay a test of its own. Throws as `attack` does. */
export function playHistory(history: History, options: Omit<AttackOptions, 'histories' | 'runs' | 'seed' | 'replay'>): Played {
  const staging = stagingOf(options);
  const played = play(history, staging);
  if (played.broken.length === 0) return played;
  const name = options.name ?? nameOf(options.scenarios ?? []);
  throw new AttackFailure({ name, replay: undefined, history, staging, numRuns: 1, numShrinks: 0 });
}

function stagingOf(options: AttackOptions): Staging {
  const { scenarios, facts, config } = options;
  return {
    users: options.users ?? ['alice', 'bob', 'carol'],
    world: {
      ...options.world,
      ...(scenarios === undefined ? {} : { scenarios }),
      ...(facts === undefined ? {} : { facts }),
      ...(config === undefined ? {} : { config }),
    },
    invariants: options.invariants ?? INVARIANTS,
    acts: actsByName(options.acts),
  };
}

function parametersOf(options: AttackOptions, name: string): fc.Parameters<[History]> {
  const asked = options.replay ?? process.env.REPLAY;
  const replay = asked === undefined || asked === '' ? undefined : readReplay(asked);
  // REPLAY of another attack in the same file is not ours.
  if (replay !== undefined && (options.replay !== undefined || replay.name === '' || replay.name === name))
    return { seed: replay.seed, path: replay.path, endOnFailure: true, numRuns: 1 };
  return { numRuns: options.runs ?? DEFAULT_RUNS, ...(options.seed === undefined ? {} : { seed: options.seed }) };
}

const nameOf = (scenarios: NonNullable<AttackOptions['scenarios']>): string =>
  scenarios.map((one) => ('machine' in one ? one.name : one.scenario.name)).join('+') || 'callweave';
