/** What the official inspector costs: plain calls without it, with it and nobody looking, and while somebody watches ten of them. */
import { WebSocket } from 'ws';
import { callsTo, closeBench, measure, openBench, play, registerDevices } from './measure.ts';
import type { Plan, Report } from './scenarios.ts';
import { freePort } from './seen.ts';

/** The machine's pace changes: each is measured so often, in turn. */
const TURNS = 3;
const WARM_RATE = 150;

/** The three in turn. */
export async function inspectedCalls(plan: Plan, report: Report): Promise<void> {
  for (const rate of plan.callRates)
    for (let turn = 0; turn < TURNS; turn++) {
      await calls(plan, report, rate, 'plain calls, inspector off', 'off', 0);
      await calls(plan, report, rate, 'plain calls, inspector on, nobody looks', 'on', 0);
      await calls(plan, report, rate, 'plain calls, inspector on, ten watched', 'on', 10);
    }
}

async function calls(plan: Plan, report: Report, rate: number, name: string, inspector: string, watched: number): Promise<void> {
  const port = await freePort();
  const bench = await openBench('service', { admin: { listen: `http:127.0.0.1:${port}` }, inspector });
  const viewer = watched > 0 ? new WebSocket(`ws://127.0.0.1:${port}/api/v1/inspect?sample=${watched}`) : undefined;
  let events = 0;
  viewer?.on('message', () => {
    events += 1;
  });
  try {
    const devices = await registerDevices(bench, plan.warmUnits + rate * plan.seconds, false);
    const start = callsTo(bench, devices, undefined);
    await play(bench, Math.min(rate, WARM_RATE), plan.warmUnits, start);
    events = 0;
    const { row } = await measure(bench, name, rate, rate * plan.seconds, start);
    report(
      viewer === undefined ? row : { ...row, notes: [row.notes, `${events} events`].filter((note) => note !== '').join('; ') },
    );
  } finally {
    viewer?.terminate();
    await closeBench(bench);
  }
}
