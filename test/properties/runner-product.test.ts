import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AnyStateMachine, EventObject } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import { legMachine } from '../../machines/leg.ts';
import { registrationMachine } from '../../machines/registration.ts';
import { readSettings } from '../../machines/ring-back/settings.ts';
import { streamMachine } from '../../machines/stream.ts';
import { subscriptionMachine } from '../../machines/subscription.ts';
import { callPickupMachine } from '../../machines/supervisors/call-pickup.ts';
import { diversionMachine } from '../../machines/supervisors/diversion.ts';
import { inCallCodesMachine } from '../../machines/supervisors/in-call-codes.ts';
import { ivrMenuMachine } from '../../machines/supervisors/ivr-menu.ts';
import { missedCall, missedCallMachine } from '../../machines/supervisors/missed-call.ts';
import { operatorForkMachine } from '../../machines/supervisors/operator-fork.ts';
import { pushNotificationMachine } from '../../machines/supervisors/push-notification.ts';
import { ringBackMachine } from '../../machines/supervisors/ring-back.ts';
import { ringGroup, ringGroupMachine } from '../../machines/supervisors/ring-group.ts';
import { trunkMachine } from '../../machines/trunk.ts';
import { legAddress } from '../../machines/vocabulary/identity.ts';
import { chartOf } from '../../src/engine/chart/compile.ts';
import { nodesOf } from '../machines/chart.ts';
import { expectSame, type Step } from '../support/engine-runs.ts';
import { CODES, MENUS } from '../support/menus.ts';

const CALL = 'call:1';
const CALLER = 'leg:0';
const AOR = 'sip:bob@example.com';
const leg = fc.constantFrom(CALLER, ...[1, 2, 3].map((n) => legAddress(CALL, n)), '');
const device = fc.constantFrom('desk', 'mobile', 'tablet', 'account');
const push = fc.constantFrom({ provider: '', prid: '', param: '' }, { provider: 'apns', prid: 'p', param: 'q' });
const target = fc.record({
  contact: fc.constantFrom('sip:bob@192.0.2.1', 'sip:bob@192.0.2.2'),
  path: fc.constant([]),
  flow: fc.constantFrom('flow:1', 'flow:2'),
  stream: fc.boolean(),
});
const binding = fc.record({
  aor: fc.constant(AOR),
  device,
  target,
  push,
  params: fc.constant(''),
  qThousandths: fc.constant(1000),
  callId: fc.constantFrom('r1', 'r2'),
  cseq: fc.nat(5),
  expiresAtMs: fc.integer({ min: 0, max: 90_000 }),
  registeredAtMs: fc.constant(0),
  userAgent: fc.constant('phone'),
});
const contact = fc.record({
  device,
  target,
  expiresSeconds: fc.constantFrom(0, 1, 60),
  qThousandths: fc.constant(1000),
  push,
  params: fc.constant(''),
});
const status = fc.constantFrom(180, 183, 200, 302, 404, 486, 487, 503, 603);

/** One of everything that some fact or command of the service says: each chart reads of it what it knows. */
const attributes = fc.record({
  call: fc.constant(CALL),
  caller: fc.constant('sip:alice@example.com'),
  callerName: fc.constant('Alice'),
  anonymous: fc.boolean(),
  label: fc.constantFrom('', 'Sales'),
  callee: fc.constantFrom(AOR, 'sip:carol@example.com'),
  callIdStem: fc.constant('stem'),
  accountPush: push,
  rings: fc.array(fc.record({ aor: fc.constant(''), device, target }), { maxLength: 2 }),
  aor: fc.constant(AOR),
  leg,
  fork: leg,
  device,
  status,
  order: fc.constantFrom(undefined, { status: 486, reason: 'Busy' }),
  reason: fc.constantFrom('', 'SIP ;cause=200'),
  text: fc.constant(''),
  message: fc.nat(3),
  exchange: fc.nat(3),
  method: fc.constantFrom('INFO', 'REFER', 'INVITE'),
  direct: fc.boolean(),
  continues: fc.constantFrom('', 'call:9'),
  transferredBy: fc.constant(''),
  code: fc.constantFrom('', '*37', '*37'),
  argument: fc.constant(''),
  placedBy: fc.constantFrom('', '', 'case:3'),
  pickable: fc.constantFrom(true, true, true, false),
  picker: fc.constant('sip:dave@example.com'),
  answeredBy: fc.constantFrom(AOR, 'sip:dave@example.com'),
  party: fc.constantFrom('caller', 'callee'),
  outcome: fc.constantFrom('answered', 'failed'),
  address: leg,
  of: fc.constant(CALL),
  how: fc.constantFrom('done', 'failed', 'matched', 'silent', 'full'),
  why: fc.constantFrom('unregistered', 'expired', 'unreachable', 'silent', 'busy', 'always'),
  forwarding: fc.record({
    always: fc.constantFrom('', '', '', 'sip:carol@example.com'),
    busy: fc.constantFrom('', 'sip:carol@example.com'),
    noAnswer: fc.constantFrom('', 'sip:carol@example.com'),
    unreachable: fc.constantFrom('', 'sip:carol@example.com'),
    ringMs: fc.constantFrom(0, 5_000),
  }),
  diverted: fc.nat(5),
  name: fc.constantFrom(...CODES.orders.map(({ name }) => name)),
  what: fc.constantFrom('ringing', 'consulting', 'done', 'failed'),
  command: fc.constantFrom('call.transfer', 'media.record', 'media.play'),
  digits: fc.constantFrom('', '1', '2', '3', '4', '5', '#'),
  ok: fc.boolean(),
  trunk: fc.constant('carrier'),
  refreshAfterMs: fc.constantFrom(0, 1_000),
  retryAfterMs: fc.constantFrom(0, 9_000),
  jitterThousandths: fc.nat(999),
  stream: fc.constant('stream:1/0'),
  packets: fc.nat(99),
  lost: fc.nat(9),
  jitterMs: fc.nat(9),
  route: fc.integer({ min: 0, max: 3 }),
  lapse: fc.constantFrom('', 'unknown'),
  provider: fc.constantFrom('', 'apns'),
  asleep: fc.boolean(),
  binding,
  target,
  contacts: fc.array(contact, { maxLength: 3 }),
  all: fc.boolean(),
  callId: fc.constantFrom('r1', 'r2', ''),
  cseq: fc.nat(9),
  userAgent: fc.constant('phone'),
  flow: fc.constantFrom('flow:1', 'flow:2'),
  wakeable: fc.boolean(),
  forMs: fc.constantFrom(0, 5_000, 20_000),
  media: fc.boolean(),
  progress: fc.constantFrom(0, 180, 182),
  by: fc.constantFrom('case:1', 'case:2', CALLER),
  cause: fc.nat(9),
});

const eventsOf = (machine: AnyStateMachine): string[] => [
  ...new Set(nodesOf(machine.root).flatMap((node) => [...node.transitions.keys()])),
];

/** What tells of numbered orders. */
const NUMBERED: ReadonlySet<string> = new Set(['digits.collected', 'pin.checked', 'prompt.ended']);
const OFTEN = [...Array(4).fill('leg.answered'), ...Array(4).fill('leg.acknowledged')] as readonly string[];

/** An event of the chart, stamped when it is given. */
function stepsOf(machine: AnyStateMachine, waits: readonly number[], leads: readonly (readonly Step[])[]): fc.Arbitrary<Step[]> {
  const known = eventsOf(machine).filter((type) => !type.startsWith('xstate.'));
  // A call knows more kinds of events than any chart, and few histories would come to where it talks.
  const types = [...known, ...OFTEN.filter((type) => known.includes(type))];
  const event = fc.tuple(fc.constantFrom(...types, 'command.refused'), attributes, fc.nat(99)).map(
    ([type, rest, seq]): Step =>
      (nowMs) =>
        ({ ...rest, ...(NUMBERED.has(type) ? { order: 1 + (seq % 3) } : {}), type, seq, at: nowMs }) as EventObject,
  );
  const steps = fc.array(fc.oneof({ weight: 4, arbitrary: event }, { weight: 1, arbitrary: fc.constantFrom(...waits) }), {
    maxLength: 25,
  });
  if (!known.includes('call.ring'))
    return fc
      .tuple(fc.boolean(), fc.constantFrom([], ...leads), steps)
      .map(([isLed, lead, rest]) => (isLed ? [...lead, ...rest] : rest));
  return fc.oneof(
    { weight: 1, arbitrary: steps },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.oneof(groupSteps, attendedSteps, dialledSteps, joinSteps), steps).map((both) => both.flat()),
    },
  );
}

/** A step that is no chance. */
const given =
  (type: string, attributes: object = {}): Step =>
  (nowMs) =>
    ({ call: CALL, ...attributes, type, seq: 7, at: nowMs }) as EventObject;

/** A scenario keeps the call open and rings somebody: rare among so many kinds of events. */
const groupSteps: fc.Arbitrary<Step[]> = fc.tuple(attributes, fc.constantFrom<Step[]>([], [0])).map(([rest, wait]) => {
  const by = { ...rest, by: 'case:1' };
  // Whoever rings brings nobody, so that the call is idle before time passes.
  const failed = [1, 2, 3, 4].map((n) => given('leg.failed', { leg: legAddress(CALL, n), status: 480, message: 0 }));
  return [given('call.keepOpen', { ...by, forMs: 20_000 }), given('call.ring', by), 0, ...failed, ...wait];
});

/** The service itself answers the caller. */
const acknowledged = given('leg.acknowledged', { leg: CALLER, message: 0 });
const attendedSteps: fc.Arbitrary<Step[]> = fc
  .tuple(fc.boolean(), fc.constantFrom<Step[]>([], [acknowledged]))
  .map(([media, then]) => [given('call.answer', { forMs: 20_000, by: 'case:1', media }), ...then]);

/** It rings others for a caller whom it has answered with media. */
const dialledSteps: fc.Arbitrary<Step[]> = attributes.map((rest) => [
  given('call.answer', { forMs: 60_000, by: 'case:1', media: true }),
  acknowledged,
  given('call.ring', { ...rest, by: 'case:1' }),
]);

/** Parties of other calls are joined to it. */
const joinSteps: fc.Arbitrary<Step[]> = fc
  .uniqueArray(fc.constantFrom('leg:8/0', 'leg:9/0'), { minLength: 1 })
  .map((legs) => legs.map((joined) => given('call.join', { leg: joined, aor: AOR, by: `case:${joined}` })));

const born = (...types: string[]) =>
  fc.tuple(fc.constantFrom(...types), attributes).map(([type, rest]) => ({ ...rest, type, seq: 5, at: 0 }));
const bound = fc
  .tuple(born('binding.added', 'binding.refreshed', 'binding.slept'), fc.nat(9))
  .map(([fact, seq]) => ({ ...fact, seq }));

/** How a call is picked up. */
const pickup = fc.record({
  form: fc.constantFrom('group', 'directed', 'replaces', 'order'),
  mode: fc.constantFrom('join', 'callback'),
  picker: fc.constant('sip:dave@example.com'),
});

/** Each chart of the service, with what it is born with, the waits that its timers are about, and what leads some of the histories on. */
const CHARTS: Readonly<
  Record<string, readonly [AnyStateMachine, fc.Arbitrary<object>, readonly number[], ...(readonly (readonly Step[])[])]>
> = {
  call: [
    callMachine,
    fc.record({
      fact: born('invite.received').map((fact) => ({ ...fact, leg: CALLER })),
      self: fc.constant(CALL),
      current: fc.array(bound, { maxLength: 4 }),
      settings: fc.record({
        maxForks: fc.integer({ min: 1, max: 4 }),
        declineEndsCall: fc.boolean(),
        transfer: fc.constantFrom('local', 'relay'),
        picksUp: fc.boolean(),
      }),
    }),
    [0, 5_000, 20_000, 200_000],
  ],
  leg: [
    legMachine,
    fc.record({
      fact: born('invite.received', 'fork.started'),
      self: fc.constant(CALLER),
      current: fc.constant([]),
      settings: fc.constant({ ringLimitMs: 30_000, silentAfterMs: 4_000 }),
    }),
    [0, 4_000, 26_000, 40_000, 70_000],
    [given('leg.answer', { fork: '', status: 200, message: 0 })],
    [given('leg.answer', { fork: '', status: 200, message: 0 }), given('leg.hangUp', { message: 0 })],
    [given('answer.received', { status: 200, message: 0 }), given('leg.acknowledge', { message: 0 })],
  ],
  registration: [
    registrationMachine,
    fc.record({
      fact: born('register.received', 'binding.restored'),
      self: fc.constant('registration:1'),
      current: fc.constant([]),
      settings: fc.record({ maxBindings: fc.integer({ min: 1, max: 3 }), awakeForMs: fc.constantFrom(0, 700, 40_000) }),
    }),
    [0, 700, 1_000, 40_000, 60_000],
  ],
  trunk: [
    trunkMachine,
    fc.record({ fact: born('trunk.opened'), self: fc.constant('trunk:1'), current: fc.constant([]), settings: fc.constant({}) }),
    [0, 1_000, 20_000, 300_000],
  ],
  diversion: [
    diversionMachine,
    fc.record({
      fact: born('call.unanswered'),
      self: fc.constant('case:1'),
      current: fc.constant([]),
      settings: fc.constant({}),
    }),
    [0, 500, 1_000],
  ],
  callPickup: [
    callPickupMachine,
    fc.record({
      fact: born('pickup.asked').chain((fact) =>
        pickup.map((of) => ({
          ...fact,
          ...of,
          call: of.form === 'order' ? '' : 'call:9',
          target: of.form === 'group' ? '' : CALL,
        })),
      ),
      self: fc.constant('case:1'),
      current: fc.array(
        fc.oneof({ weight: 4, arbitrary: born('call.offered') }, { weight: 1, arbitrary: born('pickup.began') }),
        {
          maxLength: 2,
        },
      ),
      settings: fc.constant({}),
    }),
    [0, 1_000, 32_000, 660_000],
    [given('caller.answered'), given('join.won')],
  ],
  subscription: [
    subscriptionMachine,
    fc.record({
      fact: born('watch.asked').chain((fact) =>
        fc
          .constantFrom(0, 60_000, 600_000)
          .map((expiresMs) => ({ ...fact, subscription: 'case:1', watched: 'sip:bob@example.com', expiresMs })),
      ),
      self: fc.constant('case:1'),
      current: fc.array(born('call.offered', 'call.ringing', 'call.answered'), { maxLength: 3 }),
      settings: fc.constant({}),
    }),
    [0, 1_000, 10_000, 64_000],
    [given('watch.notified', { how: 'taken' }), given('watch.notified', { how: 'missed' }), 1_000],
  ],
  stream: [
    streamMachine,
    fc.record({
      fact: born('stream.opened'),
      self: fc.constant('stream:1/0'),
      current: fc.constant([]),
      settings: fc.constantFrom({ endsCallAfterMs: 0 }, { endsCallAfterMs: 5_000 }),
    }),
    [0, 5_000, 10_000],
    [given('rtp.heard'), given('rtp.stopped')],
  ],
  ringBack: [
    ringBackMachine,
    fc.record({
      fact: born('call.unanswered', 'call.cancelled', 'call.failed'),
      self: fc.constant('case:1'),
      current: fc.array(fc.oneof({ weight: 4, arbitrary: bound }, { weight: 1, arbitrary: born('call.answered') }), {
        maxLength: 2,
      }),
      settings: fc.constant(readSettings({ guardSeconds: 0 })),
    }),
    [0, 60_000, 300_000, 900_000],
    [given('call.offered', { code: '*37' }), given('binding.added'), 0],
  ],
  operatorFork: [
    operatorForkMachine,
    fc.record({
      fact: born('fork.ordered').map((fact) => ({ ...fact, uri: 'sip:carol@example.com', onBehalfOf: AOR, ringMs: 20_000 })),
      self: fc.constant('case:1'),
      current: fc.constant([]),
      settings: fc.constant({}),
    }),
    [0, 1_000, 20_000],
  ],
  ringGroup: [
    ringGroupMachine,
    fc.record({
      fact: born('call.offered'),
      self: fc.constant('case:1'),
      current: fc.constant([]),
      settings: fc
        .constantFrom<object>({}, { strategy: 'inTurn', fallback: 'erin' }, { strategy: 'rotating' })
        .map((how) => ringGroup.settings?.({ group: 'bob', members: ['carol', 'dan'], ...how })),
    }),
    [0, 500, 1_000, 20_000],
  ],
  missedCall: [
    missedCallMachine,
    fc.record({
      fact: born('callee.missed'),
      self: fc.constant('case:1'),
      current: fc.constant([]),
      settings: fc
        .constantFrom<object>({}, { callers: 'external' }, { calledBackBy: 'anybody', retries: 1 })
        .map((how) => missedCall.settings?.({ target: 'crm', ...how })),
    }),
    [0, 2_000, 60_000, 120_000],
  ],
  ivrMenu: [
    ivrMenuMachine,
    fc.record({
      fact: born('menu.dialled', 'call.diverted').chain((fact) =>
        fc.constantFrom('main', 'gate', 'sales').map((name) => ({ ...fact, menu: name })),
      ),
      self: fc.constant('case:1'),
      current: fc.constant([]),
      settings: fc.constant(MENUS),
    }),
    [0, 1_000, 20_000, 33_000, 1_800_000],
    ...(['1', '2', '3', '4', '5', '6'] as const).map((digits) => [
      given('caller.answered'),
      given('digits.collected', { order: 1, digits, how: 'matched' }),
    ]),
    [
      given('caller.answered'),
      given('digits.collected', { order: 1, digits: '2', how: 'matched' }),
      given('route.found', { callee: 'sip:erin@example.com' }),
      1_000,
      20_000,
    ],
  ],
  inCallCodes: [
    inCallCodesMachine,
    fc.record({
      fact: born('stream.opened').chain((fact) =>
        fc.constantFrom('sip:alice@example.com', '').map((user) => ({ ...fact, user, leg: legAddress(CALL, 0) })),
      ),
      self: fc.constant('case:1'),
      current: fc.array(born('call.answered'), { maxLength: 1 }),
      settings: fc.constant(CODES),
    }),
    [0, 1_000, 660_000],
    ...CODES.orders.map(({ name }) => [
      given('call.answered', { leg: 'leg:1/1' }),
      given('code.pressed', { name, argument: '12' }),
    ]),
  ],
  pushNotification: [
    pushNotificationMachine,
    fc.record({
      fact: born('call.offered'),
      self: fc.constant('case:1'),
      current: fc.array(bound, { maxLength: 4 }),
      settings: fc.record({ wakeLimitMs: fc.constant(20_000), progress: fc.constantFrom(0, 180, 182) }),
    }),
    [0, 5_000, 15_000],
  ],
};

const MOST_DRAWS = 10;

/** In which atomic states a machine can be seen at rest. */
const leavesOf = (machine: AnyStateMachine): string[] =>
  nodesOf(machine.root)
    .filter(
      ({ type, always }) => type !== 'compound' && (always === undefined || always.every(({ guard }) => guard !== undefined)),
    )
    .map(({ path }) => path.join('.'));
const dotted = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? Object.entries(value)
        .map(([key, below]) => `${key}.${dotted(below)}`)
        .join(' ')
    : String(value);

describe('the charts of the service', () => {
  // createActor leaves timers of an ended actor armed, and its development build warns when they fire.
  beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
  afterAll(() => void vi.restoreAllMocks());

  for (const [name, [machine, input, waits, ...leads]] of Object.entries(CHARTS))
    it(`${name} runs by its tables as by XState`, () => {
      expect(chartOf(machine)).toBeTypeOf('object');
      const seenIn = new Set<string>();
      const missed = (): string[] => leavesOf(machine).filter((leaf) => !seenIn.has(leaf));
      // Some states are rare: more histories are drawn until all were seen.
      let draws = 0;
      do {
        fc.assert(
          fc.property(input, stepsOf(machine, waits, leads), (input, steps) => {
            for (const { value } of expectSame(machine, input, steps)) seenIn.add(dotted(value));
          }),
          { numRuns: 500 },
        );
        draws += 1;
      } while (missed().length > 0 && draws < MOST_DRAWS);
      expect(missed(), 'states that no history came to').toEqual([]);
    });
});
