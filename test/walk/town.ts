import fc from 'fast-check';
import type { PickupConfig } from '../../src/config/pickup.ts';
import { phonesOf } from '../../src/testing/arbitraries/histories.ts';
import type { Act } from '../../src/testing/attack/act.ts';
import { CALL_ACTS, call, calling } from '../../src/testing/attack/call-acts.ts';
import { NETWORK_ACTS, PUSH_ACTS } from '../../src/testing/attack/fault-acts.ts';
import type { ActAt, History, PhonePlan } from '../../src/testing/attack/history.ts';
import { MID_CALL_ACTS, TRANSFER_ACTS } from '../../src/testing/attack/mid-call-acts.ts';
import { PICKUP_ACTS } from '../../src/testing/attack/pickup-acts.ts';
import { REGISTRATION_ACTS } from '../../src/testing/attack/registration-acts.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

/** How big a town is, and for how long it is watched. */
export interface TownSize {
  readonly users: number;
  readonly forMs: number;
  readonly calls: number;
  readonly otherActs: number;
}

const between = (min: number, max: number) => fc.integer({ min, max });
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd });

/** Some hundred calls at a time for five minutes, and what else people, phones and networks do meanwhile. */
export const TOWN: TownSize = { users: 150, forMs: 300_000, calls: 2_800, otherActs: 2_000 };

/** Each round has a seed of its own, so that it can be played alone. */
export const seedOfRound = (seed: number, round: number): number =>
  Math.floor(new SeededRandom(seed).fork(`round ${round}`).fraction() * 2 ** 31);

/** Calls in a town end by themselves, as most do, or the lines were busy for ever. */
const TOWN_CALL: Act = {
  ...call,
  arbitrary: fc
    .tuple(calling, mostly(between(1_000, 120_000), between(0, 50)), mostly(between(20_000, 90_000), between(0, 3_000)))
    .map(([drawn, talksMs, patienceMs]) => ({ ...drawn, talksMs, patienceMs })),
};
const OTHERS: readonly Act[] = [
  ...CALL_ACTS.filter((act) => act !== call),
  ...MID_CALL_ACTS,
  ...MID_CALL_ACTS,
  ...TRANSFER_ACTS,
  ...REGISTRATION_ACTS,
  ...PUSH_ACTS,
  ...NETWORK_ACTS,
  ...PICKUP_ACTS,
];

const GROUP_SIZE = 10;

/** Neighbours may take each other's calls; the first of each group those that are answered, too. */
export function townPickup(users: readonly string[]): PickupConfig {
  const groups = Array.from({ length: Math.ceil(users.length / GROUP_SIZE) }, (_, n) =>
    users.slice(n * GROUP_SIZE, (n + 1) * GROUP_SIZE),
  );
  return {
    groups: new Map(groups.map((members, n) => [`group${n}`, { members, pickers: [] }])),
    codes: { group: '*8', directed: '**' },
    mode: 'join',
    takeOver: groups.flatMap(([first]) => first ?? []),
    watch: 'group',
  };
}

/** Nothing stays broken for long, or a town would soon be silent: what follows an act of that name, and when. */
const REPAIRS: Readonly<Record<string, (drawn: never) => Omit<ActAt, 'atMs'>>> = {
  weather: () => ({ act: 'weather', with: 'calm' }),
  unregisters: (n: number) => ({ act: 'registers', with: n }),
  'unregisters all': (n: number) => ({ act: 'registers', with: n }),
  'media weather': () => ({ act: 'media weather', with: {} }),
  'push service': () => ({ act: 'push service', with: undefined }),
  'push delay': () => ({ act: 'push delay', with: 20 }),
  pushes: ([n]: [number]) => ({ act: 'pushes', with: [n, 1] }),
};
const REPAIRED_WITHIN_MS = 20_000;

/** The same town for the same seed; `more` is done beside what is done everywhere. */
export function drawTown(seed: number, { users, forMs, calls, otherActs }: TownSize, more: readonly Act[] = []): History {
  const random = new SeededRandom(seed);
  const draw = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] =>
    fc.sample(arbitrary, { seed: Math.floor(random.fraction() * 2 ** 31), numRuns });
  const at = (): number => Math.floor(random.fraction() * forMs);
  const of = (act: Act, count: number): ActAt[] =>
    draw(act.arbitrary, count).map((drawn) => ({ atMs: at(), act: act.name, with: drawn }));
  const others = [...OTHERS, ...more];
  const each = Math.ceil(otherActs / others.length);
  const acts = [...of(TOWN_CALL, calls), ...others.flatMap((act) => of(act, each))];
  const repairs = acts.flatMap(({ atMs, act, with: drawn }) => {
    const repair = REPAIRS[act]?.(drawn as never);
    return repair === undefined ? [] : [{ ...repair, atMs: atMs + Math.floor(random.fraction() * REPAIRED_WITHIN_MS) }];
  });
  const phones: PhonePlan[] = Array.from({ length: users }, (_, user) => draw(phonesOf(user, 3, true), 1).flat()).flat();
  return { seed, phones, network: {}, acts: [...acts, ...repairs].toSorted((a, b) => a.atMs - b.atMs) };
}
