/** Operator's fork: rings somebody beside whoever a call rings already, for as long as the call would ring anybody. */
import { enqueueActions, setup } from 'xstate';
import { type Birth, defineScenario } from '../scenario.ts';
import type { CallDrop, CallKeepOpen, CallLetGo, CallRing, SipRoute } from '../vocabulary/commands.ts';
import type { FactOf } from '../vocabulary/descriptor.ts';
import {
  actorEnded,
  callAnswered,
  callCancelled,
  calleeDropped,
  callFailed,
  type commandRefused,
  forkOrdered,
  huntIdle,
  routeFailed,
  routeFound,
} from '../vocabulary/facts.ts';
import { PORT_SIP } from '../vocabulary/identity.ts';

type Ordered = FactOf<typeof forkOrdered>;
type Heard = FactOf<
  | typeof routeFound
  | typeof routeFailed
  | typeof huntIdle
  | typeof callAnswered
  | typeof callCancelled
  | typeof callFailed
  | typeof calleeDropped
  | typeof actorEnded
  | typeof commandRefused
>;

interface Context {
  /** Whom it rings; empty before. */
  readonly rung: string;
  readonly order: Pick<Ordered, 'call' | 'uri' | 'onBehalfOf' | 'ringMs'>;
}

/** The dial plan answers in the same instant. */
const ANSWER_LIMIT_MS = 1_000;
const ROUTE = 1;

export const operatorForkMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<Ordered, Heard>,
    events: {} as Heard,
    emitted: {} as CallDrop | CallKeepOpen | CallLetGo | CallRing | SipRoute,
  },
  delays: { answerLimit: ANSWER_LIMIT_MS, ringLimit: ({ context }) => context.order.ringMs },
  actions: {
    ask: enqueueActions(({ context, enqueue }) => {
      const { call, uri, onBehalfOf, ringMs } = context.order;
      enqueue.emit({ type: 'call.keepOpen', to: call, forMs: ringMs + 2 * ANSWER_LIMIT_MS, progress: 0 });
      enqueue.emit({ type: 'sip.route', to: PORT_SIP, call, route: ROUTE, uri, onBehalfOf });
    }),
    ring: enqueueActions(({ context, event, enqueue }) => {
      const { callee, rings, wakeable, accountPush } = event as FactOf<typeof routeFound>;
      enqueue.emit({ type: 'call.ring', to: context.order.call, callee, rings, wakeable, accountPush, label: '' });
      enqueue.assign({ rung: callee });
    }),
    letGo: enqueueActions(({ context: { order, rung }, enqueue }) => {
      if (rung !== '') enqueue.emit({ type: 'call.drop', to: order.call, callee: rung });
      enqueue.emit({ type: 'call.letGo', to: order.call });
    }),
  },
}).createMachine({
  id: 'operatorFork',
  description: 'An operator has somebody rung beside whoever a call rings already',
  context: ({ input: { fact } }) => ({
    rung: '',
    order: { call: fact.call, uri: fact.uri, onBehalfOf: fact.onBehalfOf, ringMs: fact.ringMs },
  }),
  initial: 'asking',
  on: {
    'hunt.idle': {},
    'route.found': {},
    'route.failed': {},
    'call.answered': '.over',
    'call.cancelled': '.over',
    'call.failed': '.over',
    'actor.ended': '.over',
    // It has declined, or another scenario gave it up.
    'callee.dropped': '.leaving',
    // The call rings nobody any more, or that callee already.
    'command.refused': '.over',
  },
  states: {
    asking: {
      description: 'Where is that, and what can be rung there now?',
      entry: 'ask',
      on: { 'route.found': { target: 'ringing', actions: 'ring' }, 'route.failed': 'leaving' },
      after: { answerLimit: 'leaving' },
    },
    ringing: {
      description: 'For as long as one of them rings or may still wake',
      on: { 'hunt.idle': 'leaving' },
      after: { ringLimit: 'leaving' },
    },
    leaving: { entry: 'letGo', always: 'over' },
    over: { type: 'final' },
  },
});

export const operatorFork = defineScenario({
  name: 'operator-fork',
  startsOn: [forkOrdered.where({})],
  of: ({ call }) => call,
  listensTo: ({ call }, self) => [
    routeFound.where({ call, case: self }),
    routeFailed.where({ call, case: self }),
    huntIdle.where({ call, hunter: self }),
    callAnswered.where({ call }),
    callCancelled.where({ call }),
    callFailed.where({ call }),
    calleeDropped.where({ call }),
    actorEnded.where({ address: call }),
  ],
  machine: operatorForkMachine,
});
