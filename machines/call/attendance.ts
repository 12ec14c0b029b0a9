/** Calls whose caller the service answers itself, and parties of such calls that are joined to others. */
import { emit, enqueueActions } from 'xstate';
import type { OrderedEnd } from '../vocabulary/commands.ts';
import { divertedTo } from '../vocabulary/hunt.ts';
import { type Address, PORT_SIP } from '../vocabulary/identity.ts';
import { UNAVAILABLE } from '../vocabulary/outcome.ts';
import { bridgeSetup } from './bridge.ts';
import { asFork, change, forkFact, type Of } from './context.ts';
import { hasRoomToJoin, isCaller, isJoin, lostJoin, openJoin, whyNotJoined } from './joins.ts';

/** What a party is told to its requests while nobody but us is there: offers wait (RFC 3261 §14.2), and no answer ends its dialog (RFC 5057 §5.1). */
const refusalOf = (method: string) => {
  if (method === 'INVITE' || method === 'UPDATE') return { status: 491, reason: '' };
  return method === 'OPTIONS' ? { status: 200, reason: '' } : { status: 480, reason: 'Nobody Is There Yet' };
};

/** A final status, since it goes into a Reason header (RFC 3326 §2). */
const orderedBy = ({ status, reason }: OrderedEnd): OrderedEnd =>
  status >= 200 && status < 700 ? { status, reason } : { status: UNAVAILABLE.status, reason };

/** With those of calls that the service answers, and of joins, which makes all. */
export const attendanceSetup = bridgeSetup.extend({
  delays: {
    attended: ({ context }) => context.attendedMs,
  },
  guards: {
    /** Nobody is there to be answered where we place the call. */
    canAttend: ({ context }, { forMs }: { forMs: number }) => context.placedBy === '' && forMs > 0,
    canJoin: ({ context }, { leg, aor }: { leg: Address; aor: string }) => !isCaller(context, aor) && hasRoomToJoin(context, leg),
    isJoin: ({ context }, { leg }: { leg: Address }) => openJoin(context, leg) !== undefined,
  },
  actions: {
    attend: enqueueActions(({ context, event, enqueue }) => {
      const { self: call, caller, callee, callerLeg: to, shown, callerName } = context;
      const { forMs: attendedMs } = event as Of<'call.answer'>;
      enqueue.assign({ attendedMs, keepers: [], outcome: 'answered', status: 200 });
      enqueue.emit({ type: 'leg.answer', to, fork: '', status: 200, message: 0 });
      enqueue.emit({ type: 'call.answered', call, caller, callee, device: '', answeredBy: '', shown, callerName });
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
