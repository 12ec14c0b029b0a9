/**
 * Call pickup: a user takes a call that rings at a colleague's phones. One case a wish; the call alone decides who gets it,
 * so that of several pickers, the callee's own answer and the caller's CANCEL one wins, and this case tells its picker.
 */
import { contextOf, pickupSetup } from '../call-pickup/setup.ts';
import { defineScenario } from '../scenario.ts';
import { anyOf } from '../vocabulary/descriptor.ts';
import {
  actorEnded,
  callAnswered,
  callDiverted,
  callerAnswered,
  callOffered,
  huntIdle,
  joinLost,
  joinUndone,
  joinWon,
  pickupAsked,
  pickupBegan,
  routeFailed,
  routeFound,
} from '../vocabulary/facts.ts';

const lose = (status: number, reason: string) => ({ type: 'lose', params: { status, reason } }) as const;
const NOBODY_RINGS = lose(480, 'Nobody Rings Any More');
const NO_PHONE = lose(480, 'No Phone Of Yours');
const ANOTHER = lose(486, 'Answered By Another');
const NOT_IN_TIME = lose(480, 'Not Connected In Time');

export const callPickupMachine = pickupSetup.createMachine({
  id: 'callPickup',
  description: 'A colleague takes a ringing call by a star code, or by an INVITE with Replaces',
  context: ({ input }) => contextOf(input),
  initial: 'choosing',
  on: {
    // What rings later is not what was meant.
    'call.offered': {},
    'pickup.began': {},
    'caller.answered': {},
    'join.won': {},
    'join.lost': {},
    'join.undone': {},
    'route.found': {},
    'route.failed': {},
    'call.diverted': {},
    'call.answered': {},
    'hunt.idle': {},
    'command.refused': {},
    'actor.ended': [
      { guard: { type: 'isPickers', params: ({ event }) => event }, target: '.over', actions: 'noteGone' },
      { target: '.over', actions: NOBODY_RINGS },
    ],
  },
  states: {
    choosing: {
      description: 'The call that is meant, else the one that rings longest, of those that nobody picks up yet',
      always: [
        { guard: 'isNoSuchCall', target: 'over', actions: lose(481, 'No Such Call Rings') },
        { guard: 'isNothingThere', target: 'over', actions: lose(404, 'Nothing To Pick Up') },
        { guard: 'isOrder', target: 'finding', actions: ['begin', 'keepOpen', 'ask'] },
        { guard: 'isJoin', target: 'answering', actions: ['begin', 'answer'] },
        { target: 'asking', actions: ['begin', 'ask'] },
      ],
    },
    answering: {
      description: 'The picker’s own call is answered without media; a leg without a dialog cannot be joined',
      on: {
        'caller.answered': { target: 'joining', actions: 'join' },
        'command.refused': { target: 'over', actions: 'noteGone' },
      },
      after: { stepLimit: { target: 'over', actions: NOT_IN_TIME } },
    },
    joining: {
      description: 'The picker is one more fork of the call that rings; the call decides',
      on: {
        'join.won': [
          { guard: 'isPickerThere', target: 'connecting', actions: 'win' },
          { target: 'over', actions: 'win' },
        ],
        'join.lost': { target: 'over', actions: { type: 'lose', params: ({ event }) => event } },
        'command.refused': { target: 'over', actions: NOBODY_RINGS },
        // It moves to the other call if it wins; if the picker hangs up, the fork fails.
        'actor.ended': { guard: { type: 'isPickers', params: ({ event }) => event }, actions: 'forgetPicker' },
      },
      after: { stepLimit: { target: 'over', actions: NOT_IN_TIME } },
    },
    connecting: {
      description:
        'The picker’s dialog moves to the other call with the caller’s ACK; a caller who is gone before leaves nobody alone',
      on: {
        'join.undone': { target: 'over', actions: 'dismiss' },
        'actor.ended': { guard: { type: 'isPickers', params: ({ event }) => event }, target: 'over' },
        'command.refused': {},
      },
      after: { connectLimit: { target: 'over', actions: 'dismiss' } },
    },
    asking: {
      description: 'Where are the picker’s phones?',
      on: {
        'route.found': [
          { guard: 'isRingable', target: 'diverting', actions: ['notePhones', 'divert'] },
          { target: 'over', actions: NO_PHONE },
        ],
        'route.failed': { target: 'over', actions: NO_PHONE },
      },
      after: { answerLimit: { target: 'over', actions: NO_PHONE } },
    },
    diverting: {
      description: 'The call goes to the picker; then the picker’s own call ends, and the phones ring',
      on: {
        'call.diverted': {
          guard: { type: 'isOurs', params: ({ event }) => event },
          target: 'over',
          actions: ['ringBack', 'win'],
        },
        'command.refused': { target: 'over', actions: NOBODY_RINGS },
      },
      after: { answerLimit: { target: 'over', actions: NOBODY_RINGS } },
    },
    finding: {
      description: 'Where are the phones of whom a scenario has picked it up for?',
      on: {
        'route.found': [
          { guard: 'isRingable', target: 'ringing', actions: ['notePhones', 'ring'] },
          { target: 'over', actions: ['letGo', NO_PHONE] },
        ],
        'route.failed': { target: 'over', actions: ['letGo', NO_PHONE] },
        'call.answered': { target: 'over', actions: ANOTHER },
        'call.diverted': { target: 'over', actions: ['letGo', NOBODY_RINGS] },
        'command.refused': { target: 'over', actions: ['letGo', NOBODY_RINGS] },
      },
      after: { answerLimit: { target: 'over', actions: ['letGo', NO_PHONE] } },
    },
    ringing: {
      description: 'They ring beside the others; whoever lifts first has it',
      on: {
        'call.answered': [
          { guard: 'isByPicker', target: 'over', actions: 'win' },
          { target: 'over', actions: ANOTHER },
        ],
        'call.diverted': { target: 'over', actions: ['letGo', NOBODY_RINGS] },
        'hunt.idle': { target: 'over', actions: ['letGo', lose(480, 'Not Answered')] },
        'command.refused': { target: 'over', actions: ['letGo', NOBODY_RINGS] },
      },
      after: { ringLimit: { target: 'over', actions: ['letGo', lose(480, 'Not Answered')] } },
    },
    over: { type: 'final' },
  },
});

/** What a probe of the linter has in a place of a list is none. */
const listed = (callees: readonly string[]): readonly string[] => (Array.isArray(callees) ? callees : []);

export const callPickup = defineScenario({
  name: 'call-pickup',
  startsOn: [pickupAsked.where({})],
  // One wish of a picker for a call at a time; each call of a picker's is one wish.
  oncePer: ({ call, target, picker }) => call || `${target} ${picker}`,
  of: ({ call, target }) => call || target,
  listensTo: ({ call, callees, target, form, picker }, self) => [
    callOffered.where({ callee: anyOf(...listed(callees)), pickable: true }, { current: true }),
    pickupBegan.where({ callee: anyOf(...listed(callees)) }, { current: true }),
    callerAnswered.where({ call }),
    joinWon.where({ case: self }),
    joinLost.where({ case: self }),
    joinUndone.where({ case: self }),
    routeFound.where({ case: self }),
    routeFailed.where({ case: self }),
    callDiverted.where(form === 'order' ? { call: target } : { callee: picker }),
    callAnswered.where({ call: target }),
    huntIdle.where({ call: target, hunter: self }),
    actorEnded.where({ address: form === 'order' ? target : anyOf(call, target) }),
  ],
  machine: callPickupMachine,
});
