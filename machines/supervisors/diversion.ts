/**
 * Diversion (call forwarding): a call that its callee's devices did not take goes where the callee wants such calls to go.
 * One case a call, through all its diversions; nobody is called twice, so that two users who divert to each other end it.
 */
import { emit, enqueueActions, setup } from 'xstate';
import { type Birth, defineScenario } from '../scenario.ts';
import type { CallDivert, CallKeepOpen, CallLetGo, SipRoute } from '../vocabulary/commands.ts';
import { type FactOf, not } from '../vocabulary/descriptor.ts';
import {
  actorEnded,
  callAnswered,
  callCancelled,
  callFailed,
  callUnanswered,
  routeFailed,
  routeFound,
} from '../vocabulary/facts.ts';
import { MAX_DIVERSIONS } from '../vocabulary/hunt.ts';
import { PORT_SIP } from '../vocabulary/identity.ts';

type Unanswered = FactOf<typeof callUnanswered>;
type Heard =
  | Unanswered
  | FactOf<
      typeof routeFound | typeof routeFailed | typeof callAnswered | typeof callCancelled | typeof callFailed | typeof actorEnded
    >;

interface Context {
  /** The callee who was not reached last, and where that one's calls go. */
  readonly latest: Pick<Unanswered, 'call' | 'callee' | 'why' | 'target'>;
  /** Everybody who was called, in order. */
  readonly called: readonly string[];
  readonly divertedBefore: number;
}

/** The dial plan answers in the same instant; a call is not kept open for longer should it fail. */
const ANSWER_LIMIT_MS = 1_000;

export const diversionMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<Unanswered>,
    events: {} as Heard,
    emitted: {} as CallKeepOpen | CallLetGo | CallDivert | SipRoute,
  },
  delays: { answerLimit: ANSWER_LIMIT_MS },
  guards: {
    isWithinBounds: ({ context }) => context.divertedBefore + context.called.length <= MAX_DIVERSIONS,
    isNew: ({ context, event }) => !context.called.includes((event as FactOf<typeof routeFound>).callee),
  },
  actions: {
    ask: enqueueActions(({ context, enqueue }) => {
      const { call, callee, target } = context.latest;
      enqueue.emit({ type: 'call.keepOpen', to: call, forMs: ANSWER_LIMIT_MS, progress: 0 });
      enqueue.emit({ type: 'sip.route', to: PORT_SIP, call, route: context.called.length, uri: target, onBehalfOf: callee });
    }),
    divert: emit(({ context, event }) => {
      const { callee, rings, wakeable, accountPush, forwarding } = event as FactOf<typeof routeFound>;
      const { call, why } = context.latest;
      return { type: 'call.divert', to: call, callee, why: why || 'unreachable', rings, wakeable, accountPush, forwarding };
    }),
    letGo: emit(({ context }) => ({ type: 'call.letGo', to: context.latest.call })),
    noteUnanswered: enqueueActions(({ context, event, enqueue }) => {
      const { call, callee, why, target } = event as Unanswered;
      enqueue.assign({ latest: { call, callee, why, target }, called: [...context.called, callee].slice(0, MAX_DIVERSIONS + 1) });
    }),
  },
}).createMachine({
  id: 'diversion',
  description: 'A call that nobody answered goes on to where its callee forwards it',
  context: ({ input: { fact } }) => ({
    latest: { call: fact.call, callee: fact.callee, why: fact.why, target: fact.target },
    called: [fact.callee],
    divertedBefore: fact.diverted,
  }),
  initial: 'deciding',
  on: {
    'call.unanswered': {},
    'route.found': {},
    'route.failed': {},
    'call.answered': '.over',
    'call.cancelled': '.over',
    'call.failed': '.over',
    'actor.ended': '.over',
  },
  states: {
    deciding: { always: [{ guard: 'isWithinBounds', target: 'asking' }, { target: 'watching' }] },
    asking: {
      description: 'Where does the callee’s wish lead, and may the callee go there?',
      entry: 'ask',
      on: {
        'route.found': [
          { guard: 'isNew', target: 'watching', actions: 'divert' },
          { target: 'watching', actions: 'letGo' },
        ],
        'route.failed': { target: 'watching', actions: 'letGo' },
      },
      after: { answerLimit: { target: 'watching', actions: 'letGo' } },
    },
    watching: {
      description: 'Somebody else is called, who may divert again',
      on: { 'call.unanswered': { target: 'deciding', actions: 'noteUnanswered' } },
    },
    over: { type: 'final' },
  },
});

export const diversion = defineScenario({
  name: 'diversion',
  startsOn: [callUnanswered.where({ target: not('') })],
  oncePer: ({ call }) => call,
  of: ({ call }) => call,
  listensTo: ({ call }, self) => [
    callUnanswered.where({ call, target: not('') }),
    routeFound.where({ call, case: self }),
    routeFailed.where({ call, case: self }),
    callAnswered.where({ call }),
    callCancelled.where({ call }),
    callFailed.where({ call }),
    actorEnded.where({ address: call }),
  ],
  machine: diversionMachine,
});
