/** A call on a stage: the real charts of call and legs, with phones, gateways and the dial plan as choices. */
import { call } from '../../../machines/call.ts';
import { leg } from '../../../machines/leg.ts';
import type { Scenario } from '../../../machines/scenario.ts';
import { NO_FORWARDING, NO_PUSH, type Target } from '../../../machines/vocabulary/binding.ts';
import * as facts from '../../../machines/vocabulary/facts.ts';
import type { AnyKind } from '../../engine/catalogue.ts';
import type { AnyFact } from '../../engine/port.ts';
import type { Installed, WalkWorld } from './engine.ts';
import type { Said } from './rule.ts';
import type { Surroundings } from './walk.ts';

export const CALL = 'call:1';
export const CALLER_LEG = 'leg:1/0';
export const CALLER = 'sip:alice@example.com';
export const CALLEE = 'sip:bob@example.com';

/** What phones and the outside may do on a stage. */
export interface CallStage {
  /** Devices of the callee: those that are bound when the call comes, and whether they sleep then. */
  readonly devices: Readonly<Record<string, 'awake' | 'asleep' | 'unbound'>>;
  /** Devices that register, refresh and unregister while the call goes on. */
  readonly registering?: readonly string[];
  /** Final answers that a phone may give instead of a 200. */
  readonly declines?: readonly number[];
  /** Whether a push may be told delivered and failed. */
  readonly pushes?: boolean;
  /** Whom the dial plan finds, by URI, and where that one's calls go if nobody takes them; it may also find nobody. */
  readonly routes?: Readonly<Record<string, string>>;
  /** What the INVITE says beyond the usual. */
  readonly invite?: Readonly<Record<string, unknown>>;
  /** Supervisors, in the order in which they are born of one fact. */
  readonly scenarios: readonly Installed[];
  /** Instead of the service's own call and leg. */
  readonly charts?: readonly Installed[];
}

const target = (device: string): Target => ({ contact: `sip:${device}@192.0.2.1`, path: [], flow: 'flow:1', stream: true });
const pushOf = (device: string) => ({ provider: 'apns', prid: `token-of-${device}`, param: '' });

/** What a registration of a device says of it. */
export function binding(type: 'binding.added' | 'binding.refreshed', device: string, asleep: boolean): AnyFact {
  const push = asleep ? pushOf(device) : NO_PUSH;
  const details = { aor: CALLEE, device, target: target(device), push, params: '', qThousandths: 1000, callId: 'r', cseq: 1 };
  const binding = { ...details, expiresAtMs: 3_600_000, registeredAtMs: 0, userAgent: '' };
  return fact(type, { aor: CALLEE, device, asleep, provider: push.provider, binding });
}

/** What the stage remembers: each leg's part on the wire, which devices are bound, what may still be answered. */
interface Memory {
  /** By leg: `calling`, `cancelled`, `answered`, `talking`. */
  readonly legs: Readonly<Record<string, 'calling' | 'ringing' | 'cancelled' | 'answered' | 'talking'>>;
  readonly caller: 'calling' | 'answered' | 'talking' | 'over';
  readonly bound: readonly string[];
  readonly pushed: readonly string[];
  /** Questions to the dial plan: number, URI, who asked. */
  readonly asked: readonly (readonly [route: number, uri: string, by: string])[];
}

type Legs = Memory['legs'];
const put = (legs: Legs, name: string, state: Legs[string]): Legs => ({ ...legs, [name]: state });
function drop(legs: Legs, name: string): Legs {
  if (!(name in legs)) return legs;
  const { [name]: _gone, ...others } = legs;
  return others;
}

function take(memory: Memory, said: Said): Memory {
  const name = String(said.leg ?? '');
  const isCaller = name === CALLER_LEG;
  switch (said.type) {
    case 'sip.invite':
      return { ...memory, legs: put(memory.legs, name, 'calling') };
    case 'provisional.received':
      return { ...memory, legs: put(memory.legs, name, 'ringing') };
    case 'answer.received':
      return { ...memory, legs: put(memory.legs, name, 'answered') };
    case 'sip.cancel':
      return { ...memory, legs: put(memory.legs, name, 'cancelled') };
    case 'sip.ack':
      return { ...memory, legs: put(memory.legs, name, 'talking') };
    case 'failure.received':
    case 'sip.bye':
    case 'sip.discard':
      return { ...memory, legs: drop(memory.legs, name), caller: isCaller ? 'over' : memory.caller };
    case 'bye.received':
      return isCaller ? { ...memory, caller: 'over' } : { ...memory, legs: drop(memory.legs, name) };
    case 'sip.respond':
      return Number(said.status) < 200 ? memory : { ...memory, caller: Number(said.status) < 300 ? 'answered' : 'over' };
    case 'ack.received':
      return { ...memory, caller: 'talking' };
    case 'cancel.received':
    case 'ack.missed':
      return { ...memory, caller: 'over' };
    case 'actor.ended':
      return { ...memory, legs: drop(memory.legs, String(said.address)) };
    default:
      return takeOther(memory, said);
  }
}

function takeOther(memory: Memory, said: Said): Memory {
  const device = String(said.device ?? '');
  switch (said.type) {
    case 'binding.added':
      return { ...memory, bound: [...memory.bound, device].sort() };
    case 'binding.removed':
      return { ...memory, bound: memory.bound.filter((other) => other !== device) };
    case 'push.send':
      return { ...memory, pushed: [...memory.pushed, device].sort() };
    case 'push.delivered':
    case 'push.failed':
      return { ...memory, pushed: memory.pushed.filter((other) => other !== device) };
    case 'sip.route':
      return { ...memory, asked: [...memory.asked, [Number(said.route), String(said.uri), said.by]] };
    case 'route.found':
    case 'route.failed':
      return { ...memory, asked: memory.asked.filter(([route, , by]) => route !== said.route || by !== said.case) };
    default:
      return memory;
  }
}

const EMPTY = { text: '', integer: 0, flag: false, detail: {} } as const;
const KINDS: ReadonlyMap<string, AnyKind> = new Map(Object.values(facts).map((kind) => [kind.fact, kind]));

/** A fact of the service; what is not said of it is empty. */
export function fact(type: string, attributes: Readonly<Record<string, unknown>>): AnyFact {
  const empty = Object.entries(KINDS.get(type)?.shape ?? {}).map(([name, { kind }]) => [name, EMPTY[kind]]);
  return { type, ...Object.fromEntries(empty), ...attributes } as AnyFact;
}

/** What the phone of one leg may send next. */
function mayFork([leg, state]: [string, Legs[string]], declines: readonly number[]): AnyFact[] {
  const fails = (status: number) => fact('failure.received', { leg, status, reason: '', origin: 'peer', message: 1 });
  const answers = fact('answer.received', { leg, status: 200, message: 2 });
  const rings = fact('provisional.received', { leg, status: 180, message: 3 });
  if (state === 'calling') return [rings, answers, ...declines.map(fails)];
  if (state === 'ringing') return [answers, ...declines.map(fails)];
  // Its 2xx may cross the CANCEL (RFC 3261 §9.1).
  if (state === 'cancelled') return [fails(487), answers];
  return state === 'talking' ? [fact('bye.received', { leg, fork: '', message: 4 })] : [];
}

function mayCaller({ caller }: Memory): AnyFact[] {
  const leg = CALLER_LEG;
  if (caller === 'calling') return [fact('cancel.received', { leg, reason: '' })];
  if (caller === 'answered') return [fact('ack.received', { leg, message: 5 }), fact('ack.missed', { leg })];
  return caller === 'talking' ? [fact('bye.received', { leg, fork: '', message: 6 })] : [];
}

function mayPush({ pushed }: Memory): AnyFact[] {
  const about = { case: 'push-notification:1', call: CALL, provider: 'apns' };
  return pushed.flatMap((device) => [
    fact('push.delivered', { ...about, device }),
    fact('push.failed', { ...about, device, permanent: true, why: '' }),
  ]);
}

const mayRegister = ({ bound }: Memory, registering: readonly string[]): AnyFact[] =>
  registering.flatMap((device) =>
    bound.includes(device)
      ? [binding('binding.refreshed', device, true), fact('binding.removed', { aor: CALLEE, device, why: 'unregistered' })]
      : [binding('binding.added', device, true)],
  );

const onward = (uri: string) => ({ ...NO_FORWARDING, busy: uri, noAnswer: uri, unreachable: uri });

function mayRoute({ asked }: Memory, routes: Readonly<Record<string, string>>): AnyFact[] {
  return asked.flatMap(([route, callee, by]) => {
    const nowhere = fact('route.failed', { call: CALL, route, status: 404, reason: '', case: by });
    const next = routes[callee];
    if (next === undefined) return [nowhere];
    return [
      nowhere,
      fact('route.found', {
        call: CALL,
        route,
        callee,
        rings: [{ device: `phone of ${callee}`, aor: callee, target: target(callee) }],
        wakeable: false,
        accountPush: NO_PUSH,
        forwarding: onward(next),
        case: by,
      }),
    ];
  });
}

/** Surroundings, scenarios and what happens before, as a walk takes them. */
export function callStage(stage: CallStage): {
  readonly scenarios: readonly Installed[];
  readonly before: readonly AnyFact[];
  readonly surroundings: Surroundings<unknown>;
} {
  const { devices, registering = [], declines = [486], routes = {}, invite = {}, charts = CALL_AND_LEGS } = stage;
  const isBound = (device: string): boolean => devices[device] !== 'unbound';
  const bound = Object.keys(devices).filter(isBound);
  const start: Memory = { legs: {}, caller: 'calling', bound: [], pushed: [], asked: [] };
  const may = (memory: Memory, world: WalkWorld): AnyFact[] => {
    const talks = [...mayCaller(memory), ...Object.entries(memory.legs).flatMap((one) => mayFork(one, declines))];
    if (!world.actors.some(({ address }) => address === CALL)) return talks;
    const pushes = stage.pushes === true ? mayPush(memory) : [];
    return [...talks, ...mayRegister(memory, registering), ...pushes, ...mayRoute(memory, routes)];
  };
  return {
    scenarios: [...charts, ...stage.scenarios],
    before: [
      ...bound.map((device) => binding('binding.added', device, devices[device] === 'asleep')),
      inviteWith({ forwarding: onward(routes[CALLEE] ?? ''), ...invite }),
    ],
    surroundings: { start, take, may, answer } as unknown as Surroundings<unknown>,
  };
}

/** A leg's BYE is answered at once: what crosses it is a matter of the leg alone. */
const answer: NonNullable<Surroundings<Memory>['answer']> = ({ type, to, ...said }) => {
  if (!to.startsWith('port:')) return 'nobody is there';
  return type === 'sip.bye' || type === 'sip.discard' ? [fact('bye.finished', { leg: (said as { leg?: string }).leg })] : [];
};

/** The charts of call and leg as the service installs them, with settings of its presets. */
export const CALL_AND_LEGS: readonly Installed[] = [
  { scenario: call as Scenario, settings: { maxForks: 8, declineEndsCall: false, transfer: 'local' } },
  { scenario: leg as Scenario, settings: { ringLimitMs: 60_000, silentAfterMs: 10_000 } },
];

/** An INVITE of Alice to Bob, but for what is said of it. */
export const inviteWith = (more: Readonly<Record<string, unknown>>): AnyFact =>
  fact('invite.received', {
    call: CALL,
    leg: CALLER_LEG,
    caller: CALLER,
    callerName: '',
    callee: CALLEE,
    callIdStem: 'stem',
    accountPush: NO_PUSH,
    rings: [],
    forwarding: NO_FORWARDING,
    diverted: 0,
    direct: false,
    continues: '',
    transferredBy: '',
    ...more,
  });
