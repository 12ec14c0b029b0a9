/** The bindings of one address of record (RFC 3261 §10), and whether their devices are known awake. */
import { assign, enqueueActions, setup } from 'xstate';
import { type Birth, defineScenario } from './scenario.ts';
import { applyRegister, type Binding } from './vocabulary/binding.ts';
import type { RegisterAccept, RegisterRefuse } from './vocabulary/commands.ts';
import type { FactOf, Raw } from './vocabulary/descriptor.ts';
import {
  type bindingAdded,
  type bindingRefreshed,
  type bindingRemoved,
  bindingRestored,
  type bindingSlept,
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
type Heard = First | FactOf<typeof flowClosed>;
/** The registration's own timers, one of each kind a device. */
type Due = { readonly type: 'binding.due' | 'awake.due'; readonly device: DeviceKey };

interface Context {
  readonly aor: Aor;
  /** The fact it was born of, until it has been taken as the first event. */
  readonly first: First | null;
  readonly settings: RegistrationSettings;
  readonly bindings: readonly Binding[];
  /** Devices known awake. */
  readonly awake: readonly DeviceKey[];
}

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
const removed = (binding: Binding, why: 'unregistered' | 'expired'): Raw<typeof bindingRemoved> => ({
  type: 'binding.removed',
  aor: binding.aor,
  device: binding.device,
  why,
});
/** RFC 8599 §5.6.2: a device that can be woken is woken, unless it is known to be awake. */
const canBeAwake = (binding: Binding, settings: RegistrationSettings): boolean =>
  binding.push.provider === '' || (binding.target.stream && settings.awakeForMs > 0);

export const registrationMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<First, Heard, RegistrationSettings>,
    events: {} as Heard | Due,
    emitted: {} as BindingFact | Raw<typeof bindingRemoved> | RegisterAccept | RegisterRefuse,
  },
  guards: {
    isEmpty: ({ context }) => context.bindings.length === 0,
  },
  actions: {
    takeFirst: enqueueActions(({ context, enqueue }) => {
      if (context.first !== null) enqueue.raise(context.first);
    }),
    applyRegister: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'register.received') return;
      const changes = applyRegister(context.bindings, event, context.settings.maxBindings);
      if ('status' in changes) {
        enqueue.emit({ type: 'register.refuse', to: PORT_SIP, exchange: event.exchange, ...changes });
        return;
      }
      const awake = new Set(context.awake);
      for (const binding of changes.removed) {
        awake.delete(binding.device);
        enqueue.cancel(`expiry ${binding.device}`);
        enqueue.cancel(`awake ${binding.device}`);
        enqueue.emit(removed(binding, 'unregistered'));
      }
      for (const [type, bindings] of [
        ['binding.added', changes.added],
        ['binding.refreshed', changes.refreshed],
      ] as const)
        for (const binding of bindings) {
          const isAwake = canBeAwake(binding, context.settings);
          if (isAwake) awake.add(binding.device);
          else awake.delete(binding.device);
          // A delayed event of the same id does not replace the earlier one.
          enqueue.cancel(`expiry ${binding.device}`);
          enqueue.cancel(`awake ${binding.device}`);
          enqueue.raise(
            { type: 'binding.due', device: binding.device },
            { id: `expiry ${binding.device}`, delay: binding.expiresAtMs - event.at },
          );
          if (isAwake && binding.push.provider !== '')
            enqueue.raise(
              { type: 'awake.due', device: binding.device },
              { id: `awake ${binding.device}`, delay: context.settings.awakeForMs },
            );
          enqueue.emit(fact(type, binding, !isAwake));
        }
      enqueue.assign({ bindings: changes.bindings, awake: [...awake] });
      // After the facts, so that the store holds them before the 200 leaves; before what they set free, which queues behind.
      enqueue.emit({ type: 'register.accept', to: PORT_SIP, exchange: event.exchange, bindings: changes.bindings });
    }),
    restore: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'binding.restored') return;
      const { binding } = event;
      if (context.bindings.some((known) => known.device === binding.device)) return;
      enqueue.assign({ bindings: [...context.bindings, binding] });
      enqueue.raise(
        { type: 'binding.due', device: binding.device },
        { id: `expiry ${binding.device}`, delay: Math.max(binding.expiresAtMs - event.at, 0) },
      );
      enqueue.emit(fact('binding.added', binding, binding.push.provider !== ''));
    }),
    expire: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'binding.due') return;
      const binding = context.bindings.find((known) => known.device === event.device);
      if (binding === undefined) return;
      enqueue.assign({ bindings: context.bindings.filter((other) => other !== binding) });
      enqueue.cancel(`awake ${binding.device}`);
      enqueue.emit(removed(binding, 'expired'));
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
    forgetFirst: assign({ first: null }),
  },
}).createMachine({
  id: 'registration',
  context: ({ input }) => ({
    aor: input.fact.aor,
    first: input.fact,
    settings: input.settings,
    bindings: [],
    awake: [],
  }),
  initial: 'opening',
  states: {
    opening: {
      entry: 'takeFirst',
      on: {
        'register.received': { target: 'bound', actions: 'applyRegister' },
        'binding.restored': { target: 'bound', actions: 'restore' },
      },
    },
    bound: {
      description: 'At least one binding; each leaves when it expires',
      entry: 'forgetFirst',
      always: { guard: 'isEmpty', target: 'gone' },
      on: {
        'register.received': { actions: 'applyRegister' },
        'binding.restored': { actions: 'restore' },
        'binding.due': { actions: 'expire' },
        'awake.due': { actions: 'fallAsleep' },
        'flow.closed': { actions: 'fallAsleep' },
      },
    },
    gone: { type: 'final' },
  },
});

export const registration = defineScenario({
  name: 'registration',
  startsOn: [registerReceived.where({}), bindingRestored.where({})],
  oncePer: (first) => first.aor,
  listensTo: ({ aor }) => [registerReceived.where({ aor }), bindingRestored.where({ aor }), flowClosed.where({ aor })],
  machine: registrationMachine,
});
