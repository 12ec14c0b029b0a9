import type { Config, ScenarioEntry } from '../config.ts';
import type { LintReport } from '../lint/lint.ts';
import type { Command, Given } from './command.ts';

const USAGE = 'write callweave check [--config FILE] [--json] [FILE …]';

interface Asked {
  readonly files: readonly string[];
  readonly isJson: boolean;
  readonly argv: readonly string[];
}

/** `callweave check`: holds the scenarios that a config names, and those of other files, to the rules of the linter. */
export const check: Command = {
  name: 'check',
  usage: '[--config FILE] [FILE …]',
  purpose: 'looks for faults in the config and its scenarios, and in these',
  async run(given) {
    const { exitCode } = await import('../errors.ts');
    const asked = await read(given);
    if (typeof asked === 'string') return refuse(given, [`${asked}; ${USAGE}`], false);
    const { loadConfig } = await import('../config.ts');
    const config = loadConfig({ argv: asked.argv, env: given.env, cwd: given.cwd });
    if (Array.isArray(config))
      return refuse(
        given,
        config.map(({ line }) => line),
        asked.isJson,
      );
    const reports = await look(config, asked.files, given.cwd);
    if ('problems' in reports) return refuse(given, reports.problems, asked.isJson);
    await tell(reports.reports, asked.isJson, given);
    return isSound(reports.reports) ? exitCode.ok : exitCode.config;
  },
};

const isSound = (reports: readonly LintReport[]): boolean =>
  reports.every(({ findings }) => findings.every(({ level }) => level === 'warning'));

/** What its arguments say. */
async function read({ args }: Given): Promise<Asked | string> {
  const { parseArgs } = await import('node:util');
  const { reasonOf } = await import('../errors.ts');
  try {
    const { values, positionals: files } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const argv = values.config === undefined ? [] : ['--config', values.config];
    return { files, isJson: values.json, argv };
  } catch (error) {
    return reasonOf(error);
  }
}

async function refuse({ say, complain }: Given, problems: readonly string[], isJson: boolean): Promise<number> {
  const { exitCode } = await import('../errors.ts');
  if (isJson) say(JSON.stringify({ ok: false, problems, scenarios: [] }));
  else for (const line of problems) complain(line);
  return exitCode.config;
}

interface Looked {
  readonly reports: readonly LintReport[];
}

async function look(
  config: Config,
  files: readonly string[],
  cwd: string,
): Promise<Looked | { readonly problems: readonly string[] }> {
  const { scenarioEntry } = await import('../config.ts');
  const named = files.map((file, n): ScenarioEntry => scenarioEntry(file, cwd, { place: 'check', key: `file ${n + 1}` }));
  const others = named.filter(({ path }) => !config.scenarios.some((known) => path !== undefined && known.path === path));
  const scenarios = [...config.scenarios, ...others];
  if (scenarios.length === 0) return { reports: [] };
  const { SystemClock } = await import('../clock.ts');
  const { TimerHeap } = await import('../timer-heap.ts');
  const { prepareScenarios } = await import('../user-scenarios.ts');
  const loaded = await prepareScenarios({ ...config, scenarios }, { timers: new TimerHeap(new SystemClock(), () => undefined) });
  if (Array.isArray(loaded)) return { problems: loaded.map(({ problem }) => problem) };
  const { lintReport } = await import('../lint/lint.ts');
  return { reports: loaded.scenarios.map(({ scenario, settings }) => lintReport(scenario, loaded.facts, settings)) };
}

async function tell(reports: readonly LintReport[], isJson: boolean, { say }: Given): Promise<void> {
  const { lineOf } = await import('../lint/finding.ts');
  if (isJson) {
    say(JSON.stringify({ ok: isSound(reports), problems: [], scenarios: reports }));
    return;
  }
  if (reports.length === 0) say('the config is in order and names no scenarios');
  for (const report of reports) {
    for (const finding of report.findings) say(lineOf(finding));
    say(summaryOf(report));
  }
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** `ring-back: 5 states, 9 facts heard, 0 findings`. */
function summaryOf({ scenario, states, heard, findings }: LintReport): string {
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  const ofThem = warnings === 0 ? '' : `, ${counted(warnings, 'warning')} among them`;
  return `${scenario}: ${counted(states, 'state')}, ${counted(heard, 'fact')} heard, ${counted(findings.length, 'finding')}${ofThem}`;
}
