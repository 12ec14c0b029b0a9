import { setTimeout as sleep } from 'node:timers/promises';
import { poisson } from './load/arrivals.ts';
import { Call, type WakeAfterMs } from './load/call.ts';
import { Load, SESSION_LIMIT_MS } from './load/load.ts';
import { type Device, newDevice, Registration } from './load/registration.ts';
import { Run } from './load/run.ts';
import { Samples } from './load/samples.ts';
import { Server, type Settings, type Target } from './server.ts';
import type { Row } from './table.ts';

/** A server and the load on it; ends with `close`. */
export interface Bench {
  readonly server: Server;
  readonly load: Load;
  readonly target: Target;
}

/** Rate at which devices and calls are put in place before something is measured: 100,000 calls within their wake limit. */
export const FILL_RATE = 600;
const POLL_MS = 20;
const MAX_TRIES = 3;
const IDLE_SECONDS = 5;

export async function openBench(target: Target, settings?: Settings): Promise<Bench> {
  const server = await Server.start(target, settings);
  const load = await Load.open(server.port);
  if (target === 'relay') await server.route(load.callerPorts, load.calleePorts);
  return { server, load, target };
}

export async function closeBench({ server, load }: Bench): Promise<void> {
  const alive = server.running;
  load.close();
  await server.stop();
  if (!alive) throw new Error(`the server died under load:\n${server.errors}`);
}

/** Starts `count` units at that rate (Poisson) and waits until each is done, refused, failed or out of time. */
export async function play(bench: Bench, rate: number, count: number, start: (run: Run) => void): Promise<Run> {
  const run = new Run();
  await bench.load.arrive(count, poisson(rate), () => start(run));
  await settled(bench, run, count);
  return run;
}

async function settled(bench: Bench, run: Run, count: number): Promise<void> {
  // Twice the limit of a session: a woken call starts its own only with its REGISTER.
  const until = performance.now() + 2 * SESSION_LIMIT_MS;
  while (run.settled < count && performance.now() < until && bench.server.running) await sleep(POLL_MS);
}

/** Plays it and reports what it cost the server. */
export async function measure(
  bench: Bench,
  name: string,
  rate: number,
  count: number,
  start: (run: Run) => void,
): Promise<{ readonly run: Run; readonly row: Row }> {
  const { server, load } = bench;
  const before = { cpuMs: server.cpuMs(), drops: server.drops(), own: load.drops, atMs: performance.now() };
  load.latestMs = 0;
  const run = await play(bench, rate, count, start);
  const cpuMs = server.cpuMs() - before.cpuMs;
  const drops = server.drops() - before.drops;
  const row = rowOf(bench, name, rate, run, cpuMs, cpuMs / (performance.now() - before.atMs), drops);
  return { run, row: { ...row, notes: notesOf(run, load.latestMs, load.drops - before.own) } };
}

function notesOf(run: Run, latestMs: number, ownDrops: number): string {
  const notes = [
    run.remarks,
    run.retransmits > 0 ? `${run.retransmits} retransmissions` : '',
    latestMs > 50 ? `generator up to ${latestMs.toFixed(0)} ms late` : '',
    ownDrops > 0 ? `${ownDrops} dropped at the generator` : '',
  ];
  return notes.filter((note) => note !== '').join('; ');
}

function rowOf(bench: Bench, name: string, rate: number, run: Run, cpuMs: number, cpuShare: number, drops: number): Row {
  const samples = run.rung.count > 0 ? run.rung : run.registered;
  return {
    run: name,
    rate,
    started: run.started,
    done: run.done,
    failed: run.failed,
    refused: run.refused,
    cpuMsEach: cpuMs / run.started,
    cpuShare,
    ...latencyOf(run.rung.count > 0 ? (run.registered.count > 0 ? 'REGISTER→INVITE' : 'INVITE→INVITE') : 'REGISTER→200', samples),
    drops,
    rssBytes: bench.server.rssBytes(),
    notes: '',
  };
}

/** A row about latency and nothing else. */
export const latencyRow = (bench: Bench, run: string, latency: string, samples: Samples, notes = ''): Row => ({
  ...blankRow(bench, run, notes),
  done: samples.count,
  ...latencyOf(latency, samples),
});

/** A row that only says something. */
export const blankRow = (bench: Bench, run: string, notes: string): Row => ({
  run,
  rate: Number.NaN,
  started: Number.NaN,
  done: Number.NaN,
  failed: Number.NaN,
  refused: Number.NaN,
  cpuMsEach: Number.NaN,
  cpuShare: Number.NaN,
  ...latencyOf('', new Samples()),
  drops: Number.NaN,
  rssBytes: bench.server.rssBytes(),
  notes,
});

const latencyOf = (latency: string, samples: Samples) => ({
  latency,
  p50Ms: samples.quantile(0.5),
  p99Ms: samples.quantile(0.99),
  maxMs: samples.quantile(1),
});

/** Registers `count` new devices, those that failed once more; throws if one of them could not be. */
export async function registerDevices(bench: Bench, count: number, pn: boolean, rate = FILL_RATE): Promise<Device[]> {
  const devices = Array.from({ length: count }, () => newDevice(bench.load, pn));
  let left = devices;
  for (let tries = 0; tries < MAX_TRIES && left.length > 0; tries += 1) left = await registerEach(bench, left, rate);
  if (left.length > 0) throw new Error(`${left.length} of ${count} devices could not be registered\n${bench.server.errors}`);
  return devices;
}

/** Registers each; resolves with those that failed. */
async function registerEach(bench: Bench, devices: readonly Device[], rate: number): Promise<Device[]> {
  const failed: Device[] = [];
  const registrations = new Map<Device, Registration>();
  const waiting = devices.values();
  await play(bench, rate, devices.length, (of) => {
    const { value: device } = waiting.next();
    if (device !== undefined) registrations.set(device, new Registration(bench.load, of, device));
  });
  for (const [device, registration] of registrations) if (!registration.succeeded) failed.push(device);
  return failed;
}

/** Takes the devices one after the other, each for a call of its own. */
export function callsTo(bench: Bench, devices: readonly Device[], wakeAfterMs: WakeAfterMs): (run: Run) => void {
  let next = 0;
  return (run) => {
    const device = devices[next];
    next += 1;
    if (device === undefined) throw new Error('fewer devices than calls');
    new Call(bench.load, run, device, wakeAfterMs);
  };
}

/** What the waiting calls cost by themselves (a 182 a minute each). */
export async function idleCpuShare({ server }: Bench): Promise<number> {
  const before = server.cpuMs();
  await sleep(IDLE_SECONDS * 1000);
  return (server.cpuMs() - before) / (IDLE_SECONDS * 1000);
}

/** What a server holds. */
export interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** Memory once nothing of what is over is kept any more. */
export async function memory({ server, target }: Bench, settleSeconds: number): Promise<Memory> {
  if (target !== 'service') return { rssBytes: server.rssBytes(), heapBytes: Number.NaN };
  await sleep(settleSeconds * 1000);
  const heapBytes = await server.heapBytes();
  return { heapBytes, rssBytes: server.rssBytes() };
}

/** What each of so many units weighs. */
export function grown(what: string, from: Memory, to: Memory, units: number): string {
  const kB = (bytes: number): string => (bytes / units / 1000).toFixed(1);
  const mB = (bytes: number): string => (bytes / 1e6).toFixed(0);
  const heap = Number.isFinite(to.heapBytes)
    ? `, heap ${kB(to.heapBytes - from.heapBytes)} kB; ${mB(to.heapBytes)} MB heap in all`
    : '';
  return `a ${what}: RSS ${kB(to.rssBytes - from.rssBytes)} kB${heap}`;
}
