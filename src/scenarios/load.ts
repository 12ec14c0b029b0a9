/** Scenarios that the config names: files of users, and built-in examples. */
import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Scenario } from '../../machines/scenario.ts';
import * as own from '../../machines/vocabulary/facts.ts';
import type { ScenarioEntry } from '../config.ts';
import type { AnyKind } from '../engine/catalogue.ts';
import { isProblem, type Problem, problem, reasonOf } from '../errors.ts';
import type { TimerQueue } from '../timers.ts';
import { openDoors } from './doors.ts';
import { EXAMPLES } from './examples.ts';
import { explain } from './explain.ts';
import { type Brought, broughtBy } from './exports.ts';
import { LoadFault } from './fault.ts';

/** One scenario, with what its config says of it. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  /** What the scenario's `settings` made of what was written. */
  readonly settings: unknown;
  readonly maxCases: number;
  readonly entry: ScenarioEntry;
}

/** All that the entries named; fits where the service takes users' scenarios. */
export interface LoadedScenarios {
  readonly scenarios: readonly LoadedScenario[];
  readonly facts: readonly AnyKind[];
}

/** What loading needs of its process. */
export interface Loading {
  readonly timers: TimerQueue;
  /** How long a file may take until it is loaded. */
  readonly limitMs?: number;
}

const LOAD_LIMIT_MS = 10_000;
const OURS: ReadonlyMap<string, AnyKind> = new Map(Object.values(own).map((kind) => [kind.fact, kind]));
/** Node's own frames may stand above the user's. */
const FRAMES = 40;
const MAX_FILE_BYTES = 1024 * 1024;

type Module = Readonly<Record<string, unknown>>;

/** One line of a fault: where it stands in the config, which file, what and the fix. */
export function atEntry({ use, at }: Pick<ScenarioEntry, 'use' | 'at'>, what: string): Problem {
  const named = use === '' ? what : `${use}: ${what}`;
  return problem(`${at.place}: ${at.key}: ${named}`.replace(/\p{Cc}+/gu, ' '));
}

/** Loads every entry, or says of each that cannot be loaded what is wrong with it, one line each. */
export async function loadScenarios(entries: readonly ScenarioEntry[], loading: Loading): Promise<LoadedScenarios | Problem[]> {
  if (entries.length > 0) openDoors();
  const problems: Problem[] = [];
  const scenarios: LoadedScenario[] = [];
  const facts = new Map<AnyKind, ScenarioEntry>();
  for (const entry of entries) {
    const brought = await load(entry, loading);
    if (isProblem(brought)) problems.push(brought);
    else {
      problems.push(...addFacts(facts, brought.facts, entry));
      problems.push(...addScenarios(scenarios, brought.scenarios, entry));
    }
  }
  return problems.length > 0 ? problems : { scenarios, facts: [...facts.keys()] };
}

function addFacts(facts: Map<AnyKind, ScenarioEntry>, brought: readonly AnyKind[], entry: ScenarioEntry): Problem[] {
  const problems: Problem[] = [];
  for (const kind of brought) {
    if (OURS.get(kind.fact) === kind) continue;
    if (OURS.has(kind.fact)) {
      problems.push(atEntry(entry, `the service has a fact ${kind.fact} of its own; rename yours`));
      continue;
    }
    const [, other] = [...facts].find(([known]) => known !== kind && known.fact === kind.fact) ?? [];
    if (other === undefined) facts.set(kind, entry);
    else if (other === entry) problems.push(atEntry(entry, `it exports two facts named ${kind.fact}; rename one`));
    else
      problems.push(
        atEntry(entry, `${other.use} makes a fact ${kind.fact} too; rename one, or make it in a file that both import`),
      );
  }
  return problems;
}

function addScenarios(scenarios: LoadedScenario[], brought: readonly Scenario[], entry: ScenarioEntry): Problem[] {
  const { use, maxCases, settings: written, settingsAt: at } = entry;
  const problems: Problem[] = [];
  if (written !== undefined && !brought.some(({ settings }) => settings !== undefined)) {
    const fix = 'take the key out, or let the scenario read it by settings: (written) => …';
    problems.push(atEntry({ use, at }, `it takes no settings; ${fix}`));
  }
  for (const scenario of brought) {
    const same = scenarios.find((known) => known.scenario.name === scenario.name);
    if (same !== undefined)
      problems.push(atEntry(entry, `${same.entry.use} has a scenario ${scenario.name} too; rename one of the two`));
    try {
      scenarios.push({ scenario, settings: scenario.settings?.(written ?? {}), maxCases, entry });
    } catch (error) {
      problems.push(atEntry({ use, at }, reasonOf(error)));
    }
  }
  return problems;
}

/** What an entry's file, or the built-in example of that name, brings. */
async function load({ use, path, at }: ScenarioEntry, loading: Loading): Promise<Brought | Problem> {
  const entry = { use, at };
  if (path === undefined) {
    const example = Object.hasOwn(EXAMPLES, use) ? EXAMPLES[use] : undefined;
    return example === undefined ? atEntry({ use: '', at }, unknownExample(use)) : taken(entry, await example());
  }
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) return atEntry(entry, `there is no file ${path}; write where it lies, relative to the config file`);
  if (!file.isFile()) return atEntry(entry, `${path} is no file; name the file itself`);
  if (file.size > MAX_FILE_BYTES)
    return atEntry(entry, `it is larger than ${MAX_FILE_BYTES} bytes; name the scenario's own file`);
  try {
    return taken(entry, await imported(path, loading));
  } catch (error) {
    const { file: other, line, what } = explain(error, path);
    const name = other === undefined || other === path ? use : other;
    return atEntry({ use: line === undefined ? name : `${name}:${line}`, at }, what);
  }
}

function taken(entry: Pick<ScenarioEntry, 'use' | 'at'>, module: Module): Brought | Problem {
  const brought = broughtBy(module);
  return 'lack' in brought ? atEntry(entry, brought.lack) : brought;
}

function unknownExample(use: string): string {
  const names = Object.keys(EXAMPLES);
  const known = names.length === 0 ? '' : `, or one of ${names.join(', ')}`;
  return `there is no built-in example ${JSON.stringify(use)}; write a file such as ./${use}.ts${known}`;
}

/** A module that waits for ever, or breaks something while it loads, is an error as any other. */
function imported(path: string, { timers, limitMs = LOAD_LIMIT_MS }: Loading): Promise<Module> {
  return new Promise((done, fail) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = FRAMES;
    const end = (settle: () => void): void => {
      Error.stackTraceLimit = stackTraceLimit;
      timers.clear(limit);
      process.off('uncaughtException', broken);
      settle();
    };
    const broken = (error: unknown): void => end(() => fail(error));
    const late = (): LoadFault =>
      new LoadFault(`it is not loaded after ${limitMs / 1000} s; take out the await at its top level that does not end`);
    const limit = timers.set(limitMs, () => broken(late()));
    process.on('uncaughtException', broken);
    import(pathToFileURL(path).href).then((module: Module) => end(() => done(module)), broken);
  });
}
