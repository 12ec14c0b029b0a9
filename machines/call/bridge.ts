/** What passes between the two parties, and the ways in which a call ends. */
import { assign, emit, enqueueActions } from 'xstate';
import type { CancelReason } from '../vocabulary/commands.ts';
import { type Address, PORT_SIP } from '../vocabulary/identity.ts';
import { UNAVAILABLE, UNTAKEN } from '../vocabulary/outcome.ts';
import { cancel, change, hangUp, isOpen, type Of, offeredBeside, peerOf } from './context.ts';
import { huntSetup } from './hunt.ts';
import { ANSWERED_BY_ANOTHER, CALLER_HUNG_UP, isJoin, lostJoin, NOBODY_RINGS } from './joins.ts';
import { isElsewhere, missedBy } from './missed.ts';

const NO_FORK = { device: '', aor: '', joinedBy: '' };
const WHY_LOST = { elsewhere: ANSWERED_BY_ANOTHER, caller: CALLER_HUNG_UP, none: NOBODY_RINGS } as const;

/** Commands about a request within a dialog. */
const OF_EXCHANGES: ReadonlySet<string> = new Set([
  'sip.relayRequest',
  'sip.relayResponse',
  'sip.relayAck',
  'sip.refuseRequest',
  'sip.transfer',
]);

/** With those of the bridge and the ends. */
export const bridgeSetup = huntSetup.extend({
  guards: {
    isCaller: ({ context }, { leg }: { leg: Address }) => leg === context.callerLeg,
    isWinner: ({ context }, { leg }: { leg: Address }) => leg === context.winner,
    hasPeer: ({ context, event }) => peerOf(context, event as Of<'request.received'>) !== '',
    isTransfer: ({ context, event }) => {
      const { method } = event as Of<'request.received'>;
      return (
        method === 'REFER' && context.settings.transfer === 'local' && peerOf(context, event as Of<'request.received'>) !== ''
      );
    },
    isOfExchange: ({ event }) => OF_EXCHANGES.has((event as Of<'command.refused'>).command),
    isParty: ({ context }, { leg }: { leg: Address }) => leg !== '' && (leg === context.callerLeg || leg === context.winner),
    legsAreGone: ({ context }) => context.callerLeg === '' && context.forks.every(({ state }) => state === 'ended'),
  },
  actions: {
    noteOrderedEnd: assign(({ event }) => {
      const { status, reason } = event as Of<'call.end'>;
      return { best: status >= 300 && status < 700 ? { status, reason, message: 0 } : UNAVAILABLE };
    }),
    noteEnded: assign(({ context, event }) => {
      const { address } = event as Of<'actor.ended'>;
      return {
        callerLeg: address === context.callerLeg ? '' : context.callerLeg,
        forks: change(context.forks, address, 'ended'),
        keepers: context.keepers.filter((keeper) => keeper !== address),
        claimedBy: address === context.claimedBy ? '' : context.claimedBy,
      };
    }),
    /** The SIP port has answered the caller 500, since its leg crashed; nobody else was told. */
    noteCallerLost: enqueueActions(({ context, enqueue }) => {
      const { self: call, caller, callee } = context;
      enqueue.assign({ keepers: [], status: 500 });
      enqueue.emit({ type: 'call.failed', call, caller, callee, status: 500, reason: 'Call Failed Here' });
    }),
    cancelForks: enqueueActions(({ context, enqueue }, { reason, text }: { reason: CancelReason; text: string }) => {
      for (const fork of context.forks) {
        if (!isOpen(fork) || fork.leg === context.winner) continue;
        enqueue.emit(cancel(fork.leg, reason, text));
        if (isJoin(fork)) enqueue.emit(lostJoin(context.self, fork, WHY_LOST[reason]));
      }
    }),
    /** Whoever was offered the call beside its callee, and has not answered, is called no more. */
    dropOthers: enqueueActions(({ context, enqueue }) => {
      const others = offeredBeside(context);
      if (others.length === 0) return;
      const winner = context.forks.find(({ leg }) => leg === context.winner);
      for (const callee of others)
        if (callee !== winner?.aor) enqueue.emit({ type: 'callee.dropped', call: context.self, callee });
      enqueue.assign({ members: context.members.map((member) => ({ ...member, isDropped: true })), followed: [] });
    }),
    answer: enqueueActions(({ context, event, enqueue }) => {
      const { leg, status, message } = event as Of<'leg.answered'>;
      enqueue.assign({ winner: leg, keepers: [], outcome: 'answered', status });
      enqueue.emit({ type: 'leg.answer', to: context.callerLeg, fork: leg, status, message });
      const { self: call, caller, callee, shown, callerName } = context;
      const { device, aor: answeredBy, joinedBy } = context.forks.find((fork) => fork.leg === leg) ?? NO_FORK;
      enqueue.emit({ type: 'call.answered', call, leg, caller, callee, device, answeredBy, shown, callerName });
      if (joinedBy !== '') enqueue.emit({ type: 'join.won', case: joinedBy, call });
    }),
    fail: enqueueActions(({ context, enqueue }) => {
      const { status, reason, message } = context.best ?? (context.code === '' ? UNAVAILABLE : UNTAKEN);
      enqueue.assign({ keepers: [], outcome: 'failed', status });
      enqueue.emit({ type: 'leg.reject', to: context.callerLeg, status, reason, message });
      enqueue.emit({ type: 'call.failed', call: context.self, caller: context.caller, callee: context.callee, status, reason });
      const missed = missedBy(context, 'failed', status);
      if (missed !== undefined) enqueue.emit(missed);
    }),
    noteCancelled: enqueueActions(({ context, event, enqueue }) => {
      const { reason } = event as Of<'leg.cancelled'>;
      enqueue.assign({ keepers: [], outcome: 'cancelled', status: 487 });
      enqueue.emit({ type: 'call.cancelled', call: context.self, caller: context.caller, callee: context.callee, reason });
      const missed = isElsewhere(reason) ? undefined : missedBy(context, 'cancelled', 487);
      if (missed !== undefined) enqueue.emit(missed);
    }),
    acknowledgeWinner: enqueueActions(({ context, event, enqueue }) => {
      const { self: call, winner, continues: from, transferredBy, caller, callee } = context;
      // An attended caller has none of its own for it.
      const message = event.type === 'leg.acknowledged' ? event.message : 0;
      enqueue.emit({ type: 'leg.acknowledge', to: winner, message });
      // Who was joined is one of the two parties from now on.
      enqueue.assign({ forks: context.forks.map((fork) => (fork.leg === winner ? { ...fork, joinedBy: '' } : fork)) });
      if (from !== '') enqueue.emit({ type: 'call.transferred', call, from, transferredBy, caller, callee });
    }),
    hangUpWinner: emit(({ context, event }) => hangUp(context.winner, event)),
    cancelWinner: emit(({ context, event }) => cancel(context.winner, 'caller', (event as Of<'leg.cancelled'>).reason)),
    hangUpCaller: emit(({ context, event }) => hangUp(context.callerLeg, event)),
    relayRequest: emit(({ context, event }) => {
      const request = event as Of<'request.received'>;
      return { type: 'sip.relayRequest', to: PORT_SIP, leg: peerOf(context, request), exchange: request.exchange };
    }),
    transfer: emit(({ context, event }) => {
      const request = event as Of<'request.received'>;
      return { type: 'sip.transfer', to: PORT_SIP, leg: peerOf(context, request), exchange: request.exchange };
    }),
    /** In the other one's name. */
    transferParty: emit(({ context, event }) => {
      const { leg, callee, consult, by } = event as Of<'call.transfer'>;
      const from = leg === context.callerLeg ? context.winner : context.callerLeg;
      return { type: 'sip.transferParty', to: PORT_SIP, leg, from, callee, consult, case: by };
    }),
    endTransfer: emit(({ context, event }) => ({
      type: 'sip.endTransfer',
      to: PORT_SIP,
      leg: context.callerLeg,
      completes: event.type === 'call.completeTransfer',
    })),
    refuseRequest: emit(({ event }) => {
      const { leg, exchange } = event as Of<'request.received'>;
      return { type: 'sip.refuseRequest', to: PORT_SIP, leg, exchange, status: 481, reason: '' };
    }),
    relayResponse: emit(({ event }) => {
      const { leg, exchange, message } = event as Of<'response.received'>;
      return { type: 'sip.relayResponse', to: PORT_SIP, leg, exchange, message };
    }),
    relayAck: emit(({ event }) => {
      const { leg, exchange, message } = event as Of<'exchange.acknowledged'>;
      return { type: 'sip.relayAck', to: PORT_SIP, leg, exchange, message };
    }),
    tellEnded: emit(({ context }) => ({
      type: 'call.ended',
      call: context.self,
      caller: context.caller,
      callee: context.callee,
      answeredBy: context.forks.find(({ leg }) => leg === context.winner)?.aor ?? '',
      outcome: context.outcome,
      status: context.status,
    })),
  },
});
