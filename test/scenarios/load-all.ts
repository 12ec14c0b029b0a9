/** Loads, in a process of its own as the service does, what the config of its folder names, and prints what came of it. */
import { SystemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { introduce, prepareScenarios } from '../../src/user-scenarios.ts';

const LIMIT_MS = 700;

for (const file of process.argv.slice(2)) {
  const config = loadConfig({ argv: ['--config', file], env: {}, cwd: process.cwd() });
  const lines = Array.isArray(config) ? config.map(({ line }) => line) : undefined;
  if (Array.isArray(config)) process.stdout.write(`${JSON.stringify(lines)}\n`);
  else {
    const timers = new TimerHeap(new SystemClock(), () => undefined);
    const loaded = await prepareScenarios(config, { timers, limitMs: LIMIT_MS });
    const said = Array.isArray(loaded)
      ? loaded.map(({ problem }) => problem)
      : [
          ...introduce(loaded),
          ...loaded.facts.map(({ fact }) => `fact ${fact}`),
          ...loaded.scenarios
            .filter(({ entry }) => entry.settings !== undefined)
            .map(({ settings }) => `settings ${JSON.stringify(settings)}`),
        ];
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
}
process.exit(0);
