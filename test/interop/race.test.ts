import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { evenly } from '../bench/load/arrivals.ts';
import { Call } from '../bench/load/call.ts';
import { Load } from '../bench/load/load.ts';
import { type Device, newDevice, Registration } from '../bench/load/registration.ts';
import { Run } from '../bench/load/run.ts';
import { registerRequest } from '../bench/load/wire.ts';
import { Service } from './support/service.ts';

const CALLS = 1_000;
/** What a socket's buffer holds easily, since nothing that is lost is sent again: so a busy machine only takes longer. */
const AT_ONCE = 20;
/** A busy machine must not make overload control speak here: it is the order of things that is tried. */
const OPEN = { auth: 'none', limits: { overloadLagMs: 10_000 } };
const LIMIT_MS = 50_000;
/** Ids are given from 2 on, one to a phone. */
const FIRST_ID = 2;

let service: Service | undefined;
let load: Load | undefined;
afterEach(async () => {
  load?.close();
  await service?.stop();
});

async function openLoad({ port }: Service): Promise<Load> {
  load = await Load.open(port);
  return load;
}

/** Sends a REGISTER aside from the call: no answer is waited for, nothing repeated. */
function registersAside(on: Load, device: Device): void {
  device.cseq += 1;
  const outlet = on.callee(device.id);
  outlet.send(registerRequest(device.id, device.cseq, outlet.port, device.pn));
}

/** Begins one after the other, the next one as soon as not too many are under way. */
async function inTurn(run: Run, count: number, begin: () => void): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  for (let begun = 0; begun < count; begun += 1) {
    while (begun - run.settled >= AT_ONCE && performance.now() < until) await sleep(1);
    begin();
  }
}

/** Everybody done, and then some time in which a fork too many would show. */
async function settled(run: Run, count: number): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  while (run.settled < count && performance.now() < until) await sleep(50);
  await sleep(1_000);
}

function expectEachRangOnce(run: Run): void {
  expect({ done: run.done, anomalies: [...run.anomalies], failures: [...run.failures] }).toEqual({
    done: CALLS,
    anomalies: [],
    failures: [],
  });
  expect(run.rung.count).toBe(CALLS);
}

it(`rings a sleeping phone once when INVITE and REGISTER come at the same instant, ${CALLS} times`, async () => {
  service = await Service.start(0, { ...OPEN, users: {} });
  const phones = await openLoad(service);
  const registered = new Run();
  const devices = Array.from({ length: CALLS }, () => newDevice(phones, true));
  const first = devices.values();
  await inTurn(registered, CALLS, () => new Registration(phones, registered, first.next().value as Device));
  await settled(registered, CALLS);
  expect(registered.done).toBe(CALLS);

  const run = new Run();
  const calls = new Map<string, { call: Call; device: Device; invitedFirst: boolean }>();
  // The phone does as it is told by the push, whether it has just registered or not.
  service.pushes.onPush(({ kind, prid }) => {
    const pushed = calls.get(String(prid));
    if (pushed === undefined || kind !== 'incoming-call') return;
    if (pushed.invitedFirst) registersAside(phones, pushed.device);
    else pushed.call.wake();
  });
  const once = devices.values();
  await inTurn(run, CALLS, () => {
    const device = once.next().value as Device;
    const invitedFirst = device.id % 2 === 0;
    if (!invitedFirst) registersAside(phones, device);
    // Registered first: whether that REGISTER or the next one wakes it is the service's affair, but it rings once.
    const call = new Call(phones, run, device, invitedFirst ? 'never' : undefined);
    calls.set(`c${device.id}`, { call, device, invitedFirst });
    if (invitedFirst) call.wake();
  });
  await settled(run, CALLS);
  expectEachRangOnce(run);
  // A device that is seen to register between the INVITE and its push is up, and rings without one; none is pushed twice.
  const pushed = service.pushes.all.filter(({ kind }) => kind === 'incoming-call').map(({ prid }) => prid);
  expect(new Set(pushed).size).toBe(pushed.length);
  expect(pushed.length).toBeGreaterThan(CALLS / 2);
});

it(`rings a phone once whose first REGISTER and INVITE come at the same instant, ${CALLS} times`, async () => {
  const users = Object.fromEntries(
    Array.from({ length: CALLS }, (_, i) => `c${FIRST_ID + i}`).map((name) => [
      name,
      { password: 'x', wakeable: { provider: 'fcm', prid: name } },
    ]),
  );
  service = await Service.start(0, { ...OPEN, users });
  const phones = await openLoad(service);
  const run = new Run();
  await inTurn(run, CALLS, () => {
    const device = newDevice(phones, false);
    // Registered first it is awake and rings at once; called first it waits and is woken.
    if (device.id % 2 === 0) {
      new Call(phones, run, device, 'never').wake();
    } else {
      registersAside(phones, device);
      new Call(phones, run, device, undefined);
    }
  });
  await settled(run, CALLS);
  expectEachRangOnce(run);
});

it('rings a device once that registers 50 times while its call waits', async () => {
  service = await Service.start(0, { ...OPEN, users: {} });
  const phones = await openLoad(service);
  const run = new Run();
  const registered = new Run();
  const device = newDevice(phones, true);
  await phones.arrive(1, evenly(1), () => {
    new Registration(phones, registered, device);
  });
  await settled(registered, 1);
  await phones.arrive(1, evenly(1), () => {
    const call = new Call(phones, run, device, 'never');
    call.wake();
    for (let i = 0; i < 49; i += 1) registersAside(phones, device);
  });
  await settled(run, 1);
  expect(run.done).toBe(1);
  expect([...run.anomalies]).toEqual([]);
});
