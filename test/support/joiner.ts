/** A scenario that connects whoever dials `*8` and a call's number to that ringing call, and keeps what it heard. */
import { emit, setup } from 'xstate';
import { type Birth, defineScenario } from '../../machines/scenario.ts';
import type { CallAnswer, CallEnd, CallJoin } from '../../machines/vocabulary/commands.ts';
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import {
  callEnded,
  callerAnswered,
  callOffered,
  type commandRefused,
  joinLost,
  joinWon,
} from '../../machines/vocabulary/facts.ts';

type Offered = FactOf<typeof callOffered>;
type Heard = FactOf<typeof callerAnswered | typeof joinWon | typeof joinLost | typeof callEnded | typeof commandRefused>;

const LIMIT_MS = 20_000;

const machine = setup({
  types: {
    context: {} as Offered,
    input: {} as Birth<Offered, Heard, unknown>,
    events: {} as Heard,
    emitted: {} as CallAnswer | CallEnd | CallJoin,
  },
  delays: { limit: LIMIT_MS },
  actions: {
    answer: emit(({ context: { call } }) => ({ type: 'call.answer', to: call, forMs: 2 * LIMIT_MS })),
    join: emit(({ context: { argument, caller }, event }) => ({
      type: 'call.join',
      to: `call:${argument}`,
      leg: event.type === 'caller.answered' ? event.leg : '',
      aor: caller,
    })),
    dismiss: emit(({ context: { call }, event }) => {
      const { status, reason } = event.type === 'join.lost' ? event : { status: 480, reason: 'Nothing Rings' };
      return { type: 'call.end', to: call, status, reason };
    }),
  },
}).createMachine({
  id: 'joiner',
  context: ({ input }) => input.fact,
  initial: 'answering',
  after: { limit: { target: '.over', actions: 'dismiss' } },
  on: {
    'call.ended': '.over',
    'command.refused': { target: '.over', actions: 'dismiss' },
    'join.lost': { target: '.over', actions: 'dismiss' },
    'join.won': '.over',
    'caller.answered': {},
  },
  states: {
    answering: { entry: 'answer', on: { 'caller.answered': { target: 'joining', actions: 'join' } } },
    joining: {},
    over: { type: 'final' },
  },
});

export const joiner = defineScenario({
  name: 'joiner',
  startsOn: [callOffered.where({ code: '*8' })],
  listensTo: ({ call }, self) => [
    callerAnswered.where({ call }),
    callEnded.where({ call }),
    joinWon.where({ case: self }),
    joinLost.where({ case: self }),
  ],
  machine,
});
