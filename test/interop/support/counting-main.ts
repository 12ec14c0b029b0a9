/** The service as its own `main` runs it; and for each line on its standard input it says what is open in it. */
import { createInterface } from 'node:readline';
import { SystemClock } from '../../../src/clock.ts';
import { loadConfig } from '../../../src/config.ts';
import { isProblem } from '../../../src/errors.ts';
import { createLog } from '../../../src/log.ts';
import { start } from '../../../src/start.ts';

/** What is open in a service. */
export interface Counts {
  readonly calls: number;
  readonly legs: number;
  /** Messages, exchanges and registrations that the SIP port keeps. */
  readonly kept: number;
  /** Actors and their states, but for those that last: registrations. */
  readonly actors: readonly string[];
}

const config = loadConfig({ argv: process.argv.slice(2), env: {}, cwd: process.cwd() });
if (Array.isArray(config)) throw new Error(config.map(({ line }) => line).join('\n'));
const running = await start(config, createLog({ ...config.log, clock: new SystemClock() }));
if (isProblem(running)) throw new Error(running.problem);
const { service, listening } = running;

const MAX_LISTED = 20;

function counts(): Counts {
  const actors = service.engine
    .actors()
    .filter(({ scenario }) => scenario !== 'registration')
    .map(({ address, value }) => `${address} ${JSON.stringify(value)}`);
  return { calls: service.calls, legs: service.openLegs, kept: service.kept, actors: actors.slice(0, MAX_LISTED) };
}

createInterface({ input: process.stdin }).on('line', (asked) => {
  process.stdout.write(`counts ${asked}: ${JSON.stringify(counts())}\n`);
});
for (const { name } of listening) process.stdout.write(`listening on ${name}\n`);
