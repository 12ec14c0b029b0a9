import { setTimeout as sleep } from 'node:timers/promises';
import { inspectedCalls } from './inspected.ts';
import { evenly } from './load/arrivals.ts';
import { type Device, Registration } from './load/registration.ts';
import { Run } from './load/run.ts';
import {
  type Bench,
  blankRow,
  callsTo,
  closeBench,
  FILL_RATE,
  grown,
  idleCpuShare,
  latencyRow,
  measure,
  memory,
  openBench,
  play,
  registerDevices,
} from './measure.ts';
import { pickedUpCalls } from './pickup.ts';
import { seenCalls } from './seen.ts';
import type { Settings, Target } from './server.ts';
import type { Row } from './table.ts';

/** How long and how much; `--quick` is for seeing that everything works, not for figures. */
export interface Plan {
  readonly target: Target;
  /** Units played before anything is counted, so that the code measured is compiled. */
  readonly warmUnits: number;
  readonly seconds: number;
  readonly registerRate: number;
  readonly callRates: readonly number[];
  readonly waiting: readonly number[];
  readonly samples: number;
  readonly searchRates: readonly number[];
  /** Before memory is weighed: transactions are kept for 32 s after their end (RFC 3261 §17.2.2, Timer J). */
  readonly settleSeconds: number;
}

/** Where finished rows go. */
export type Report = (row: Row) => void;
type Scenario = (plan: Plan, report: Report) => Promise<void>;

/** A woken device registers so long after the INVITE of its call. */
const WAKE_AFTER_MS = 1000;
/** A warm-up that is no overload itself, or it would spoil what follows. */
const WARM_RATE = 150;
const MATCHING_RATE = 50;
const MATCHING_WAKE_MS = 20;
/** Devices beside the W ones, to take the place of calls that were refused. */
const SPARE = 200;
const MAX_FILLS = 5;

/** Every scenario by the name it is asked for on the command line. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  register: async (plan, report) => {
    await registers(plan, report, 'memory', { store: { path: ':memory:' } });
    // Relative to the server's working directory, which is a temporary one.
    await registers(plan, report, 'file', { store: { path: './callweave.sqlite' } });
  },
  plain: async (plan, report) => {
    for (const rate of plan.callRates) await plainCalls(plan, report, 'relay', rate);
    for (const rate of plan.callRates) await plainCalls(plan, report, plan.target, rate);
  },
  push: async (plan, report) => {
    for (const rate of plan.callRates) report((await wokenCalls(plan, rate, 'woken calls')).row);
  },
  waiting: waitingCalls,
  pickup: pickedUpCalls,
  seen: seenCalls,
  inspected: inspectedCalls,
  limit: async (plan, report) => {
    const limit = await highestRate(plan, report);
    if (limit > 0) await overload(plan, report, 2 * limit);
  },
};

async function registers(plan: Plan, report: Report, store: string, settings: Settings): Promise<void> {
  const bench = await openBench(plan.target, settings);
  try {
    const count = plan.registerRate * plan.seconds;
    await registerDevices(bench, plan.warmUnits, false, plan.registerRate);
    const devices: Device[] = [];
    const fresh = await measure(bench, `REGISTER, new, store ${store}`, plan.registerRate, count, (run) => {
      const device: Device = { id: bench.load.newId(), cseq: 0, pn: false };
      devices.push(device);
      new Registration(bench.load, run, device);
    });
    report(fresh.row);
    const refreshed = await measure(
      bench,
      `REGISTER, refresh, store ${store}`,
      plan.registerRate,
      count,
      refresh(bench, devices),
    );
    report(refreshed.row);
  } finally {
    await closeBench(bench);
  }
}

async function plainCalls(plan: Plan, report: Report, target: Target, rate: number): Promise<void> {
  const bench = await openBench(target);
  try {
    const name = target === 'relay' ? 'relay: datagrams copied, nothing else' : 'plain calls';
    const devices = await calleesFor(bench, plan, target, rate);
    const calls = callsTo(bench, devices, undefined);
    await play(bench, Math.min(rate, WARM_RATE), plan.warmUnits, calls);
    report((await measure(bench, name, rate, rate * plan.seconds, calls)).row);
  } finally {
    await closeBench(bench);
  }
}

/** The relay knows no registrations: its callees are simply there. */
async function calleesFor(bench: Bench, plan: Plan, target: Target, rate: number): Promise<Device[]> {
  const count = plan.warmUnits + rate * plan.seconds;
  if (target !== 'relay') return registerDevices(bench, count, false);
  return Array.from({ length: count }, () => ({ id: bench.load.newId(), cseq: 0, pn: false }));
}

async function wokenCalls(plan: Plan, rate: number, name: string): Promise<{ run: Run; row: Row }> {
  const bench = await openBench(plan.target, { push: { wakeLimitSeconds: 20, providers: { fcm: { sender: 'log' } } } });
  try {
    const devices = await registerDevices(bench, plan.warmUnits + rate * plan.seconds, true);
    const calls = callsTo(bench, devices, WAKE_AFTER_MS);
    await play(bench, Math.min(rate, WARM_RATE), plan.warmUnits, calls);
    return await measure(bench, name, rate, rate * plan.seconds, calls);
  } finally {
    await closeBench(bench);
  }
}

/** What one REGISTER costs while W calls wait, and what a waiting call and a registered device weigh. */
async function waitingCalls(plan: Plan, report: Report): Promise<void> {
  const bench = await openBench(plan.target);
  try {
    const most = plan.waiting.at(-1) ?? 1;
    const awake = await registerDevices(bench, plan.registerRate * plan.seconds, false);
    // Throw-away round: what is measured first would else be measured on cold code.
    await wakeSome(bench, plan);
    await play(bench, plan.registerRate, plan.warmUnits, refresh(bench, awake));
    const empty = await memory(bench, plan.settleSeconds);
    const asleep = await registerDevices(bench, most + SPARE, true);
    const registered = await memory(bench, plan.settleSeconds);
    report(blankRow(bench, `${most} devices registered`, grown('device', empty, registered, most + SPARE)));
    const calls = callsTo(bench, asleep, 'never');
    const held = new Run();
    for (const w of plan.waiting) {
      await fill(bench, held, w, calls);
      await withWaiting(bench, plan, report, w, awake, held);
    }
    const waiting = await memory(bench, plan.settleSeconds);
    report(blankRow(bench, `${most} calls waiting`, grown('waiting call', registered, waiting, held.started - held.settled)));
  } finally {
    await closeBench(bench);
  }
}

/** Starts calls that wait until there are `w` of them, in the place of refused ones others. */
async function fill(bench: Bench, held: Run, w: number, calls: (run: Run) => void): Promise<void> {
  for (let tries = 0; tries < MAX_FILLS && held.started - held.settled < w; tries += 1) {
    const missing = Math.min(w - held.started + held.settled, w + SPARE - held.started);
    await bench.load.arrive(missing, evenly(FILL_RATE), () => calls(held));
    await sleep(1000);
  }
}

async function withWaiting(bench: Bench, plan: Plan, report: Report, w: number, awake: Device[], held: Run): Promise<void> {
  const waiting = held.started - held.settled;
  const lost = waiting < w ? `only ${waiting} wait: ${held.remarks}` : '';
  const idleShare = await idleCpuShare(bench);
  const count = plan.registerRate * plan.seconds;
  const { row } = await measure(bench, `unrelated REGISTER, W=${w}`, plan.registerRate, count, refresh(bench, awake));
  const cpuMsEach = Math.max(0, row.cpuMsEach - (idleShare * 1000) / plan.registerRate);
  const idle = `without waiting load of ${(idleShare * 100).toFixed(1)}% CPU`;
  report({ ...row, cpuMsEach, notes: [row.notes, idle, lost].filter((note) => note !== '').join('; ') });
  const woken = await wakeSome(bench, plan);
  report(latencyRow(bench, `matching REGISTER, W=${w}`, 'REGISTER→200', woken.registered, woken.remarks));
  report(latencyRow(bench, `matching REGISTER, W=${w}`, 'REGISTER→INVITE', woken.rung, woken.remarks));
}

/** New calls to new sleeping devices beside those that wait, each woken almost at once: W stays what it is. */
async function wakeSome(bench: Bench, plan: Plan): Promise<Run> {
  const devices = await registerDevices(bench, plan.samples, true, FILL_RATE);
  return play(bench, MATCHING_RATE, plan.samples, callsTo(bench, devices, MATCHING_WAKE_MS));
}

function refresh(bench: Bench, devices: readonly Device[]): (run: Run) => void {
  let next = 0;
  return (run) => {
    const device = devices[next % devices.length];
    next += 1;
    if (device !== undefined) new Registration(bench.load, run, device);
  };
}

/** Climbs until a call fails, at two tries of one rate; 0 if even the lowest rate does not hold. */
async function highestRate(plan: Plan, report: Report): Promise<number> {
  let best = 0;
  for (const rate of plan.searchRates) {
    if (!(await holds(plan, report, rate)) && !(await holds(plan, report, rate))) break;
    best = rate;
  }
  return best;
}

async function holds(plan: Plan, report: Report, rate: number): Promise<boolean> {
  const { run, row } = await wokenCalls(plan, rate, `limit: woken calls at ${rate}/s`);
  report(row);
  return run.done === run.started;
}

async function overload(plan: Plan, report: Report, rate: number): Promise<void> {
  const { run, row } = await wokenCalls(plan, rate, `overload: twice the limit`);
  const goodput = `goodput ${(run.done / plan.seconds).toFixed(0)}/s`;
  report({ ...row, notes: [goodput, row.notes].filter((note) => note !== '').join('; ') });
}
