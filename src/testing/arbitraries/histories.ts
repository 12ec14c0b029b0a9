/** Arbitraries of histories: fast-check draws them, and shrinks what fails to few acts, early instants and few phones. */
import fc from 'fast-check';
import type { Act } from '../attack/act.ts';
import { bye, CALL_ACTS, call, type calling } from '../attack/call-acts.ts';
import { NETWORK_ACTS, PUSH_ACTS, WEATHERS } from '../attack/fault-acts.ts';
import type { ActAt, Habit, History, PhonePlan } from '../attack/history.ts';
import { MEDIA_ACTS } from '../attack/media-acts.ts';
import { MID_CALL_ACTS, TRANSFER_ACTS } from '../attack/mid-call-acts.ts';
import { REGISTRATION_ACTS } from '../attack/registration-acts.ts';

/** What histories are about. All bounds are inclusive. */
export interface HistoryOptions {
  /** Number of users; default 3. */
  readonly users?: number;
  /** Most phones of one user; default 2. */
  readonly phones?: number;
  /** Most acts; default 16. */
  readonly maxActs?: number;
  /** Instants around which much happens, in milliseconds, such as the deadlines of a scenario; those of the service are there. */
  readonly limitsMs?: readonly number[];
  /** Acts that are drawn, one line a chance: what stands there twice is drawn twice as often. */
  readonly acts?: readonly Act[];
  /** Acts of your own beside them; each is drawn three times as often as one of the kit's. */
  readonly moreActs?: readonly Act[];
  /** Whether phones may be apps that sleep; default true. */
  readonly apps?: boolean;
  /** Whether networks may misbehave from the beginning; default true. */
  readonly weather?: boolean;
}

/** A ring back takes 2 * 5 ms here: within it answers cross. Then the instants of retransmissions (RFC 3261 §17.1.1.2). */
const CLOSE = [0, 1, 4, 5, 6, 9, 10, 11, 15, 20];
const RETRANSMISSIONS_MS = [500, 1_500, 3_500, 7_500, 15_500, 31_500];
/** The presets: silentAfterSeconds, wakeLimitSeconds, 64*T1, ringLimitSeconds. */
const LIMITS_MS = [10_000, 20_000, 32_000, 60_000];

/** What fails is also tried with the first choice. */
const SIMPLEST_FIRST = { withCrossShrink: true } as const;

/** Instants at which much happens at once: few beginnings, and little later. */
function instants(limitsMs: readonly number[]): fc.Arbitrary<number> {
  const base = fc.oneof(
    SIMPLEST_FIRST,
    { weight: 6, arbitrary: fc.constantFrom(0, 100, 1_000, 2_500, 6_000) },
    { weight: 1, arbitrary: fc.constantFrom(...RETRANSMISSIONS_MS) },
    { weight: 2, arbitrary: fc.constantFrom(...[...LIMITS_MS, ...limitsMs].map((limitMs) => Math.max(limitMs - 10, 0))) },
  );
  const later = fc.oneof(
    SIMPLEST_FIRST,
    { weight: 3, arbitrary: fc.constantFrom(...CLOSE) },
    { weight: 1, arbitrary: fc.nat(400) },
  );
  return fc.tuple(base, later).map(([baseMs, laterMs]) => baseMs + laterMs);
}

const HABIT: fc.Arbitrary<Habit> = fc.oneof(
  SIMPLEST_FIRST,
  { weight: 3, arbitrary: fc.constantFrom<Habit>('answer', 'ring', 'ring') },
  {
    weight: 3,
    arbitrary: fc.record({
      ringAfterMs: fc.constantFrom(0, 5, 200),
      answerAfterMs: fc.constantFrom(0, 5, 700, 3_000, 15_000),
      early: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      decline: fc.constantFrom(486, 486, 603, 404, 480, 500, 503, 600),
      afterMs: fc.constantFrom(0, 5, 500, 4_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Habit>('silent') },
);

const APP = fc.option(
  fc.record({
    wakesAfterMs: fc.constantFrom(0, 20, 2_000, 19_000, 25_000),
    wakes: fc.constantFrom(1, 1, 1, 2, 0),
  }),
  { nil: undefined, freq: 1 },
);

/** The phones of one user: mostly one or more, rarely none. */
export function phonesOf(user: number, atMost: number, apps: boolean): fc.Arbitrary<PhonePlan[]> {
  const plan = fc.record({
    user: fc.constant(user),
    transport: fc.constantFrom('udp' as const, 'udp' as const, 'tcp' as const, 'tls' as const, 'ws' as const),
    habit: HABIT,
    app: apps ? APP : fc.constant(undefined),
    timer: fc.constantFrom(undefined, undefined, { expiresSeconds: 90 }, { refresh: 'invite' as const }),
    hasInstance: fc.boolean(),
    answers: fc.oneof(
      SIMPLEST_FIRST,
      { weight: 3, arbitrary: fc.constant([200]) },
      { weight: 1, arbitrary: fc.array(fc.constantFrom(200, 488, 404, 500), { minLength: 1, maxLength: 3 }) },
    ),
  });
  return fc.oneof(
    SIMPLEST_FIRST,
    { weight: 1, arbitrary: fc.constant<PhonePlan[]>([]) },
    { weight: 9, arbitrary: fc.array(plan, { minLength: 1, maxLength: atMost }) },
  );
}

const inOrder = (acts: readonly ActAt[]): ActAt[] => acts.toSorted((a, b) => a.atMs - b.atMs);

/** Acts at instants, in order. */
export function actsAt(acts: readonly Act[], at: fc.Arbitrary<number>, bounds: fc.ArrayConstraints): fc.Arbitrary<ActAt[]> {
  const one = fc.oneof(...acts.map(({ name, arbitrary }) => fc.record({ atMs: at, act: fc.constant(name), with: arbitrary })));
  return fc.array(one, bounds).map(inOrder);
}

const { calm: _calm, ...ROUGH } = WEATHERS;
const NETWORK = fc.oneof(
  SIMPLEST_FIRST,
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constantFrom(...Object.values(ROUGH)) },
);

/** Everything at once: calls and what is done in them, registrations, pushes, networks. */
export function histories(options: HistoryOptions = {}): fc.Arbitrary<History> {
  const {
    users = 3,
    phones = 2,
    maxActs = 16,
    limitsMs = [],
    acts = EVERY_ACT,
    moreActs = [],
    apps = true,
    weather = true,
  } = options;
  return fc.record({
    seed: fc.nat(2 ** 31 - 1),
    phones: fc.tuple(...Array.from({ length: users }, (_, user) => phonesOf(user, phones, apps))).map((each) => each.flat()),
    network: weather ? NETWORK : fc.constant({}),
    acts: fc
      .tuple(
        // Most of what can be done is done with a call.
        actsAt([call], instants([]), { maxLength: 3 }),
        actsAt([...acts, ...moreActs, ...moreActs, ...moreActs], instants(limitsMs), { maxLength: maxActs, size: 'max' }),
      )
      .map((lists) => inOrder(lists.flat())),
  });
}

/** Calls, with their answers, ends and what is said in them; all phones are awake. */
export const callHistories = (options: HistoryOptions = {}): fc.Arbitrary<History> =>
  histories({ acts: [...CALL_ACTS, ...MID_CALL_ACTS], apps: false, ...options });

/** Registrations that come, go and move while calls are placed. */
export const registrationHistories = (options: HistoryOptions = {}): fc.Arbitrary<History> =>
  histories({ acts: [...REGISTRATION_ACTS, ...CALL_ACTS.slice(0, 6)], ...options });

/** Calls to apps that sleep, and all that can happen to pushes and to who is woken. */
export const pushHistories = (options: HistoryOptions = {}): fc.Arbitrary<History> =>
  histories({ acts: [...PUSH_ACTS, ...PUSH_ACTS, ...REGISTRATION_ACTS, ...CALL_ACTS], ...options });

type Calling = typeof calling extends fc.Arbitrary<infer Drawn> ? Drawn : never;

/** Nobody declines, and nobody gives up soon. */
const willing = (habit: Habit): Habit =>
  typeof habit === 'object' && 'answerAfterMs' in habit ? habit : { ringAfterMs: 0, answerAfterMs: 5 };
function patient({ atMs, act, with: drawn }: ActAt): ActAt {
  if (act !== call.name) return { atMs, act, with: drawn };
  const { talksMs, ...rest } = drawn as Calling;
  return { atMs, act, with: { ...rest, talksMs: (talksMs ?? 0) < 3_000 ? undefined : talksMs, patienceMs: undefined } };
}

/** Calls that are answered, in most of which somebody talks, holds, offers other media and is transferred. */
export const mediaHistories = (options: HistoryOptions = {}): fc.Arbitrary<History> =>
  histories({ acts: [...MEDIA_ACTS, ...MEDIA_ACTS, ...MID_CALL_ACTS, ...TRANSFER_ACTS, bye], apps: false, ...options }).map(
    ({ phones, acts, ...rest }) => ({
      ...rest,
      phones: phones.map((plan) => ({ ...plan, habit: willing(plan.habit) })),
      acts: acts.map(patient),
    }),
  );

/** All acts of the kit but a restart of the service. */
export const EVERY_ACT: readonly Act[] = [
  ...CALL_ACTS,
  ...MID_CALL_ACTS,
  ...TRANSFER_ACTS,
  ...REGISTRATION_ACTS,
  ...PUSH_ACTS,
  ...NETWORK_ACTS,
];
