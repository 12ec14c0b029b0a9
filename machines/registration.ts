/** The bindings of one address of record (RFC 3261 §10), and whether their devices are known awake. */
import { enqueueActions, setup } from 'xstate';
import { type Birth, defineScenario, givenByService } from './scenario.ts';
import { applyRegister, type Binding, type BindingChanges, type Refusal } from './vocabulary/binding.ts';
import type { BindingRemove, RegisterAccept, RegisterRefuse } from './vocabulary/commands.ts';
import type { FactOf, Raw } from './vocabulary/descriptor.ts';
import {
  type bindingAdded,
  type bindingRefreshed,
  type bindingRemoved,
  bindingRestored,
  type bindingSlept,
  deviceUnreachable,
  flowClosed,
  registerReceived,
} from './vocabulary/facts.ts';
import { type Aor, type DeviceKey, PORT_SIP } from './vocabulary/identity.ts';

export interface RegistrationSettings {
  readonly maxBindings: number;
  /** How long a wakeable device counts as awake after a REGISTER on a connection that is still open. */
  readonly awakeForMs: number;
}

type First = FactOf<typeof registerReceived | typeof bindingRestored>;
type Heard = First | FactOf<typeof flowClosed | typeof deviceUnreachable>;
/** The registration's own timers, one of each kind a device. */
type Due = { readonly type: 'binding.due' | 'awake.due'; readonly device: DeviceKey };

type Ordered = BindingRemove;

interface Context {
  readonly aor: Aor;
  /** The fact it was born of, until it has been taken as the first event. */
  readonly first: First | null;
  readonly settings: RegistrationSettings;
  readonly bindings: readonly Binding[];
  /** Devices known awake. */
  readonly awake: readonly DeviceKey[];
}

type Told = Heard | Due | Ordered;
const NOBODY: readonly DeviceKey[] = [];
type BindingFact = Raw<typeof bindingAdded | typeof bindingRefreshed | typeof bindingSlept>;

const fact = (type: BindingFact['type'], binding: Binding, asleep: boolean): BindingFact => ({
  type,
  aor: binding.aor,
  device: binding.device,
  asleep,
  provider: binding.push.provider,
  userAgent: binding.userAgent,
  binding,
});
const removed = (binding: Binding, why: 'unregistered' | 'expired' | 'unreachable' | 'ordered'): Raw<typeof bindingRemoved> => ({
  type: 'binding.removed',
  aor: binding.aor,
  device: binding.device,
  why,
});

/** RFC 8599 §5.6.2: a device that can be woken is asleep, unless it is known to be awake. */
const isAsleep = ({ push, target }: Binding, told: Told, { awakeForMs }: RegistrationSettings): boolean =>
  push.provider !== '' && !(told.type === 'register.received' && target.stream && awakeForMs > 0);

function changesOf({ bindings, settings }: Context, told: Told): BindingChanges | Refusal | undefined {
  if (told.type === 'register.received') return applyRegister(bindings, told, settings.maxBindings);
  if (told.type !== 'binding.restored' || bindings.some(({ device }) => device === told.device)) return undefined;
  return { bindings: [...bindings, told.binding], added: [told.binding], refreshed: [], removed: [] };
}

/** The devices known awake after these changes, of those that could sleep. */
function awakeOf({ awake, settings }: Context, told: Told, { bindings, added, refreshed }: BindingChanges): readonly DeviceKey[] {
  if (settings.awakeForMs === 0) return NOBODY;
  const anew = [...added, ...refreshed];
  return bindings
    .filter((binding) =>
      anew.includes(binding)
        ? binding.push.provider !== '' && !isAsleep(binding, told, settings)
        : awake.includes(binding.device),
    )
    .map(({ device }) => device);
}

export const registrationMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<First, Heard, RegistrationSettings>,
    events: {} as Told,
    emitted: {} as BindingFact | Raw<typeof bindingRemoved> | RegisterAccept | RegisterRefuse,
  },
  guards: {
    isEmpty: ({ context }) => context.bindings.length === 0,
    isBound: ({ context }, { device }: { device: DeviceKey }) => context.bindings.some((known) => known.device === device),
  },
  actions: {
    /** Takes a REGISTER, or a binding of the store; at birth the fact it was born of. */
    take: enqueueActions(({ context, event, enqueue }) => {
      const told = context.first ?? event;
      const changes = changesOf(context, told);
      if (changes === undefined || !('at' in told)) return;
      if ('status' in changes) {
        if (told.type === 'register.received')
          enqueue.emit({ type: 'register.refuse', to: PORT_SIP, exchange: told.exchange, ...changes });
        enqueue.assign({ first: null });
        return;
      }
      const forget = ({ device }: Binding): void => {
        // A delayed event of the same id does not replace the earlier one.
        enqueue.cancel(`expiry ${device}`);
        enqueue.cancel(`awake ${device}`);
      };
      const arm = (binding: Binding, type: BindingFact['type'], at: number): void => {
        const { device } = binding;
        enqueue.raise({ type: 'binding.due', device }, { id: `expiry ${device}`, delay: Math.max(binding.expiresAtMs - at, 0) });
        const asleep = isAsleep(binding, told, context.settings);
        if (!asleep && binding.push.provider !== '')
          enqueue.raise({ type: 'awake.due', device }, { id: `awake ${device}`, delay: context.settings.awakeForMs });
        enqueue.emit(fact(type, binding, asleep));
      };
      for (const binding of changes.removed) {
        forget(binding);
        enqueue.emit(removed(binding, binding.expiresAtMs > told.at ? 'unregistered' : 'expired'));
      }
      for (const binding of changes.refreshed) {
        forget(binding);
        arm(binding, 'binding.refreshed', told.at);
      }
      for (const binding of changes.added) arm(binding, 'binding.added', told.at);
      enqueue.assign({ first: null, bindings: changes.bindings, awake: awakeOf(context, told, changes) });
      // After the facts, so that the store holds them before the 200 leaves; before what they set free, which queues behind.
      if (told.type === 'register.received')
        enqueue.emit({ type: 'register.accept', to: PORT_SIP, exchange: told.exchange, bindings: changes.bindings });
    }),
    expire: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'binding.due') return;
      const binding = context.bindings.find((known) => known.device === event.device);
      if (binding === undefined) return;
      enqueue.assign({ bindings: context.bindings.filter((other) => other !== binding) });
      enqueue.cancel(`awake ${binding.device}`);
      enqueue.emit(removed(binding, 'expired'));
    }),
    /** One that registered anew from elsewhere meanwhile stays. */
    drop: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'device.unreachable') return;
      const binding = context.bindings.find(({ device, target }) => device === event.device && target.flow === event.flow);
      if (binding === undefined) return;
      enqueue.assign({ bindings: context.bindings.filter((other) => other !== binding) });
      enqueue.cancel(`expiry ${binding.device}`);
      enqueue.cancel(`awake ${binding.device}`);
      enqueue.emit(removed(binding, 'unreachable'));
    }),
    forget: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'binding.remove') return;
      const binding = context.bindings.find(({ device }) => device === event.device);
      if (binding === undefined) return;
      enqueue.assign({
        bindings: context.bindings.filter((other) => other !== binding),
        awake: context.awake.filter((device) => device !== binding.device),
      });
      enqueue.cancel(`expiry ${binding.device}`);
      enqueue.cancel(`awake ${binding.device}`);
      enqueue.emit(removed(binding, 'ordered'));
    }),
    fallAsleep: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'awake.due' && event.type !== 'flow.closed') return;
      const asleep = context.bindings.filter(
        (binding) =>
          binding.push.provider !== '' &&
          context.awake.includes(binding.device) &&
          (event.type === 'flow.closed' ? binding.target.flow === event.flow : binding.device === event.device),
      );
      for (const binding of asleep) {
        enqueue.cancel(`awake ${binding.device}`);
        enqueue.emit(fact('binding.slept', binding, true));
      }
      enqueue.assign({ awake: context.awake.filter((device) => !asleep.some((binding) => binding.device === device)) });
    }),
  },
}).createMachine({
  id: 'registration',
  description: 'The bindings of one address of record (RFC 3261 §10)',
  context: ({ input }) => ({
    aor: input.fact.aor,
    first: input.fact,
    settings: input.settings,
    bindings: [],
    awake: NOBODY,
  }),
  initial: 'bound',
  states: {
    bound: {
      description: 'At least one binding; each leaves when it expires',
      entry: 'take',
      always: { guard: 'isEmpty', target: 'gone' },
      on: {
        'register.received': { actions: 'take' },
        'binding.restored': { actions: 'take' },
        'binding.due': { actions: 'expire' },
        'awake.due': { actions: 'fallAsleep' },
        'flow.closed': { actions: 'fallAsleep' },
        'device.unreachable': { actions: 'drop' },
        'binding.remove': { guard: { type: 'isBound', params: ({ event }) => event }, actions: 'forget' },
      },
    },
    gone: { type: 'final' },
  },
});

export const registration = defineScenario({
  name: 'registration',
  startsOn: [registerReceived.where({}), bindingRestored.where({})],
  oncePer: (first) => first.aor,
  listensTo: ({ aor }) => [
    registerReceived.where({ aor }),
    bindingRestored.where({ aor }),
    flowClosed.where({ aor }),
    deviceUnreachable.where({ aor }),
  ],
  settings: givenByService<RegistrationSettings>,
  machine: registrationMachine,
  unbounded: { bound: 'a delayed event for each binding, at its expiry' },
});
