/**
 * Ring-back (call completion, RFC 6910): a user who reached nobody dials a code, and is called back once the other is
 * free again, or registers, or was seen at a phone. One case a call that was not taken: it waits a while for the code, and
 * if that comes, for both to be free.
 */

import { readSettings } from '../ring-back/settings.ts';
import { contextOf, ringBackSetup } from '../ring-back/setup.ts';
import { defineScenario } from '../scenario.ts';
import { anyOf, not } from '../vocabulary/descriptor.ts';
import {
  bindingAdded,
  bindingRefreshed,
  callAnswered,
  callCancelled,
  callEnded,
  callFailed,
  callOffered,
  callPlaced,
  callUnanswered,
  placeConnected,
  placeFailed,
} from '../vocabulary/facts.ts';

export const ringBackMachine = ringBackSetup.createMachine({
  id: 'ringBack',
  description: 'A caller who found a user busy is rung back when the user is free',
  context: ({ input }) => contextOf(input),
  initial: 'born',
  on: {
    'call.answered': [{ guard: 'isOfBoth', target: '.over', actions: 'withdraw' }, { actions: 'noteAnswered' }],
    'call.ended': { actions: 'noteEnded' },
    'binding.added': { actions: 'noteThere' },
    // A phone that was there all the time refreshes its registration too.
    'binding.refreshed': [{ guard: 'wasAbsent', actions: 'noteThere' }, {}],
    // What crossed the end of a try, or the caller's own end of a call to a code.
    'call.placed': {},
    'place.connected': {},
    'place.failed': {},
    'command.refused': {},
  },
  states: {
    born: { always: [{ guard: 'areBothHere', target: 'offered' }, { target: 'over' }] },
    offered: {
      description: 'The caller reached nobody, and may dial the code until calling somebody else',
      on: {
        'call.offered': [{ guard: 'isSetCode', target: 'set', actions: 'tellSet' }, { guard: 'isOrdinary', target: 'over' }, {}],
      },
      after: { offer: 'over' },
    },
    set: {
      description: 'The caller wants to be called back, and may think better of it',
      initial: 'waiting',
      on: {
        'call.offered': [
          { guard: 'isCancelCode', target: 'over', actions: ['tellCancelled', 'withdraw'] },
          { guard: 'isOrdinary', actions: 'noteOrdinary' },
          { guard: 'isSetAgain', actions: 'tellSetBefore' },
          { guard: 'isOneTooMany', target: 'over', actions: 'withdraw' },
          { guard: 'isSetCode', actions: 'noteSetLater' },
          {},
        ],
      },
      after: { patience: [{ guard: 'isRinging', actions: 'noteLate' }, { target: 'over' }] },
      states: {
        waiting: {
          description: 'One of them talks, or the callee has not been seen yet',
          always: { guard: 'areBothFree', target: 'guarding' },
        },
        guarding: {
          description: 'Both seem free; who has just hung up may be about to call again',
          always: { guard: 'isOneBusy', target: 'waiting' },
          after: { guard: 'trying' },
        },
        trying: {
          description: 'The caller’s phones ring, then the callee’s',
          entry: 'place',
          on: {
            // The callee has lifted; the caller's phone still has to take the session.
            'call.answered': { actions: 'noteAnswered' },
            'call.placed': { actions: 'notePlaced' },
            'place.connected': '#ringBack.over',
            'place.failed': [
              { guard: 'isOver', target: '#ringBack.over' },
              { guard: 'isCallers', target: 'resting', actions: 'noteFailed' },
              { target: 'waiting', actions: 'noteFailed' },
            ],
          },
          after: { tryLimit: { target: '#ringBack.over', actions: 'withdraw' } },
        },
        resting: {
          description: 'The caller did not lift; some time later perhaps',
          after: { retry: { target: 'waiting', actions: 'noteThere' } },
        },
      },
    },
    over: { type: 'final' },
  },
});

export const ringBack = defineScenario({
  name: 'ring-back',
  startsOn: [
    callUnanswered.where({ caller: not(''), target: '', why: anyOf('busy', 'noAnswer', 'unreachable') }),
    callCancelled.where({ caller: not('') }),
    // These end the search for somebody who answers at once (RFC 3261 §16.7).
    callFailed.where({ caller: not(''), status: anyOf(600, 603) }),
  ],
  oncePer: ({ caller, callee }) => `${caller} ${callee}`,
  listensTo: ({ caller, callee }, self) => [
    callOffered.where({ caller, placedBy: '' }),
    callAnswered.where({ caller }, { current: true }),
    callAnswered.where({ callee: caller }, { current: true }),
    callAnswered.where({ caller: callee }, { current: true }),
    callAnswered.where({ callee }, { current: true }),
    callEnded.where({ caller: anyOf(caller, callee) }),
    callEnded.where({ callee: anyOf(caller, callee) }),
    bindingAdded.where({ aor: callee }, { current: true }),
    bindingRefreshed.where({ aor: callee }),
    callPlaced.where({ case: self }),
    placeConnected.where({ case: self }),
    placeFailed.where({ case: self }),
  ],
  settings: readSettings,
  codes: ({ setCode, cancelCode }) => [setCode, cancelCode],
  machine: ringBackMachine,
});
export default ringBack;
