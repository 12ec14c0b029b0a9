/** What the protection costs a packet: `node test/bench/protection.ts`. */

import { SystemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { Protection } from '../../src/protection/protection.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import type { Flow } from '../../src/transport/transport.ts';

const ROUNDS = 5;
const PACKETS = 1_000_000;

const timers = new TimerHeap(new SystemClock(), (error) => {
  throw error;
});
const newProtection = (requestsPerSecondPerSource = 1_000_000) =>
  new Protection({
    settings: {
      requestsPerSecondPerSource,
      trusted: [
        { address: '127.0.0.0', bits: 8 },
        { address: '::1', bits: 128 },
      ],
      scanners: [],
      failuresBeforeBan: 3,
      banMs: 300_000,
    },
    timers,
    log: silentLog,
    standing: { size: 0, has: () => false },
  });

const v4 = (i: number): string => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const v6 = (i: number): string => `2001:db8:${(i >> 8).toString(16)}:${((i & 255) + 1).toString(16)}::1`;
const flowsOf = (host: (i: number) => string, many: number): Flow[] =>
  Array.from({ length: many }, (_, i) => ({ remote: { host: host(i), port: 5060 }, reliable: false }) as unknown as Flow);

/** The best of several rounds, in nanoseconds a packet. */
function measure(name: string, prepare: () => { protection: Protection; flows: Flow[]; packets?: number }): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const { protection, flows, packets = PACKETS } = prepare();
    let admitted = 0;
    const from = process.hrtime.bigint();
    for (let i = 0; i < packets; i++) if (protection.admits(flows[i % flows.length] as Flow)) admitted++;
    best = Math.min(best, Number(process.hrtime.bigint() - from) / packets);
    if (admitted < 0) throw new Error('never');
  }
  console.log(`${name.padEnd(60)} ${best.toFixed(0).padStart(6)} ns`);
}

measure('1 source, under the limit', () => ({ protection: newProtection(), flows: flowsOf(v4, 1) }));
measure('1,000 sources, under the limit', () => ({ protection: newProtection(), flows: flowsOf(v4, 1000) }));
measure('40,000 sources, under the limit', () => ({ protection: newProtection(), flows: flowsOf(v4, 40_000) }));
measure('1,000 sources of IPv6, under the limit', () => ({ protection: newProtection(), flows: flowsOf(v6, 1000) }));
measure('1 source, over the limit', () => ({ protection: newProtection(1), flows: flowsOf(v4, 1) }));
measure('1 source, banned', () => {
  const protection = newProtection();
  const flows = flowsOf(v4, 1);
  for (let i = 0; i < 3; i++) protection.offended(flows[0] as Flow, 'wrong credentials');
  return { protection, flows };
});
measure('a new source with each packet', () => ({ protection: newProtection(), flows: flowsOf(v4, 400_000), packets: 400_000 }));
process.exit(0);
