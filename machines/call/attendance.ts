/** Calls whose caller the service answers itself, and parties of such calls that are joined to others. */
import { assign, emit, enqueueActions } from 'xstate';
import type { OrderedEnd } from '../vocabulary/commands.ts';
import type { Raw } from '../vocabulary/descriptor.ts';
import type { callAnswered } from '../vocabulary/facts.ts';
import { divertedTo } from '../vocabulary/hunt.ts';
import { type Address, PORT_SIP } from '../vocabulary/identity.ts';
import { endsSearch, UNAVAILABLE } from '../vocabulary/outcome.ts';
import { bridgeSetup } from './bridge.ts';
import { asFork, type Context, change, drop, forkFact, isDialOnOver, memberRungBy, type Of } from './context.ts';
import { hasRoomToJoin, isCaller, isJoin, lostJoin, openJoin, whyNotJoined } from './joins.ts';

/** What a party is told to its requests while nobody but us is there: offers wait (RFC 3261 §14.2), and no answer ends its dialog (RFC 5057 §5.1). */
const refusalOf = (method: string) => {
  if (method === 'INVITE' || method === 'UPDATE') return { status: 491, reason: '' };
  if (method === 'REFER') return { status: 480, reason: 'Nobody To Transfer Yet' };
  return method === 'OPTIONS' ? { status: 200, reason: '' } : { status: 480, reason: 'Nobody Is There Yet' };
};

/** A final status, since it goes into a Reason header (RFC 3326 §2). */
const orderedBy = ({ status, reason }: OrderedEnd): OrderedEnd =>
  status >= 200 && status < 700 ? { status, reason } : { status: UNAVAILABLE.status, reason };

const answeredByService = ({ self: call, caller, callee, shown, callerName }: Context): Raw<typeof callAnswered> => ({
  type: 'call.answered',
  call,
  leg: '',
  caller,
  callee,
  device: '',
  answeredBy: '',
  shown,
  callerName,
});

/** With those of calls that the service answers, and of joins, which makes all. */
export const attendanceSetup = bridgeSetup.extend({
  delays: {
    attended: ({ context }) => context.attendedMs,
  },
  guards: {
    /** Nobody is there to be answered where we place the call. */
    canAttend: ({ context }, { forMs }: { forMs: number }) => context.placedBy === '' && forMs > 0 && !context.isAttended,
    isAttended: ({ context }) => context.isAttended,
    isAttendedCaller: ({ context }, { leg }: { leg: Address }) => context.isAttended && leg === context.callerLeg,
    isDialOnOver: ({ context }) => isDialOnOver(context),
    /** RFC 3261 §16.7 step 5, where the caller hears prompts again and no final answer. */
    endsDialOn: ({ context }, { status, leg }: { status: number; leg: Address }) =>
      context.isAttended && endsSearch(status, context.settings.declineEndsCall) && memberRungBy(context, leg) === '',
    canJoin: ({ context }, { leg, aor }: { leg: Address; aor: string }) => !isCaller(context, aor) && hasRoomToJoin(context, leg),
    isJoin: ({ context }, { leg }: { leg: Address }) => openJoin(context, leg) !== undefined,
  },
  actions: {
    attend: enqueueActions(({ context, event, enqueue }) => {
      const { callerLeg: to, callee, forwarding, diversions, pickable, outside } = context;
      const { forMs: attendedMs, media: isAttended = false } = event as Of<'call.answer'>;
      const home = isAttended ? { callee, forwarding, diversions, pickable, outside } : null;
      enqueue.assign({ attendedMs, isAttended, home, keepers: [], outcome: 'answered', status: 200 });
      enqueue.emit({ type: 'leg.answer', to, fork: '', status: 200, message: 0, ...(isAttended ? { media: true } : {}) });
      if (!isAttended) enqueue.emit(answeredByService(context));
    }),
    /** With media it is known only now that our 2xx has left. */
    tellAttended: enqueueActions(({ context, event, enqueue }) => {
      const hasLeft = event.type !== 'leg.failed' && event.type !== 'leg.cancelled' && event.type !== 'actor.ended';
      if (context.isAttended && hasLeft) enqueue.emit(answeredByService(context));
    }),
    noteUnattended: enqueueActions(({ context, event, enqueue }) => {
      const { self: call, caller, callee } = context;
      const { status, reason } = event as Of<'leg.failed'>;
      enqueue.assign({ outcome: 'failed', status });
      enqueue.emit({ type: 'call.failed', call, caller, callee, status, reason });
    }),
    /** Nobody is hunted for any more, until somebody asks for it anew. */
    rest: enqueueActions(({ context, enqueue }) => {
      const { self: call, callee, home } = context;
      // What was diverted to is offered no more; nothing else names it.
      if (home !== null && home.callee !== callee) enqueue.emit({ type: 'callee.dropped', call, callee });
      for (const keeper of context.keepers) enqueue.cancel(`keeping ${keeper}`);
      enqueue.cancel('ring limit');
      enqueue.assign({ ...home, forks: drop(context.forks), hunted: context.forks.length, keepers: [], following: [] });
      // What wakes too late is not rung; nobody hears of them any more.
      enqueue.assign({ members: context.members.map((member) => ({ ...member, hunter: '' })) });
    }),
    /** Others are rung for the caller, who hears prompts meanwhile and no provisional answer. */
    dialOn: assign(({ context, event }) => ({
      dialler: (event as Of<'call.ring'>).by,
      dialOns: context.dialOns + 1,
      toldIdle: false,
      toldRinging: false,
      // They are rung beside the callee, who is not looked for; a diversion makes one of them the callee.
      toldUnanswered: true,
      hasRung: false,
      huntBest: null,
    })),
    tellNobody: emit(({ context }) => {
      const { self: call, dialler: hunter, members } = context;
      const callee = members.findLast((member) => member.hunter === hunter)?.callee ?? context.callee;
      return { type: 'hunt.idle', call, hunter, callee };
    }),
    connect: enqueueActions(({ context, event, enqueue }) => {
      const { self: call, caller, callee, shown, callerName } = context;
      const { leg: winner } = event as Of<'leg.answered'>;
      const fork = context.forks.find(({ leg }) => leg === winner);
      const { device = '', aor: answeredBy = '', joinedBy = '' } = fork ?? {};
      enqueue.assign({ winner, keepers: [], isAttended: false });
      enqueue.emit({ type: 'call.answered', call, leg: winner, caller, callee, device, answeredBy, shown, callerName });
      if (joinedBy !== '') enqueue.emit({ type: 'join.won', case: joinedBy, call });
    }),
    /** Requests of a caller who talks to the service itself: its offers are answered, whatever is behind the service now. */
    answerAttended: emit(({ context, event }) => {
      const { leg, exchange, method } = event as Of<'request.received'>;
      const isOffer = leg === context.callerLeg && (method === 'INVITE' || method === 'UPDATE');
      if (isOffer) return { type: 'sip.answerRequest', to: PORT_SIP, leg, exchange };
      return { type: 'sip.refuseRequest', to: PORT_SIP, leg, exchange, ...refusalOf(method) };
    }),
    tellCallerAnswered: emit(({ context }) => ({
      type: 'caller.answered',
      call: context.self,
      leg: context.callerLeg,
    })),
    dismissCaller: emit(({ context, event }) => {
      const order = event.type === 'call.end' ? orderedBy(event) : { status: 480, reason: 'Nobody Came' };
      return { type: 'leg.hangUp', to: context.callerLeg, message: 0, order };
    }),
    answerAlone: emit(({ event }) => {
      const { leg, exchange, method } = event as Of<'request.received'>;
      return { type: 'sip.refuseRequest', to: PORT_SIP, leg, exchange, ...refusalOf(method) };
    }),
    join: enqueueActions(({ context, event, enqueue }) => {
      const { leg, aor, by } = event as Of<'call.join'>;
      const step = aor === '' ? [] : [{ by: context.callee, to: aor, why: 'pickedUp' as const }];
      const diversions = [...context.diversions, ...step];
      const target = divertedTo({ contact: '', path: [], flow: '', stream: false, adopts: leg }, diversions);
      // Named by its leg: two parties may be devices of one user, and one of them may be rung too.
      const order = { device: leg, aor, target, callId: '' };
      const fork = forkFact(context, context.forks.length + 1, order, by);
      enqueue.emit(fork);
      enqueue.assign({ forks: [...context.forks, { ...asFork(fork), joinedBy: by }] });
    }),
    refuseJoin: emit(({ context, event }) => {
      const { by: joinedBy, aor } = event as Of<'call.join'>;
      return lostJoin(context.self, { joinedBy }, whyNotJoined(context, aor));
    }),
    /** What became of one party is neither the callee's answer nor the caller's. */
    loseJoin: enqueueActions(({ context, event, enqueue }) => {
      const { leg, status, reason } = event as Of<'leg.failed'>;
      const fork = openJoin(context, leg);
      if (fork === undefined) return;
      enqueue.assign({ forks: change(context.forks, leg, 'failed') });
      enqueue.emit(lostJoin(context.self, fork, { status, reason }));
    }),
    /** The caller is gone before its ACK: who was joined goes back to the call that its leg came from. */
    undoJoin: enqueueActions(({ context, enqueue }) => {
      const fork = context.forks.find(({ leg }) => leg === context.winner);
      if (fork !== undefined && isJoin(fork)) enqueue.emit({ type: 'join.undone', case: fork.joinedBy, call: context.self });
    }),
    loseCrashedJoin: emit(({ context, event }) => {
      const fork = openJoin(context, (event as Of<'actor.ended'>).address);
      if (fork === undefined) throw new Error('no such join');
      return lostJoin(context.self, fork, { status: 500, reason: 'Call Failed Here' });
    }),
  },
});
