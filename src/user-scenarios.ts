/** From the config's list of scenarios to scenarios that the service can install, or one line for each fault. */
import type { Config } from './config.ts';
import type { Problem } from './errors.ts';
import { faultsOf } from './installing.ts';
import { atEntry, type LoadedScenario, type LoadedScenarios, type Loading, loadScenarios } from './scenarios/load.ts';

/** Loads what the config names, and tries whether it can be installed beside the service's own. */
export async function prepareScenarios(config: Config, loading: Loading): Promise<LoadedScenarios | Problem[]> {
  const loaded = await loadScenarios(config.scenarios, loading);
  if (Array.isArray(loaded)) return loaded;
  const faults = faultsOf(config, loaded);
  const problems = faults.map(({ problem, of }) =>
    of === undefined ? { problem } : atEntry(of.entry, `${problem}${fixOf(problem)}`),
  );
  problems.push(...loaded.scenarios.flatMap((one) => missingCodes(one, config.codes)));
  return problems.length > 0 ? problems : loaded;
}

/** A scenario that waits for codes which are no codes here would wait for ever. */
function missingCodes({ scenario, settings, entry }: LoadedScenario, codes: readonly string[]): Problem[] {
  const missing = (scenario.codes?.(settings as never) ?? []).filter((code) => !codes.includes(code));
  if (missing.length === 0) return [];
  const list = (some: readonly string[]): string => some.map((code) => JSON.stringify(code)).join(', ');
  const [stand, them] = missing.length === 1 ? ['does not stand', 'it'] : ['do not stand', 'them'];
  const at = entry.settings === undefined ? entry.at : entry.settingsAt;
  const what = `${list(missing)} ${stand} in codes, so that nobody can dial ${them}`;
  return [atEntry({ use: entry.use, at }, `${what}; write codes: [${list([...codes, ...missing])}]`)];
}

/** The engine says what is wrong; what to do about it depends on where the scenario comes from. */
function fixOf(why: string): string {
  if (why.includes('there is no fact')) return '; mend the name, or, if it is a fact of your own, export it from the file';
  if (why.includes('there is one of that name')) return '; give it another name';
  return '; mend the scenario';
}

/** What is printed at start: one line for each scenario. */
export const introduce = ({ scenarios }: LoadedScenarios): string[] =>
  scenarios.map(
    ({ scenario, entry, maxCases }) => `scenario ${scenario.name} from ${entry.use}, at most ${maxCases} cases at a time`,
  );
