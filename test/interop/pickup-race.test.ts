import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CryptoRandom } from '../../src/random.ts';
import { Phone } from '../../src/testing/phone.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { openSocketWire } from '../../src/testing/socket-wire.ts';
import { type Finish, type Lane, type Plan, race } from './support/pickup-race.ts';
import { Service } from './support/service.ts';

/** Races, and from which seed: `RACES=10000 SEED=7` plays more by hand. */
const RACES = Number(process.env.RACES ?? 1_000);
const SEED = Number(process.env.SEED ?? Number.parseInt(new CryptoRandom().hex(3), 16));
/** As many at once. */
const LANES = 8;
const WINDOW_MS = 5;
const HOST = '127.0.0.1';
const QUIET_LIMIT_MS = 15_000;
const LIMIT_MS = 120_000 + RACES * 100;

const STARTS = ['dial', 'claim', 'agree'] as const;
const ROLES = ['a', 'b', 'c', 'd'] as const;
const nameOf = (role: string, lane: number): string => `${role}${lane}`;
const users = Object.fromEntries(
  Array.from({ length: LANES }, (_, lane) => ROLES.map((role) => [nameOf(role, lane), { password: `secret-${role}` }])).flat(),
);
/** Each lane's callee and its two pickers. */
const groups = Object.fromEntries(
  Array.from({ length: LANES }, (_, lane) => [`lane${lane}`, ROLES.slice(1).map((role) => nameOf(role, lane))]),
);

let service: Service;
let lanes: Lane[];
beforeAll(async () => {
  // A busy machine must not make overload control speak here: it is the order of things that is tried.
  service = await Service.start(0, { users, pickup: { groups }, limits: { overloadLagMs: 10_000 } }, { counts: true });
  lanes = await Promise.all(Array.from({ length: LANES }, (_, lane) => openLane(lane)));
});
afterAll(async () => {
  for (const { caller, callee, pickers } of lanes ?? []) for (const { wire } of [caller, callee, ...pickers]) wire.close();
  await service?.stop();
});

async function openLane(lane: number): Promise<Lane> {
  const [caller, callee, first, second] = await Promise.all(
    ROLES.map(async (role, n) => {
      // Addresses of their own tell in session descriptions whose media it is.
      const wire = await openSocketWire('udp', `127.0.${lane + 1}.${n + 1}`);
      const user = nameOf(role, lane);
      const proxy = { host: HOST, port: service.port };
      return new Phone({ wire, random: new CryptoRandom(), user, domain: HOST, password: `secret-${role}`, proxy });
    }),
  );
  if (caller === undefined || callee === undefined || first === undefined || second === undefined) throw new Error('no phones');
  const phones = [caller, callee, first, second];
  await Promise.all(
    phones.map(
      (phone) => new Promise<void>((done, fail) => phone.register({}, ({ status }) => (status === 200 ? done() : fail(status)))),
    ),
  );
  return { caller, callee, pickers: [first, second] };
}

function drawn(random: SeededRandom, callee: string): Plan {
  const within = (): number => Math.floor(random.fraction() * (WINDOW_MS + 1));
  const isTwo = random.fraction() < 0.25;
  return {
    start: STARTS[Math.floor(random.fraction() * STARTS.length)] ?? 'dial',
    code: random.fraction() < 0.5 ? '*8' : `**${callee}`,
    pickAtMs: isTwo ? [within(), within()] : [within()],
    answerAtMs: within(),
    cancelAtMs: within(),
    callerHangsUp: random.fraction() < 0.5,
  };
}

describe(`${RACES} races for a ringing call, seed ${SEED}`, () => {
  it(
    'have one outcome each, whoever wins; every loser is told why, and nothing is left',
    async () => {
      const finishes: Finish[] = [];
      let left = RACES;
      await Promise.all(
        lanes.map(async (lane, n) => {
          const random = new SeededRandom(SEED).of(`lane ${n}`);
          while (left > 0 && finishes.flatMap(({ faults }) => faults).length < 5) {
            left -= 1;
            finishes.push(await race(lane, drawn(random, lane.callee.user)));
          }
        }),
      );
      expect(finishes.flatMap(({ faults }) => faults).join('\n\n')).toBe('');
      expect(
        lanes.flatMap(({ caller, callee, pickers }) => [caller, callee, ...pickers]).flatMap(({ complaints }) => complaints),
      ).toEqual([]);
      const won = (by: Finish['winner']): number => finishes.filter(({ winner }) => winner === by).length;
      const tally = { picker: won('picker'), callee: won('callee'), nobody: won('nobody') };
      console.info(`${finishes.length} races, won by: ${JSON.stringify(tally)}`);
      // Each of them was really in the race.
      for (const count of Object.values(tally)) expect(count).toBeGreaterThan(0);
      await expect
        .poll(() => service.counts(), { timeout: QUIET_LIMIT_MS, interval: 500 })
        .toEqual({
          ...{ calls: 0, legs: 0, kept: 0 },
          actors: [],
        });
      expect(service.said).not.toMatch(/"level":"(error|warn)"/);
    },
    LIMIT_MS,
  );
});
