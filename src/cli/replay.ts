import type { Problem } from '../errors.ts';
import type { UserScenarios } from '../installing.ts';
import type { CallJournal } from '../journal/format.ts';
import type { Command, Given } from './command.ts';

const USAGE = 'write callweave replay FILE [--call ID] [--config FILE] [--scenario FILE …] [--ladder]';

interface Asked {
  readonly file: string;
  readonly call: string | undefined;
  readonly config: string | undefined;
  readonly scenarios: readonly string[];
  readonly hasLadder: boolean;
}

/** `callweave replay`: plays journals of calls again, and says where the charts of now differ from what they say. */
export const replay: Command = {
  name: 'replay',
  usage: 'FILE [--call ID]',
  purpose: 'plays journals of calls again, with the charts of now',
  async run(given) {
    const { exitCode } = await import('../errors.ts');
    const asked = await read(given);
    if (typeof asked === 'string') return refuse(given, [`${asked}; ${USAGE}`]);
    const options = await scenariosOf(asked, given);
    if (Array.isArray(options)) return refuse(given, options);
    const tally = { same: 0, different: 0, faults: 0 };
    const why = await eachLine(asked.file, given.cwd, async (line, number) => {
      const fault = await play(line, asked, options as UserScenarios, given, tally);
      if (fault !== undefined) given.complain(`${asked.file}:${number}: ${fault.problem}`);
    });
    if (why !== undefined) return refuse(given, [`${asked.file}: ${why}`]);
    if (tally.faults > 0) return exitCode.config;
    if (tally.same + tally.different === 0) return refuse(given, [nothingIn(asked)]);
    return tally.different > 0 ? DIFFERENT : exitCode.ok;
  },
};

const DIFFERENT = 1;

const nothingIn = ({ file, call }: Asked): string =>
  call === undefined ? `${file} has no journals` : `${file} has no journal of ${call}; take --call away to see which it has`;

/** What its arguments say. */
async function read({ args }: Given): Promise<Asked | string> {
  const { parseArgs } = await import('node:util');
  const { reasonOf } = await import('../errors.ts');
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        call: { type: 'string' },
        config: { type: 'string' },
        scenario: { type: 'string', multiple: true, default: [] },
        ladder: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) return 'name one file of journals';
    return { file, call: values.call, config: values.config, scenarios: values.scenario, hasLadder: values.ladder };
  } catch (error) {
    return reasonOf(error);
  }
}

async function refuse({ complain }: Given, problems: readonly string[]): Promise<number> {
  const { exitCode } = await import('../errors.ts');
  for (const line of problems) complain(line);
  return exitCode.config;
}

/** Users' scenarios, those of the config and those of files; or what is wrong with them. */
async function scenariosOf({ config: file, scenarios: files }: Asked, { env, cwd }: Given): Promise<UserScenarios | string[]> {
  if (file === undefined && files.length === 0) return { scenarios: [], facts: [] };
  const { loadConfig, scenarioEntry } = await import('../config.ts');
  const config = loadConfig({ argv: file === undefined ? [] : ['--config', file], env, cwd });
  if (Array.isArray(config)) return config.map(({ line }) => line);
  const named = files.map((path, n) => scenarioEntry(path, cwd, { place: 'replay', key: `scenario ${n + 1}` }));
  const { SystemClock } = await import('../clock.ts');
  const { TimerHeap } = await import('../timer-heap.ts');
  const { prepareScenarios } = await import('../user-scenarios.ts');
  const scenarios = file === undefined ? named : [...config.scenarios, ...named];
  const loaded = await prepareScenarios({ ...config, scenarios }, { timers: new TimerHeap(new SystemClock(), () => undefined) });
  return Array.isArray(loaded) ? loaded.map(({ problem }) => problem) : loaded;
}

/** Reads a file line by line; returns why that cannot be done. */
async function eachLine(
  file: string,
  cwd: string,
  take: (line: string, number: number) => Promise<void>,
): Promise<string | undefined> {
  const { open } = await import('node:fs/promises');
  const { resolve } = await import('node:path');
  const { reasonOf } = await import('../errors.ts');
  try {
    const opened = await open(resolve(cwd, file));
    let number = 0;
    for await (const line of opened.readLines()) {
      number++;
      if (line.trim() !== '') await take(line, number);
    }
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

async function play(
  line: string,
  { call, hasLadder }: Asked,
  options: UserScenarios,
  { say }: Given,
  tally: { same: number; different: number; faults: number },
): Promise<Problem | undefined> {
  const { readJournal } = await import('../journal/read.ts');
  const { isProblem } = await import('../errors.ts');
  const { playJournal } = await import('../testing/replay/play.ts');
  const journal: CallJournal | Problem = readJournal(line);
  if (isProblem(journal)) {
    tally.faults++;
    return journal;
  }
  if (call !== undefined && journal.call !== call) return undefined;
  const { isSame, entries, lines, ladder } = playJournal(journal, options);
  if (isSame) tally.same++;
  else tally.different++;
  say(isSame ? `${journal.call}: same (${entries} entries)` : `${journal.call}: different after ${entries} entries`);
  for (const one of lines) say(one);
  if (ladder !== '' && (hasLadder || !isSame)) say(ladder.trimEnd());
  return undefined;
}
