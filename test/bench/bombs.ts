/** What hostile messages cost, by the whole service in its own process: `node test/bench/bombs.ts`. */
import { serviceWorld } from '../../src/testing/service-world.ts';
import { bombs } from '../support/bombs.ts';

const SERVICE = { host: '10.0.0.1', port: 5060 };
const ROUNDS = 40;
const BATCHES = 4;

/** Microseconds for each message and byte, all that it sets off in the next second included. */
function measure(texts: readonly string[]): { us: number; nsPerByte: number } {
  const world = serviceWorld({ config: { limits: { requestsPerSecondPerSource: 0, failuresBeforeBan: 0 } } });
  const wire = world.wire('10.0.99.1');
  let best = Number.POSITIVE_INFINITY;
  const bytes = texts[0]?.length ?? 1;
  for (let batch = 0; batch < BATCHES; batch++) {
    const some = texts.filter((_, i) => i % BATCHES === batch);
    const from = process.hrtime.bigint();
    for (const text of some) wire.send(text, SERVICE);
    world.run(1000);
    best = Math.min(best, Number(process.hrtime.bigint() - from) / 1000 / some.length);
  }
  return { us: best, nsPerByte: (best * 1000) / bytes };
}

const all = Array.from({ length: ROUNDS }, bombs);
const found = (all[0] ?? []).map(({ name }, i) => ({ name, ...measure(all.map((round) => round[i]?.text ?? '')) }));
found.sort((a, b) => b.us - a.us);
for (const { name, us, nsPerByte } of found)
  console.log(`${name.padEnd(45)} ${us.toFixed(0).padStart(7)} µs ${nsPerByte.toFixed(1).padStart(8)} ns/byte`);
process.exit(0);
