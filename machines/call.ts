/** One call, from INVITE to release: a bridge of legs. It sees legs, never messages. */
import { attendanceSetup } from './call/attendance.ts';
import { type CallSettings, shownOf } from './call/context.ts';
import { defineScenario, givenByService } from './scenario.ts';
import {
  actorEnded,
  bindingAdded,
  exchangeAcknowledged,
  inviteReceived,
  legAcknowledged,
  legAnswered,
  legCancelled,
  legFailed,
  legForsaken,
  legHungUp,
  legRinging,
  legSilent,
  requestReceived,
  responseReceived,
  routeFailed,
  routeFound,
  sessionLapsed,
} from './vocabulary/facts.ts';

export const callMachine = attendanceSetup.createMachine({
  id: 'call',
  description: 'One call, from INVITE to release: a bridge of legs, of which the first to answer has it',
  context: ({ input }) => ({
    birth: input,
    outside: false,
    members: [],
    rung: 0,
    toldIdle: false,
    self: input.self,
    caller: input.fact.placedBy === '' ? input.fact.caller : '',
    ...shownOf(input.fact),
    anonymous: input.fact.anonymous,
    callee: input.fact.callee,
    callIdStem: input.fact.callIdStem,
    settings: input.settings,
    callerLeg: input.fact.leg,
    forks: [],
    hunted: 0,
    hasRung: false,
    huntBest: null,
    toldUnanswered: false,
    forwarding: input.fact.forwarding,
    diversions: [],
    divertedBefore: input.fact.diverted,
    redirections: 0,
    following: [],
    followed: [],
    keepers: [],
    claimedBy: '',
    winner: '',
    best: null,
    toldProgress: false,
    toldRinging: false,
    continues: input.fact.continues,
    transferredBy: input.fact.transferredBy,
    code: input.fact.code,
    argument: input.fact.argument,
    placedBy: input.fact.placedBy,
    attendedMs: 0,
    isAttended: false,
    dialler: '',
    dialOns: 0,
    home: null,
    // What a code rings is nobody's; a party that is transferred has a call of its own already.
    pickable: !input.fact.direct && input.fact.code === '' && input.fact.placedBy === '',
    outcome: 'failed',
    status: 0,
  }),
  initial: 'ringing',
  on: {
    // Also while releasing: answers to what was relayed before, and what crosses the end of the call.
    'response.received': { actions: 'relayResponse' },
    'exchange.acknowledged': { actions: 'relayAck' },
    'binding.added': {},
    // The ring limit is one of ringing alone; an answer to a question that no longer matters.
    'ringing.due': {},
    'route.found': {},
    'route.failed': {},
    // Its party hung up meanwhile, and the port has answered what was open there (RFC 3261 §15.1.2).
    'command.refused': { guard: 'isOfExchange' },
  },
  states: {
    ringing: {
      initial: 'offering',
      entry: 'open',
      on: {
        'call.fork': { guard: { type: 'canFork', params: ({ event }) => event }, actions: 'addFork' },
        'call.ring': { guard: { type: 'canRing', params: ({ event }) => event }, target: '.offering', actions: 'ringCallee' },
        // Who declined is given up already.
        'call.drop': [{ guard: { type: 'isRung', params: ({ event }) => event }, actions: 'dropCallee' }, {}],
        'call.keepOpen': { guard: { type: 'canKeep', params: ({ event }) => event }, actions: 'keepOpen' },
        'call.letGo': { actions: { type: 'letGo', params: ({ event }) => ({ keeper: event.by }) } },
        'keeping.due': { actions: { type: 'letGo', params: ({ event }) => event } },
        'call.claim': [
          { guard: { type: 'isUnclaimed', params: ({ event }) => event }, actions: 'takeClaim' },
          { actions: 'refuseClaim' },
        ],
        'call.pickUp': { guard: 'canPickUp', actions: 'askPickUp' },
        'call.end': [
          {
            guard: 'isAttended',
            target: 'releasing',
            actions: ['dismissCaller', { type: 'cancelForks', params: { reason: 'none', text: '' } }],
          },
          { target: 'failing', actions: 'noteOrderedEnd' },
        ],
        'call.answer': { guard: { type: 'canAttend', params: ({ event }) => event }, target: 'attended', actions: 'attend' },
        'call.join': [{ guard: { type: 'canJoin', params: ({ event }) => event }, actions: 'join' }, { actions: 'refuseJoin' }],
        'call.divert': { guard: { type: 'canDivert', params: ({ event }) => event }, target: '.offering', actions: 'divert' },
        'ringing.due': { actions: 'giveUpHunt' },
        'route.found': { guard: { type: 'isFollowed', params: ({ event }) => event }, actions: 'takeRoute' },
        'route.failed': { guard: { type: 'isFollowed', params: ({ event }) => event }, actions: 'noteNoRoute' },
        'leg.ringing': [{ guard: { type: 'isDropped', params: ({ event }) => event } }, { actions: 'ring' }],
        'leg.silent': { actions: 'noteSilent' },
        'leg.failed': [
          { guard: { type: 'isDropped', params: ({ event }) => event }, actions: 'noteDropped' },
          { guard: { type: 'isJoin', params: ({ event }) => event }, actions: 'loseJoin' },
          { guard: { type: 'declinesForMember', params: ({ event }) => event }, actions: ['noteFailed', 'dropDecliner'] },
          { guard: { type: 'isRedirected', params: ({ event }) => event }, actions: 'follow' },
          { guard: { type: 'divertsBusy', params: ({ event }) => event }, actions: ['noteFailed', 'giveUpHunt'] },
          {
            guard: { type: 'endsDialOn', params: ({ event }) => event },
            target: 'attended.listening',
            actions: ['noteFailed', 'tellNobody'],
          },
          { guard: { type: 'endsSearch', params: ({ event }) => event }, target: 'failing', actions: 'noteFailed' },
          { actions: 'noteFailed' },
        ],
        'leg.answered': [
          // Its CANCEL is on its way: the leg ends what it answered (RFC 3261 §15).
          { guard: { type: 'isDropped', params: ({ event }) => event } },
          // There is no ACK of the caller's to wait for.
          { guard: 'isAttended', target: 'talking.connected', actions: ['connect', 'acknowledgeWinner'] },
          { target: 'talking', actions: 'answer' },
        ],
        'leg.forsaken': [
          { guard: { type: 'hasOtherForks', params: ({ event }) => event }, actions: 'forsake' },
          { target: 'failing', actions: 'forsakeLast' },
        ],
        'leg.hungUp': [
          {
            guard: { type: 'isAttendedCaller', params: ({ event }) => event },
            target: 'releasing',
            actions: { type: 'cancelForks', params: { reason: 'caller', text: '' } },
          },
          { guard: { type: 'isCaller', params: ({ event }) => event }, target: 'failing', actions: 'noteNoPrack' },
          // A fork that was cancelled as the caller was answered.
          {},
        ],
        'session.lapsed': [
          {
            guard: { type: 'isAttendedCaller', params: ({ event }) => event },
            target: 'releasing',
            actions: ['hangUpCaller', { type: 'cancelForks', params: { reason: 'none', text: '' } }],
          },
          {},
        ],
        'leg.acknowledged': {},
        'leg.cancelled': {
          target: 'releasing',
          actions: ['noteCancelled', { type: 'cancelForks', params: ({ event }) => ({ reason: 'caller', text: event.reason }) }],
        },
        'request.received': [
          { guard: 'isAttended', actions: 'answerAttended' },
          { guard: 'hasPeer', actions: 'relayRequest' },
          { actions: 'refuseRequest' },
        ],
        'actor.ended': [
          {
            guard: { type: 'isAttendedCaller', params: ({ event }) => ({ leg: event.address }) },
            target: 'releasing',
            actions: ['noteEnded', { type: 'cancelForks', params: { reason: 'none', text: '' } }],
          },
          {
            // A caller's leg says how it ends before it does; one that ends without a word has crashed.
            guard: { type: 'isCaller', params: ({ event }) => ({ leg: event.address }) },
            target: 'releasing',
            actions: ['noteEnded', 'noteCallerLost', { type: 'cancelForks', params: { reason: 'none', text: '' } }],
          },
          // It says how it failed before it ends, as a caller's leg does.
          {
            guard: { type: 'isJoin', params: ({ event }) => ({ leg: event.address }) },
            actions: ['loseCrashedJoin', 'noteEnded'],
          },
          { actions: 'noteEnded' },
        ],
      },
      states: {
        offering: {
          description: 'Until every supervisor born of call.offered has spoken, the call cannot end for want of a contact',
          after: { 0: 'trying' },
        },
        trying: {
          description: 'Forks ring, or somebody keeps the call open for one that may come',
          always: [
            { guard: 'isIdle', target: 'idle' },
            { guard: 'isUnanswered', target: 'unanswered' },
            { guard: 'isDialOnOver', target: '#call.attended.listening', actions: 'tellNobody' },
            { guard: 'isOver', target: '#call.failing' },
          ],
        },
        idle: {
          description: 'Whom a scenario has rung brought nobody; it may ring others in this very instant',
          entry: 'tellIdle',
          after: { 0: 'trying' },
        },
        unanswered: {
          description: 'The hunt is over; whoever knows more to try keeps the call open in this very instant',
          entry: 'tellUnanswered',
          after: { 0: 'trying' },
        },
      },
    },
    failing: {
      description: 'The best answer goes to the caller (RFC 3261 §16.7)',
      entry: 'fail',
      always: { target: 'releasing', actions: { type: 'cancelForks', params: { reason: 'none', text: '' } } },
    },
    attended: {
      description: 'The service itself has answered the caller; nobody else is there yet',
      initial: 'answered',
      entry: [{ type: 'cancelForks', params: { reason: 'none', text: '' } }, 'dropOthers', 'rest'],
      after: { attended: { target: 'releasing', actions: 'dismissCaller' } },
      on: {
        'call.end': { target: 'releasing', actions: 'dismissCaller' },
        'call.claim': { actions: 'refuseClaim' },
        'call.join': { actions: 'refuseJoin' },
        'request.received': [{ guard: 'isAttended', actions: 'answerAttended' }, { actions: 'answerAlone' }],
        'session.lapsed': { target: 'releasing', actions: 'hangUpCaller' },
        // It hung up, or its dialog goes on in the call that it was joined to.
        'leg.hungUp': [
          { guard: { type: 'isCaller', params: ({ event }) => event }, target: 'releasing' },
          // A fork that was cancelled as the caller was answered.
          {},
        ],
        // The CANCEL crossed our answer inside us: the caller's leg has answered 487 already.
        'leg.cancelled': { target: 'releasing', actions: 'noteCancelled' },
        'actor.ended': [
          {
            guard: { type: 'isCaller', params: ({ event }) => ({ leg: event.address }) },
            target: 'releasing',
            actions: 'noteEnded',
          },
          { actions: 'noteEnded' },
        ],
        'leg.ringing': {},
        'leg.silent': {},
        // Its INVITE got no 2xx: there is no media that it and we both have.
        'leg.failed': [
          { guard: { type: 'isCaller', params: ({ event }) => event }, target: 'releasing', actions: 'noteUnattended' },
          {},
        ],
        'leg.answered': {},
        'leg.forsaken': {},
        'leg.acknowledged': {},
        'keeping.due': {},
      },
      states: {
        answered: {
          description: 'Our 2xx waits for the caller’s ACK',
          exit: 'tellAttended',
          on: {
            'leg.acknowledged': [
              { guard: 'isAttended', target: 'listening', actions: 'tellCallerAnswered' },
              { target: 'alone', actions: 'tellCallerAnswered' },
            ],
          },
        },
        alone: { description: 'The caller waits for somebody to talk to; its leg can be joined to another call' },
        listening: {
          description: 'The caller hears prompts and its digits are heard; others may be rung for it',
          on: {
            'call.ring': {
              guard: { type: 'canRing', params: ({ event }) => event },
              target: '#call.ringing',
              actions: ['dialOn', 'ringCallee'],
            },
            'call.fork': {
              guard: { type: 'canFork', params: ({ event }) => event },
              target: '#call.ringing',
              actions: ['dialOn', 'addFork'],
            },
            'call.divert': {
              guard: { type: 'canDivert', params: ({ event }) => event },
              target: '#call.ringing',
              actions: ['dialOn', 'divert'],
            },
            'call.keepOpen': {
              guard: { type: 'canKeep', params: ({ event }) => event },
              target: '#call.ringing',
              actions: ['dialOn', 'keepOpen'],
            },
            'call.claim': [
              { guard: { type: 'isUnclaimed', params: ({ event }) => event }, actions: 'takeClaim' },
              { actions: 'refuseClaim' },
            ],
            // Whom it rang is given up already, as it came back from there.
            'call.drop': {},
            'call.letGo': {},
          },
        },
      },
    },
    talking: {
      initial: 'answered',
      entry: [{ type: 'cancelForks', params: { reason: 'elsewhere', text: '' } }, 'dropOthers'],
      on: {
        'leg.hungUp': [
          { guard: { type: 'isCaller', params: ({ event }) => event }, target: 'releasing', actions: 'hangUpWinner' },
          { guard: { type: 'isWinner', params: ({ event }) => event }, target: 'releasing', actions: 'hangUpCaller' },
        ],
        'call.end': { target: 'releasing', actions: ['hangUpWinner', 'hangUpCaller'] },
        'session.lapsed': { target: 'releasing', actions: ['hangUpWinner', 'hangUpCaller'] },
        'call.claim': { actions: 'refuseClaim' },
        'call.join': { actions: 'refuseJoin' },
        'request.received': [
          { guard: 'isTransfer', actions: 'transfer' },
          { guard: 'hasPeer', actions: 'relayRequest' },
          { actions: 'refuseRequest' },
        ],
        'actor.ended': [
          {
            guard: { type: 'isCaller', params: ({ event }) => ({ leg: event.address }) },
            target: 'releasing',
            actions: ['noteEnded', 'hangUpWinner'],
          },
          {
            guard: { type: 'isWinner', params: ({ event }) => ({ leg: event.address }) },
            target: 'releasing',
            actions: ['noteEnded', 'hangUpCaller'],
          },
          { actions: 'noteEnded' },
        ],
        // The CANCEL crossed the callee's 2xx inside us: the caller's leg has answered 487 already.
        'leg.cancelled': { target: 'releasing', actions: ['noteCancelled', 'cancelWinner'] },
        // Forks that were cancelled as the winner answered.
        'leg.ringing': {},
        'leg.silent': {},
        'leg.failed': {},
        'leg.answered': {},
        'leg.forsaken': {},
        'leg.acknowledged': {},
        'keeping.due': {},
      },
      states: {
        answered: {
          description: 'The winner’s 2xx is on its way; its ACK follows the caller’s',
          on: { 'leg.acknowledged': { target: 'connected', actions: 'acknowledgeWinner' } },
        },
        connected: {
          on: {
            'call.transfer': { guard: { type: 'isParty', params: ({ event }) => event }, actions: 'transferParty' },
            'call.completeTransfer': { actions: 'endTransfer' },
            'call.cancelTransfer': { actions: 'endTransfer' },
          },
        },
      },
    },
    releasing: {
      description: 'The call is decided; its legs come to their ends',
      entry: ['dropOthers', 'undoJoin'],
      always: { guard: 'legsAreGone', target: 'ended' },
      on: {
        'actor.ended': { actions: 'noteEnded' },
        'call.claim': { actions: 'refuseClaim' },
        'call.join': { actions: 'refuseJoin' },
        'request.received': { actions: 'refuseRequest' },
        'leg.ringing': {},
        'leg.silent': {},
        'leg.failed': {},
        'leg.answered': {},
        'leg.cancelled': {},
        'leg.acknowledged': {},
        'leg.hungUp': {},
        'leg.forsaken': {},
        'session.lapsed': {},
        'keeping.due': {},
      },
      after: { legsGone: 'ended' },
    },
    ended: { type: 'final', entry: 'tellEnded' },
  },
});

export const call = defineScenario({
  name: 'call',
  startsOn: [inviteReceived.where({})],
  address: (invite) => invite.call,
  listensTo: (invite, self) => [
    bindingAdded.where({ aor: invite.callee }, { current: true }),
    actorEnded.where({ of: self }),
    legRinging.where({ call: self }),
    legSilent.where({ call: self }),
    legAnswered.where({ call: self }),
    legFailed.where({ call: self }),
    legCancelled.where({ call: self }),
    legAcknowledged.where({ call: self }),
    legHungUp.where({ call: self }),
    legForsaken.where({ call: self }),
    sessionLapsed.where({ call: self }),
    requestReceived.where({ call: self }),
    responseReceived.where({ call: self }),
    exchangeAcknowledged.where({ call: self }),
    routeFound.where({ call: self, case: '' }),
    routeFailed.where({ call: self, case: '' }),
  ],
  settings: givenByService<CallSettings>,
  machine: callMachine,
  unbounded: {
    'ringing.trying': 'each fork has a ring limit and each keeper a deadline; without both the call fails at once',
    'talking.answered': 'the caller’s leg tells its ACK, or that there was none within 64*T1',
    'talking.connected': 'people talk for as long as they like; a leg that is gone ends it',
  },
});
