/**
 * Push notification: a call to a sleeping phone. The awake devices ring at once, by the call itself; this case sends a
 * push to each device that sleeps, keeps the call open, and forks to a device the moment it registers (RFC 8599 §5.6.2).
 */
import { enqueueActions, setup } from 'xstate';
import { type Birth, defineScenario, givenByService } from '../scenario.ts';
import { type Binding, NO_PUSH, type PushTarget } from '../vocabulary/binding.ts';
import type { CallFork, CallKeepOpen, CallLetGo, PushCancel, PushCommand } from '../vocabulary/commands.ts';
import type { FactOf } from '../vocabulary/descriptor.ts';
import {
  actorEnded,
  bindingAdded,
  bindingRefreshed,
  bindingRemoved,
  type bindingSlept,
  callAnswered,
  callCancelled,
  callDiverted,
  calleeDropped,
  callFailed,
  callOffered,
  legFailed,
  legRinging,
  pushDelivered,
  pushFailed,
} from '../vocabulary/facts.ts';
import { type Address, type DeviceKey, PORT_PUSH } from '../vocabulary/identity.ts';
import { MAX_BINDINGS } from '../vocabulary/limits.ts';

export interface PushNotificationSettings {
  /** How long a call is kept open for woken devices. */
  readonly wakeLimitMs: number;
  /** What the caller hears while only sleeping devices are left; 0: nothing. */
  readonly progress: 0 | 180 | 182;
}

type Born = FactOf<typeof callOffered>;
type Registered = FactOf<typeof bindingAdded | typeof bindingRefreshed>;
type Bound = Registered | FactOf<typeof bindingSlept>;
type Heard =
  | Registered
  | FactOf<
      | typeof bindingRemoved
      | typeof pushDelivered
      | typeof pushFailed
      | typeof legRinging
      | typeof legFailed
      | typeof callAnswered
      | typeof callCancelled
      | typeof callDiverted
      | typeof callFailed
      | typeof calleeDropped
      | typeof actorEnded
    >;
type Of<T extends Heard['type']> = Extract<Heard, { type: T }>;

/** Stands for the devices of an account that has no binding: whichever registers first is meant. */
const ACCOUNT: DeviceKey = 'account';

interface Device {
  readonly device: DeviceKey;
  /** What it was pushed by; empty provider: it was not. */
  readonly push: PushTarget;
  /** The Call-ID that the device's leg will have, as its push says. */
  readonly callId: string;
  /** `lost`: it cannot be woken any more. `rang`: it has seen the call, or declined it unseen. */
  readonly state: 'pushed' | 'lost' | 'forked' | 'rang';
}

interface Context {
  readonly self: Address;
  readonly call: Born;
  readonly settings: PushNotificationSettings;
  readonly devices: readonly Device[];
  /** Devices that were awake, which the call rings itself. */
  readonly awake: readonly DeviceKey[];
  /** Devices that registered after the INVITE came and before this case was born. */
  readonly early: readonly Binding[];
}

/** It registered after the INVITE came: it is up, whatever its binding says. */
const isEarly = (call: Born, bound: Bound): boolean => bound.type !== 'binding.slept' && bound.seq > call.cause;

const UNHEARD: ReadonlySet<number> = new Set([408, 430]);

const callIdOf = (call: Born, n: number): string => `${call.callIdStem}-w${n}`;

function sleepers(call: Born, current: readonly Bound[]): Device[] {
  const asleep = current
    .filter((bound) => bound.asleep && !isEarly(call, bound))
    .map(({ device, binding }) => ({ device, push: binding.push }));
  // A device of the account's that is up, or was pushed above, needs no push in its name.
  const isKnown = current.some(({ binding }) => binding.push.provider !== '');
  if (!isKnown && call.accountPush.provider !== '') asleep.push({ device: ACCOUNT, push: call.accountPush });
  return asleep.slice(0, MAX_BINDINGS).map((sleeper, n) => ({ ...sleeper, callId: callIdOf(call, n), state: 'pushed' }));
}

/** What a registration means to the case: the sleeper it wakes, `new` for a device nobody knew, or nothing. */
function wakes(context: Context, { type, device }: Registered): Device | 'new' | undefined {
  const known = context.devices.find((sleeper) => sleeper.device === device);
  if (known !== undefined) return known.state === 'pushed' || known.state === 'lost' ? known : undefined;
  if (context.awake.includes(device)) return undefined;
  const account = context.devices.find((sleeper) => sleeper.device === ACCOUNT && sleeper.state === 'pushed');
  if (account !== undefined) return account;
  return type === 'binding.added' ? 'new' : undefined;
}

const about = (context: Context, { device, push, callId }: Device) =>
  ({
    to: PORT_PUSH,
    call: context.call.call,
    device,
    aor: context.call.callee,
    push,
    callId,
    caller: context.call.caller,
    callerName: context.call.callerName,
  }) as const;

/** A call that a colleague picks up is no missed one. */
function whyTakenBack(event: Heard): PushCancel['reason'] {
  if (event.type === 'call.answered' || (event.type === 'call.diverted' && event.why === 'pickedUp')) return 'answered-elsewhere';
  return event.type === 'call.cancelled' ? 'cancelled' : 'failed';
}

const set = (devices: readonly Device[], device: DeviceKey, change: Partial<Device>): readonly Device[] =>
  devices.map((known) => (known.device === device ? { ...known, ...change } : known));

export const pushNotificationMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<Born, Bound, PushNotificationSettings>,
    events: {} as Heard,
    emitted: {} as CallFork | CallKeepOpen | CallLetGo | PushCommand,
  },
  delays: {
    wakeLimit: ({ context }) => context.settings.wakeLimitMs,
  },
  guards: {
    isNobodyLeft: ({ context }) => !context.devices.some(({ state }) => state === 'pushed'),
    isWoken: ({ context, event }) => wakes(context, event as Registered) !== undefined,
    /** A timeout or a dead flow is nothing that the device said. */
    isDeclined: ({ event }) => !UNHEARD.has((event as Of<'leg.failed'>).status),
    isGivenUp: ({ event }) => (event as Of<'binding.removed'>).why === 'unregistered',
  },
  actions: {
    wake: enqueueActions(({ context, enqueue }) => {
      const { call, settings } = context;
      // Before the pushes, so that a push that fails at once finds the call kept.
      enqueue.emit({ type: 'call.keepOpen', to: call.call, forMs: settings.wakeLimitMs, progress: settings.progress });
      context.early.forEach(({ device, target }) => {
        enqueue.emit({ type: 'call.fork', to: call.call, aor: call.callee, device, target, callId: '' });
      });
      for (const sleeper of context.devices)
        enqueue.emit({ type: 'push.send', ...about(context, sleeper), ttlMs: settings.wakeLimitMs });
    }),
    fork: enqueueActions(({ context, event, enqueue }) => {
      const { device, binding } = event as Registered;
      const sleeper = wakes(context, event as Registered);
      if (sleeper === undefined) return;
      const callId = sleeper === 'new' ? '' : sleeper.callId;
      enqueue.emit({
        type: 'call.fork',
        to: context.call.call,
        aor: context.call.callee,
        device,
        target: binding.target,
        callId,
      });
      enqueue.assign({
        devices:
          sleeper === 'new'
            ? [...context.devices.slice(0, MAX_BINDINGS), { device, push: NO_PUSH, callId, state: 'forked' }]
            : set(context.devices, sleeper.device, { device, push: sleeper.push, state: 'forked' }),
      });
    }),
    noteLost: enqueueActions(({ context, event, enqueue }) => {
      const { device } = event as Of<'push.failed' | 'binding.removed'>;
      if (context.devices.some((known) => known.device === device && known.state === 'pushed'))
        enqueue.assign({ devices: set(context.devices, device, { state: 'lost' }) });
    }),
    noteRang: enqueueActions(({ context, event, enqueue }) => {
      enqueue.assign({ devices: set(context.devices, (event as Of<'leg.ringing' | 'leg.failed'>).device, { state: 'rang' }) });
    }),
    letGo: enqueueActions(({ context, enqueue }) => {
      enqueue.emit({ type: 'call.letGo', to: context.call.call });
    }),
    takeBack: enqueueActions(({ context, event, enqueue }) => {
      const reason = whyTakenBack(event);
      const answered = event.type === 'call.answered' ? event.device : '';
      for (const sleeper of context.devices)
        if (
          (sleeper.state === 'pushed' || sleeper.state === 'forked') &&
          sleeper.push.provider !== '' &&
          sleeper.device !== answered
        )
          enqueue.emit({ type: 'push.cancel', ...about(context, sleeper), reason });
    }),
  },
}).createMachine({
  id: 'pushNotification',
  description: 'A call to a sleeping phone: it is woken by push and rung the moment it registers (RFC 8599)',
  context: ({ input: { fact, self, current, settings } }) => ({
    self,
    call: fact,
    settings,
    devices: sleepers(fact, current),
    awake: current.filter((bound) => !bound.asleep && !isEarly(fact, bound)).map(({ device }) => device),
    early: current.filter((bound) => isEarly(fact, bound)).map(({ binding }) => binding),
  }),
  initial: 'waking',
  on: {
    // Of a device that rings by the call itself, or has rung here.
    'binding.added': [{ guard: 'isWoken', actions: 'fork' }, {}],
    'binding.refreshed': [{ guard: 'isWoken', actions: 'fork' }, {}],
    'binding.removed': {},
    'leg.ringing': { actions: 'noteRang' },
    'leg.failed': [{ guard: 'isDeclined', actions: 'noteRang' }, {}],
    'push.delivered': {},
    // Also once nobody waits for it any more: there is no push to take back.
    'push.failed': { actions: 'noteLost' },
    'call.answered': '.over',
    'call.cancelled': '.over',
    'call.failed': '.over',
    // Whoever is called then has a case of its own.
    'call.diverted': '.over',
    'callee.dropped': '.over',
    'actor.ended': '.over',
  },
  states: {
    waking: {
      description: 'Pushed; the call is kept open for whoever may still register',
      entry: 'wake',
      always: { guard: 'isNobodyLeft', target: 'settled' },
      on: {
        'binding.removed': { guard: 'isGivenUp', actions: 'noteLost' },
      },
      after: { wakeLimit: 'settled' },
    },
    settled: {
      description: 'The call is no longer kept open, but a late device still rings while others do',
      entry: 'letGo',
    },
    over: { type: 'final', entry: 'takeBack' },
  },
});

export const pushNotification = defineScenario({
  name: 'push-notification',
  startsOn: [callOffered.where({ wakeable: true })],
  of: ({ call }) => call,
  listensTo: ({ call, callee }, self) => [
    bindingAdded.where({ aor: callee }, { current: true }),
    bindingRefreshed.where({ aor: callee }),
    bindingRemoved.where({ aor: callee }),
    pushDelivered.where({ case: self }),
    pushFailed.where({ case: self }),
    legRinging.where({ call }),
    legFailed.where({ call }),
    callAnswered.where({ call }),
    callCancelled.where({ call }),
    callFailed.where({ call }),
    callDiverted.where({ call }),
    calleeDropped.where({ call, callee }),
    actorEnded.where({ address: call }),
  ],
  settings: givenByService<PushNotificationSettings>,
  machine: pushNotificationMachine,
});
