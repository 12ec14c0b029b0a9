import type { Config, ScenarioEntry } from '../config.ts';
import type { LintReport } from '../lint/lint.ts';
import type { Command, Given } from './command.ts';

const USAGE = 'write callweave check [--config FILE] [--json] [--diagram] [FILE …]';

interface Asked {
  readonly files: readonly string[];
  readonly isJson: boolean;
  /** Draws each chart, instead of summing it up. */
  readonly draws: boolean;
  readonly argv: readonly string[];
}

/** `callweave check`: holds the scenarios that a config names, and those of other files, to the rules of the linter. */
export const check: Command = {
  name: 'check',
  usage: '[--config FILE] [--diagram] [FILE …]',
  purpose: 'looks for faults in the config and its scenarios, and in these; --diagram draws them',
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
    const looked = await look(config, asked, given.cwd);
    if ('problems' in looked) return refuse(given, looked.problems, asked.isJson);
    await tell(looked.reports, asked, given);
    return isSound(looked.reports) ? exitCode.ok : exitCode.config;
  },
};

/** What was found in a scenario, and its chart as a mermaid diagram where it was asked for. */
interface Report extends LintReport {
  readonly diagram?: string;
}

const isSound = (reports: readonly Report[]): boolean =>
  reports.every(({ findings }) => findings.every(({ level }) => level === 'warning'));

const isYaml = (file: string): boolean => /\.ya?ml$/i.test(file);

/** What its arguments say; a file of YAML is a config. */
async function read({ args }: Given): Promise<Asked | string> {
  const { parseArgs } = await import('node:util');
  const { reasonOf } = await import('../errors.ts');
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        json: { type: 'boolean', default: false },
        diagram: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    const configs = [...(values.config === undefined ? [] : [values.config]), ...positionals.filter(isYaml)];
    if (configs.length > 1) return 'name one config';
    const argv = configs.flatMap((config) => ['--config', config]);
    const files = positionals.filter((file) => !isYaml(file));
    return { files, isJson: values.json, draws: values.diagram, argv };
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
  readonly reports: readonly Report[];
}

async function look(
  config: Config,
  { files, draws }: Asked,
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
  const { chartOf } = await import('../charts/definition.ts');
  const { mermaidOf } = await import('../charts/mermaid.ts');
  const reportOf = ({ scenario, settings }: (typeof loaded.scenarios)[number]): Report => {
    const report = lintReport(scenario, loaded.facts, settings);
    return draws ? { ...report, diagram: mermaidOf(chartOf(scenario, false)) } : report;
  };
  return { reports: loaded.scenarios.map(reportOf) };
}

/** Diagrams alone go where they can be piped from; what was found then goes beside them. */
async function tell(reports: readonly Report[], { isJson, draws }: Asked, { say, complain }: Given): Promise<void> {
  const { lineOf } = await import('../lint/finding.ts');
  if (isJson) {
    say(JSON.stringify({ ok: isSound(reports), problems: [], scenarios: reports }));
    return;
  }
  if (reports.length === 0) (draws ? complain : say)('the config is in order and names no scenarios');
  for (const report of reports) {
    for (const finding of report.findings) (draws ? complain : say)(lineOf(finding));
    say(report.diagram === undefined ? summaryOf(report) : `%% ${report.scenario}\n${report.diagram}`);
  }
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** `ring-back: 5 states, 9 facts heard, 0 findings`. */
function summaryOf({ scenario, states, heard, findings }: LintReport): string {
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  const ofThem = warnings === 0 ? '' : `, ${counted(warnings, 'warning')} among them`;
  return `${scenario}: ${counted(states, 'state')}, ${counted(heard, 'fact')} heard, ${counted(findings.length, 'finding')}${ofThem}`;
}
