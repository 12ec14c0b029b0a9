/**
 * `node test/bench/main.ts [scenario…] [--quick] [--rate CALLS_A_SECOND] [--waiting W,W…] [--target service|stub]`
 *
 * Plays the scenarios against a service started for it and prints one markdown table. Figures belong to the machine they were
 * taken on; nothing here is a test. CALLWEAVE_BENCH_PROFILE=DIR leaves CPU profiles there, for test/bench/profile.ts.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Plan, SCENARIOS } from './scenarios.ts';
import type { Target } from './server.ts';
import { line, markdown, type Row } from './table.ts';

const FULL = {
  settleSeconds: 34,
  warmUnits: 3000,
  seconds: 10,
  registerRate: 500,
  callRates: [500, 1000],
  waiting: [1, 1000, 10_000, 100_000],
  samples: 500,
  searchRates: [100, 200, 300, 400, 500, 750, 1000, 1250, 1500, 1750, 2000, 2500, 3000, 3500, 4000],
};
const QUICK = {
  settleSeconds: 2,
  warmUnits: 200,
  seconds: 2,
  registerRate: 200,
  callRates: [100],
  waiting: [1, 500],
  samples: 50,
  searchRates: [100, 200],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string' },
    waiting: { type: 'string' },
    quick: { type: 'boolean', default: false },
    target: { type: 'string', default: 'service' },
  },
});

const isTarget = (name: string): name is Target => name === 'service' || name === 'stub';
const asked = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
const unknown = asked.filter((name) => SCENARIOS[name] === undefined);
if (unknown.length > 0 || !isTarget(values.target)) {
  console.error(
    `usage: main.ts [${Object.keys(SCENARIOS).join('|')}]… [--quick] [--rate N] [--waiting N,N…] [--target service|stub]`,
  );
  process.exit(64);
}

const preset = values.quick ? QUICK : FULL;
const callRates = values.rate === undefined ? preset.callRates : [Number(values.rate)];
const waiting = values.waiting === undefined ? preset.waiting : values.waiting.split(',').map(Number);
const plan: Plan = { target: values.target, ...preset, callRates, waiting };
const rows: Row[] = [];
let failed = false;
for (const name of asked) {
  try {
    await SCENARIOS[name]?.(plan, (row) => {
      rows.push(row);
      console.error(`${name}: ${line(row)}`);
    });
  } catch (error) {
    failed = true;
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(
  `\n${cpus().length} cores of ${cpus()[0]?.model.trim()}, Node ${process.version}; arrivals Poisson, one server process\n`,
);
console.log(markdown(rows));
process.exit(failed ? 1 : 0);
