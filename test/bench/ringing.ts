/**
 * What one pickup costs the service among few and among many ringing calls, in its own process and without sockets:
 * `node test/bench/ringing.ts [CALLS]`. Prints waits held against facts, and CPU, for each pickup.
 */
import type { Phone } from '../../src/testing/phone.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';

const GROUP_SIZE = 10;
const FEW = GROUP_SIZE;
const SAMPLES = 400;
const most = Number(process.argv[2] ?? 10_000);

const names = Array.from({ length: most }, (_, n) => `c${n}`);
const callers = Array.from({ length: Math.ceil(most / GROUP_SIZE) }, (_, n) => `a${n}`);
const pickers = callers.map((_, n) => `p${n}`);
const groups = new Map(
  pickers.map((picker, n) => [`g${n}`, { members: names.slice(n * GROUP_SIZE, (n + 1) * GROUP_SIZE), pickers: [picker] }]),
);
const world = serviceWorld({
  users: [...names, ...callers, ...pickers],
  remembers: 100,
  invariants: [],
  config: {
    pickup: { groups, codes: { group: '*8', directed: '**' }, mode: 'join', takeOver: [], watch: 'group' },
    calls: { ringLimitMs: 3_600_000 },
    limits: { requestsPerSecondPerSource: 0, failuresBeforeBan: 0 },
  },
});
const hire = (name: string): Phone => {
  const phone = world.phone(name, { onInvite: 'ring' });
  phone.register({ expiresSeconds: 3_600 });
  world.run(15);
  return phone;
};
for (const name of names) hire(name);
const calling = callers.map(hire);
const picking = pickers.map(hire);
const { engine } = world.service.service;

/** The n-th callee is rung. */
const ring = (n: number): void => {
  calling[Math.floor(n / GROUP_SIZE)]?.call(`c${n}`);
  world.run(25);
};

/** One after the other: a call of each group is picked up, hung up, and another rings. */
function measure(rings: number): void {
  let us = 0;
  let evaluations = 0;
  const inTurn = Math.ceil(rings / GROUP_SIZE);
  for (let n = 0; n < SAMPLES; n += 1) {
    const group = n % inTurn;
    const before = { us: process.cpuUsage(), evaluations: engine.evaluations };
    const call = picking[group]?.call('*8');
    world.run(60);
    const { user, system } = process.cpuUsage(before.us);
    us += user + system;
    evaluations += engine.evaluations - before.evaluations;
    if (call?.state !== 'answered' || call.remoteSdp.includes('inactive')) throw new Error(`not picked up: ${call?.status}`);
    call.bye();
    world.run(30);
    ring(group * GROUP_SIZE + (Math.floor(n / inTurn) % GROUP_SIZE));
  }
  console.log(
    `${String(rings).padStart(6)} ring: ${(evaluations / SAMPLES).toFixed(1)} waits held against facts, ${(us / SAMPLES / 1000).toFixed(2)} ms CPU (phones included) a pickup`,
  );
}

for (let n = 0; n < FEW; n += 1) ring(n);
measure(FEW);
measure(FEW);
for (let n = FEW; n < most; n += 1) ring(n);
measure(most);
measure(FEW);
process.exit(0);
