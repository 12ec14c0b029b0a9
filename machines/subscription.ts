/**
 * One watcher's subscription to the dialogs of a user (RFC 4235 on RFC 6665): it hears what calls say of that user and
 * has the port tell the watcher, all at first and what changed from then on, at most once a second.
 */
import { defineScenario } from './scenario.ts';
import { contextOf, subscriptionSetup } from './subscription/setup.ts';
import {
  callAnswered,
  callCancelled,
  callDiverted,
  callEnded,
  calleeDropped,
  callFailed,
  callOffered,
  callRinging,
  dialogEnded,
  watchAsked,
  watchNotified,
  watchRefreshed,
} from './vocabulary/facts.ts';

export const subscriptionMachine = subscriptionSetup.createMachine({
  id: 'subscription',
  description: 'One lamp that watches a user’s calls (RFC 6665, RFC 4235)',
  context: ({ input }) => contextOf(input),
  initial: 'born',
  on: {
    'call.offered': { actions: 'note' },
    'call.ringing': { actions: 'note' },
    'call.answered': { actions: 'note' },
    'call.diverted': { actions: 'note' },
    'callee.dropped': { actions: 'note' },
    'call.failed': { actions: 'note' },
    'call.cancelled': { actions: 'note' },
    'call.ended': { actions: 'note' },
    'dialog.ended': { actions: 'note' },
    'watch.refreshed': [{ guard: 'isTakenBack', target: '.expired' }, { actions: ['keepTime', 'oweAll'] }],
    'watch.notified': [
      { guard: 'isGone', target: '.over' },
      { guard: 'isMissed', actions: 'noteMissed' },
      { actions: 'noteTaken' },
    ],
    'expiry.due': '.expired',
  },
  states: {
    born: {
      entry: 'keepTime',
      always: [{ guard: 'isFetch', target: 'expired' }, { target: 'telling' }],
    },
    telling: {
      description: 'A NOTIFY is on its way; the next one waits for its answer, and for a second to pass (RFC 4235 §3.10)',
      entry: 'tell',
      after: {
        pace: [{ guard: 'isToRepeat', target: 'resting' }, { guard: 'isTaken', target: 'idle' }, { target: 'late' }],
      },
    },
    late: {
      description: 'The watcher takes its time',
      always: [
        { guard: 'isToRepeat', target: 'resting' },
        { guard: 'isTaken', target: 'idle' },
      ],
      after: { giveUp: 'over' },
    },
    resting: {
      description: 'The watcher could not be reached; once more later, and all of it, since it has missed something',
      after: { rest: [{ guard: 'hasFailedOften', target: 'over' }, { target: 'telling' }] },
    },
    idle: {
      description: 'The watcher knows all; the next change is told at once',
      always: { guard: 'hasNews', target: 'telling' },
    },
    expired: { entry: 'tellEnd', always: 'over' },
    over: { type: 'final', entry: 'forgetTime' },
  },
});

export const subscription = defineScenario({
  name: 'subscription',
  startsOn: [watchAsked.where({})],
  address: ({ subscription: address }) => address,
  listensTo: ({ subscription: self, watched }) => [
    // Of no more than the user: an interest may be filed under any of its values, and half of all calls are to no code.
    callOffered.where({ callee: watched }, { current: true }),
    callOffered.where({ caller: watched }, { current: true }),
    callRinging.where({ caller: watched }, { current: true }),
    callAnswered.where({ callee: watched }, { current: true }),
    callAnswered.where({ caller: watched }, { current: true }),
    callAnswered.where({ answeredBy: watched }, { current: true }),
    callDiverted.where({ from: watched }),
    calleeDropped.where({ callee: watched }),
    callFailed.where({ callee: watched }),
    callFailed.where({ caller: watched }),
    callCancelled.where({ callee: watched }),
    callCancelled.where({ caller: watched }),
    callEnded.where({ callee: watched }),
    callEnded.where({ caller: watched }),
    callEnded.where({ answeredBy: watched }),
    // A call that crashed ends without a word of its own.
    dialogEnded.where({ watched }),
    watchRefreshed.where({ subscription: self }),
    watchNotified.where({ subscription: self }),
  ],
  machine: subscriptionMachine,
  unbounded: { idle: 'until it expires, which is a delayed event' },
});
