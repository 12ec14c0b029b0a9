/** From the config's list of scenarios to scenarios that the service can install, or one line for each fault. */
import type { Config } from './config.ts';
import type { Problem } from './errors.ts';
import { faultsOf } from './installing.ts';
import { atEntry, type LoadedScenarios, type Loading, loadScenarios } from './scenarios/load.ts';

/** Loads what the config names, and tries whether it can be installed beside the service's own. */
export async function prepareScenarios(config: Config, loading: Loading): Promise<LoadedScenarios | Problem[]> {
  const loaded = await loadScenarios(config.scenarios, loading);
  if (Array.isArray(loaded)) return loaded;
  const faults = faultsOf(config, loaded);
  if (faults.length === 0) return loaded;
  return faults.map(({ problem, of }) => (of === undefined ? { problem } : atEntry(of.entry, `${problem}${fixOf(problem)}`)));
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
