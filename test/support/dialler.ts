/** A scenario that answers who dials `*6` and the name of a user, rings that user for the caller, and goes on when nobody comes. */
import { emit, setup } from 'xstate';
import { type Birth, defineScenario } from '../../machines/scenario.ts';
import type { CallCommand, SipRoute } from '../../machines/vocabulary/commands.ts';
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import {
  callAnswered,
  callEnded,
  callerAnswered,
  callOffered,
  type commandRefused,
  huntIdle,
  routeFailed,
  routeFound,
} from '../../machines/vocabulary/facts.ts';
import { PORT_SIP } from '../../machines/vocabulary/identity.ts';

type Offered = FactOf<typeof callOffered>;
type Heard = FactOf<
  | typeof callerAnswered
  | typeof callAnswered
  | typeof routeFound
  | typeof routeFailed
  | typeof huntIdle
  | typeof callEnded
  | typeof commandRefused
>;

const machine = setup({
  types: {
    context: {} as Offered,
    input: {} as Birth<Offered, Heard, unknown>,
    events: {} as Heard,
    emitted: {} as CallCommand | SipRoute,
  },
  delays: { limit: 600_000, pause: 2_000, patience: 300_000 },
  guards: { isByDevice: ({ event }) => event.type === 'call.answered' && event.device !== '' },
  actions: {
    answer: emit(({ context: { call } }) => ({ type: 'call.answer', to: call, forMs: 300_000, media: true })),
    route: emit(({ context: { call, caller, argument } }) => ({
      type: 'sip.route',
      to: PORT_SIP,
      call,
      route: 1,
      uri: `sip:${argument || 'bob'}@example.com`,
      onBehalfOf: caller,
    })),
    ring: emit(({ context: { call }, event }) => {
      const { callee, rings, wakeable, accountPush } = event as FactOf<typeof routeFound>;
      return { type: 'call.ring', to: call, callee, rings, wakeable, accountPush, label: '' };
    }),
    dismiss: emit(({ context: { call } }) => ({ type: 'call.end', to: call, status: 480, reason: 'Nobody Came' })),
  },
}).createMachine({
  id: 'dialler',
  context: ({ input }) => input.fact,
  initial: 'answering',
  after: { limit: '.over' },
  on: {
    'call.ended': '.gone',
    'command.refused': '.gone',
    'caller.answered': {},
    'hunt.idle': {},
    'call.answered': [{ guard: 'isByDevice', target: '.gone' }, {}],
    'route.found': {},
    'route.failed': '.over',
  },
  states: {
    answering: { entry: 'answer', on: { 'caller.answered': 'routing' } },
    routing: { entry: 'route', on: { 'route.found': { target: 'ringing', actions: 'ring' } } },
    ringing: { on: { 'hunt.idle': 'again' } },
    again: {
      description: 'Nobody came: once more, then the caller is sent away',
      after: { pause: 'routing' },
    },
    over: { entry: 'dismiss', always: 'gone' },
    gone: { type: 'final' },
  },
});

export const dialler = defineScenario({
  name: 'dialler',
  startsOn: [callOffered.where({ code: '*6' }), callOffered.where({ callee: 'sip:menu@example.com' })],
  // Whom it rings is offered the same call.
  oncePer: ({ call }) => call,
  listensTo: ({ call }, self) => [
    callerAnswered.where({ call }),
    callEnded.where({ call }),
    callAnswered.where({ call }),
    huntIdle.where({ call, hunter: self }),
    routeFound.where({ call, case: self }),
    routeFailed.where({ call, case: self }),
  ],
  machine,
});
