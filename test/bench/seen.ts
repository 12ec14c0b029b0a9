/** What it costs that calls can be looked at: plain calls without the HTTP door, with it, and while somebody looks. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callsTo, closeBench, measure, openBench, play, registerDevices } from './measure.ts';
import type { Plan, Report } from './scenarios.ts';

/** The machine's pace changes: each is measured so often, in turn. */
const TURNS = 3;
const WARM_RATE = 150;
const LOOKS_EACH_MS = 1000;

/** The three in turn. */
export async function seenCalls(plan: Plan, report: Report): Promise<void> {
  for (const rate of plan.callRates)
    for (let turn = 0; turn < TURNS; turn++) {
      await calls(plan, report, rate, 'plain calls, no door', undefined);
      await calls(plan, report, rate, 'plain calls, kept to be seen', []);
      await calls(plan, report, rate, 'plain calls, the list looked at each second', ['now', 'calls?limit=50', 'calls?search=9']);
    }
}

async function calls(
  plan: Plan,
  report: Report,
  rate: number,
  name: string,
  looks: readonly string[] | undefined,
): Promise<void> {
  const port = await freePort();
  const bench = await openBench('service', looks === undefined ? {} : { admin: { listen: `http:127.0.0.1:${port}` } });
  const looker = setInterval(() => {
    for (const path of looks ?? [])
      fetch(`http://127.0.0.1:${port}/api/v1/${path}`).then(
        (response) => response.text(),
        (error) => console.error(`${path}: ${error}`),
      );
  }, LOOKS_EACH_MS);
  try {
    const devices = await registerDevices(bench, plan.warmUnits + rate * plan.seconds, false);
    const start = callsTo(bench, devices, undefined);
    await play(bench, Math.min(rate, WARM_RATE), plan.warmUnits, start);
    report((await measure(bench, name, rate, rate * plan.seconds, start)).row);
  } finally {
    clearInterval(looker);
    await closeBench(bench);
  }
}

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
