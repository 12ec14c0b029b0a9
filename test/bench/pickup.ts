/** What a call that rings costs where it can be picked up, and whether picking one up depends on how many others ring. */
import { setTimeout as sleep } from 'node:timers/promises';
import { evenly } from './load/arrivals.ts';
import { Pickup, Ringer, RingingCall } from './load/pickup.ts';
import { Run } from './load/run.ts';
import {
  type Bench,
  blankRow,
  closeBench,
  FILL_RATE,
  grown,
  idleCpuShare,
  measure,
  memory,
  openBench,
  play,
  registerDevices,
} from './measure.ts';
import type { Plan, Report } from './scenarios.ts';

/** Users of one group, each with one phone. */
const GROUP_SIZE = 10;
/** The first phone that a load makes has this number. */
const FIRST_DEVICE = 2;
/** Fewer at a time than ring in one group, or they would take each other's. */
const RATE = 20;
const RING_LIMIT_SECONDS = 600;
const FEW = GROUP_SIZE;

/** Group by group ten callees, and one user more who may take their calls. */
const groupsOf = (groups: number) =>
  Object.fromEntries(
    Array.from({ length: groups }, (_, group) => [
      `g${group}`,
      {
        members: Array.from({ length: GROUP_SIZE }, (_, n) => `c${FIRST_DEVICE + group * GROUP_SIZE + n}`),
        pickers: [`p${group}`],
      },
    ]),
  );

/** Memory and CPU of a ringing call, with groups and without them; with them what picking one up costs among few and among many. */
export async function pickedUpCalls(plan: Plan, report: Report): Promise<void> {
  const most = plan.waiting.filter((count) => count <= 10_000).at(-1) ?? FEW;
  const groups = Math.ceil(most / GROUP_SIZE);
  for (const isPickable of [true, false]) {
    const bench = await openBench(plan.target, {
      calls: { ringLimitSeconds: RING_LIMIT_SECONDS },
      ...(isPickable ? { pickup: { groups: groupsOf(groups) } } : {}),
    });
    try {
      await ringing({ bench, plan, report, groups, isPickable });
    } finally {
      await closeBench(bench);
    }
  }
}

interface Stage {
  readonly bench: Bench;
  readonly plan: Plan;
  readonly report: Report;
  readonly groups: number;
  readonly isPickable: boolean;
}

async function ringing(stage: Stage): Promise<void> {
  const { bench, plan, report, groups, isPickable } = stage;
  const { load } = bench;
  const held = new Run();
  const ringer = new Ringer(load, held);
  const devices = await registerDevices(bench, groups * GROUP_SIZE, false, FILL_RATE / 2);
  for (const { id } of devices) load.attach(id, ringer, false);
  let next = 0;
  /** One more call rings for the next callee in turn, among the first so many. */
  const ring = (among: number): void => {
    new RingingCall(load, held, FIRST_DEVICE + (next % among));
    next += 1;
  };
  const settled = await memory(bench, plan.settleSeconds);
  await load.arrive(FEW, evenly(FILL_RATE), () => ring(FEW));
  if (isPickable) {
    await warm(stage, ring);
    await picked(stage, held, FEW, ring);
  }
  const cpuMs = bench.server.cpuMs();
  const count = devices.length - FEW;
  await load.arrive(count, evenly(FILL_RATE / 2), () => ring(devices.length));
  await sleep(1000);
  const cpuEach = ((bench.server.cpuMs() - cpuMs) / count).toFixed(2);
  const full = await memory(bench, plan.settleSeconds);
  const rings = `${held.started - held.settled} calls ring, ${isPickable ? `in ${groups} groups` : 'without groups'}`;
  report(
    blankRow(
      bench,
      rings,
      `CPU ${cpuEach} ms each; ${grown('ringing call', settled, full, held.started - held.settled)}; ${held.remarks}`,
    ),
  );
  if (isPickable) await picked(stage, held, devices.length, ring);
}

/** Calls that ring and are picked up at once, so that as many ring as before; each takes the one of its group that rings longest. */
async function picked({ bench, plan, report }: Stage, held: Run, among: number, ring: (among: number) => void): Promise<void> {
  const idleShare = await idleCpuShare(bench);
  let group = 0;
  const ringsBefore = held.started - held.settled;
  const { row } = await measure(bench, `picked-up calls, ${ringsBefore} ring`, RATE, 2 * RATE * plan.seconds, (run) => {
    ring(among);
    new Pickup(bench.load, run, `p${group % (among / GROUP_SIZE)}`);
    group += 1;
  });
  const cpuMsEach = row.cpuMsEach - (idleShare * 1000) / RATE;
  const notes = `*8 to ACK of the re-INVITE; without ringing load of ${(idleShare * 100).toFixed(1)}% CPU`;
  report({ ...row, latency: '*8→talk', cpuMsEach, notes: [row.notes, notes].filter((note) => note !== '').join('; ') });
}

async function warm({ bench, plan }: Stage, ring: (among: number) => void): Promise<void> {
  await play(bench, RATE, Math.min(plan.warmUnits, 1_000), (run) => {
    ring(FEW);
    new Pickup(bench.load, run, 'p0');
  });
}
