/** One call, from INVITE to release: a bridge of legs. It sees legs, never messages. */
import { assign, emit, enqueueActions, setup } from 'xstate';
import { type Birth, defineScenario } from './scenario.ts';
import type { Diversion, Forwarding, PushTarget, Ring } from './vocabulary/binding.ts';
import type { CallCommand, CancelReason, LegCommand, SipCommand, Taken } from './vocabulary/commands.ts';
import type { FactOf, Raw } from './vocabulary/descriptor.ts';
import {
  actorEnded,
  bindingAdded,
  type bindingRefreshed,
  type bindingSlept,
  type callAnswered,
  type callCancelled,
  type callDiverted,
  type callEnded,
  type callFailed,
  type callOffered,
  type callRinging,
  type callTransferred,
  type callUnanswered,
  type claimLost,
  type claimWon,
  exchangeAcknowledged,
  type forkStarted,
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
import {
  divertedRings,
  divertedTo,
  divertsBusy,
  MAX_DIVERSIONS,
  MAX_REDIRECTIONS,
  targetOf,
  whyUnanswered,
} from './vocabulary/hunt.ts';
import { type Address, legAddress, PORT_SIP } from './vocabulary/identity.ts';
import { MAX_CALL_FORKS, MAX_KEEPERS } from './vocabulary/limits.ts';
import { better, endsSearch, type Outcome, UNAVAILABLE } from './vocabulary/outcome.ts';
import { SIXTY_FOUR_T1_MS } from './vocabulary/time.ts';

export interface CallSettings {
  readonly maxForks: number;
  readonly declineEndsCall: boolean;
  /** Whether a REFER is carried out here or passed on. */
  readonly transfer: 'local' | 'relay';
}

type Born = FactOf<typeof inviteReceived>;
type Bound = FactOf<typeof bindingAdded | typeof bindingRefreshed | typeof bindingSlept>;
type Heard = FactOf<
  | typeof bindingAdded
  | typeof actorEnded
  | typeof legRinging
  | typeof legSilent
  | typeof legAnswered
  | typeof legFailed
  | typeof legCancelled
  | typeof legAcknowledged
  | typeof legHungUp
  | typeof legForsaken
  | typeof sessionLapsed
  | typeof requestReceived
  | typeof responseReceived
  | typeof exchangeAcknowledged
  | typeof routeFound
  | typeof routeFailed
>;
type Input = Birth<Born, Bound, CallSettings>;
type RingingDue = { readonly type: 'ringing.due' };
type KeepingDue = { readonly type: 'keeping.due'; readonly keeper: Address };

interface Fork {
  readonly leg: Address;
  readonly device: string;
  readonly aor: string;
  /** `dropped`: given up for another hunt, which its answer does not concern. */
  readonly state: 'calling' | 'silent' | 'ringing' | 'dropped' | 'failed' | 'ended';
}

interface Context {
  /** What it was born with, until the first forks are rung. */
  readonly birth: Input | null;
  readonly self: Address;
  readonly caller: string;
  readonly callerName: string;
  readonly callee: string;
  readonly callIdStem: string;
  readonly settings: CallSettings;
  /** The caller's leg; empty once it has ended. */
  readonly callerLeg: Address;
  readonly forks: readonly Fork[];
  /** How many forks there were before the callee of now was hunted for. */
  readonly hunted: number;
  /** A device of the callee of now has rung. */
  readonly hasRung: boolean;
  /** The best answer of the callee of now, and whether it was told that there is none. */
  readonly huntBest: Outcome | null;
  readonly toldUnanswered: boolean;
  readonly forwarding: Forwarding;
  readonly diversions: readonly Diversion[];
  readonly divertedBefore: number;
  readonly redirections: number;
  /** Forks whose redirection is looked into, by number. */
  readonly following: readonly number[];
  /** Who keeps the call open. */
  readonly keepers: readonly Address[];
  readonly claimedBy: Address;
  readonly winner: Address;
  readonly best: Outcome | null;
  readonly toldProgress: boolean;
  readonly toldRinging: boolean;
  /** The call that this one goes on from, and who transferred it. */
  readonly continues: Address;
  readonly transferredBy: string;
  readonly outcome: 'answered' | 'failed' | 'cancelled';
  readonly status: number;
}

type Told = Raw<
  | typeof callOffered
  | typeof callRinging
  | typeof callAnswered
  | typeof callFailed
  | typeof callCancelled
  | typeof callEnded
  | typeof callTransferred
  | typeof callUnanswered
  | typeof callDiverted
  | typeof claimWon
  | typeof claimLost
  | typeof forkStarted
>;

type Event = Heard | Taken<CallCommand> | KeepingDue | RingingDue;
type Of<T extends Event['type']> = Extract<Event, { type: T }>;

const OVER: ReadonlySet<Fork['state']> = new Set(['failed', 'ended', 'dropped']);
const isOpen = (fork: Fork): boolean => !OVER.has(fork.state);
/** Silent forks go on, but nobody waits for them. */
const isPromising = (fork: Fork): boolean => isOpen(fork) && fork.state !== 'silent';
/** Nobody rings, nobody keeps it open, and no redirection is looked into. */
const isOver = ({ keepers, forks, following }: Context): boolean =>
  keepers.length === 0 && following.length === 0 && !forks.some(isPromising);
const change = (forks: readonly Fork[], leg: Address, state: Fork['state']): readonly Fork[] =>
  forks.map((fork) => (fork.leg === leg ? { ...fork, state } : fork));
const without = (routes: readonly number[], route: number): readonly number[] => routes.filter((other) => other !== route);
/** Gives up whatever is open, for another hunt. */
const drop = (forks: readonly Fork[]): readonly Fork[] =>
  forks.map((fork) => (isOpen(fork) ? { ...fork, state: 'dropped' } : fork));

/** The forks that ring these, as far as there is room for them, and none of a device that rings in this hunt. */
function newForks(context: Context, rings: readonly Ring[], by: string): Raw<typeof forkStarted>[] {
  const hunting = context.forks.slice(context.hunted);
  const room = Math.min(context.settings.maxForks - hunting.length, MAX_CALL_FORKS - context.forks.length);
  return rings
    .filter(({ device }) => !hunting.some((known) => known.device === device))
    .slice(0, Math.max(room, 0))
    .map((ring, index) => forkFact(context, context.forks.length + index + 1, { ...ring, callId: '' }, by));
}

const asFork = ({ leg, device, aor }: Raw<typeof forkStarted>): Fork => ({ leg, device, aor, state: 'calling' });

interface Offer {
  readonly wakeable: boolean;
  readonly accountPush: PushTarget;
}
/** Each callee of a call is offered under a stem of its own, so that pushes of one are not those of another. */
const offered = (context: Context, callee: string, stem: string, { wakeable, accountPush }: Offer): Raw<typeof callOffered> => ({
  type: 'call.offered',
  call: context.self,
  caller: context.caller,
  callerName: context.callerName,
  callee,
  callIdStem: stem,
  wakeable,
  accountPush,
});

function forkFact(
  context: Context,
  n: number,
  order: Pick<Of<'call.fork'>, 'device' | 'aor' | 'target' | 'callId'>,
  by: string,
): Raw<typeof forkStarted> {
  return {
    type: 'fork.started',
    call: context.self,
    leg: legAddress(context.self, n),
    callee: context.callee,
    aor: order.aor,
    device: order.device,
    callId: order.callId || `${context.callIdStem}-${n}`,
    case: by,
    target: order.target,
  };
}

/** The leg on the other side; a request inside an early dialog names its fork. A fork that lost has no other side any more. */
function peerOf(context: Context, event: Of<'request.received'>): Address {
  if (event.leg === context.callerLeg) return event.fork || context.winner;
  return context.winner === '' || event.leg === context.winner ? context.callerLeg : '';
}

const cancel = (leg: Address, reason: CancelReason, text = ''): LegCommand => ({ type: 'leg.cancel', to: leg, reason, text });

const hangUp = (leg: Address, event: Event): LegCommand => ({
  type: 'leg.hangUp',
  to: leg,
  message: event.type === 'leg.hungUp' ? event.message : 0,
  lapse: event.type === 'session.lapsed' ? event.why : '',
});

export const callMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as Event,
    emitted: {} as Told | LegCommand | SipCommand,
  },
  delays: {
    /** Each leg gives up after 64*T1 at the latest; the call outlasts them. */
    legsGone: 4 * SIXTY_FOUR_T1_MS,
  },
  guards: {
    isOver: ({ context }) => isOver(context),
    canFork: ({ context }, { device }: { device: string }) =>
      context.forks.length - context.hunted < context.settings.maxForks &&
      context.forks.length < MAX_CALL_FORKS &&
      !context.forks.some((known, index) => index >= context.hunted && known.device === device),
    canKeep: ({ context }, { by, forMs }: { by: Address; forMs: number }) =>
      forMs > 0 && (context.keepers.length < MAX_KEEPERS || context.keepers.includes(by)),
    endsSearch: ({ context }, { status }: { status: number }) => endsSearch(status, context.settings.declineEndsCall),
    isUnanswered: ({ context }) => !context.toldUnanswered && isOver(context),
    divertsBusy: ({ context }, { status }: { status: number }) =>
      endsSearch(status, context.settings.declineEndsCall) && divertsBusy(status, context.forwarding),
    isRedirected: ({ context }, { status, message }: { status: number; message: number }) =>
      status >= 300 && status < 400 && message !== 0 && context.redirections < MAX_REDIRECTIONS,
    isDropped: ({ context }, { leg }: { leg: Address }) =>
      context.forks.some((fork) => fork.leg === leg && fork.state === 'dropped'),
    isFollowed: ({ context }, { route }: { route: number }) => context.following.includes(route),
    canDivert: ({ context }) => context.divertedBefore + context.diversions.length < MAX_DIVERSIONS,
    isCaller: ({ context }, { leg }: { leg: Address }) => leg === context.callerLeg,
    isWinner: ({ context }, { leg }: { leg: Address }) => leg === context.winner,
    hasOtherForks: ({ context }, { fork }: { fork: Address }) =>
      context.keepers.length > 0 || context.forks.some((other) => other.leg !== fork && isOpen(other)),
    isUnclaimed: ({ context }, { by }: { by: Address }) => context.claimedBy === '' || context.claimedBy === by,
    hasPeer: ({ context, event }) => peerOf(context, event as Of<'request.received'>) !== '',
    isTransfer: ({ context, event }) => {
      const { method } = event as Of<'request.received'>;
      return (
        method === 'REFER' && context.settings.transfer === 'local' && peerOf(context, event as Of<'request.received'>) !== ''
      );
    },
    legsAreGone: ({ context }) => context.callerLeg === '' && context.forks.every(({ state }) => state === 'ended'),
  },
  actions: {
    open: enqueueActions(({ context, enqueue }) => {
      const { birth } = context;
      if (birth === null) return;
      const { fact } = birth;
      enqueue.assign({ birth: null });
      // Who wants all calls elsewhere is not called at all.
      if (fact.forwarding.always !== '') return;
      const current = fact.direct ? [] : birth.current;
      const awake = current.filter(({ asleep }) => !asleep);
      const bound = awake.map(({ aor, device, binding }): Ring => ({ aor, device, target: binding.target }));
      const forks = newForks(context, [...bound, ...fact.rings], '');
      for (const fork of forks) enqueue.emit(fork);
      const wakeable = fact.accountPush.provider !== '' || current.some(({ asleep }) => asleep);
      enqueue.emit(offered(context, context.callee, context.callIdStem, { wakeable, accountPush: fact.accountPush }));
      enqueue.assign({ forks: forks.map(asFork) });
      if (fact.forwarding.ringMs > 0) enqueue.raise({ type: 'ringing.due' }, { id: 'ring limit', delay: fact.forwarding.ringMs });
    }),
    /** Hunts for somebody else. */
    divert: enqueueActions(({ context, event, enqueue }) => {
      const { callee, why, rings, forwarding, ...offer } = event as Of<'call.divert'>;
      const diversions = [...context.diversions, { by: context.callee, to: callee, why }];
      for (const fork of context.forks) if (isOpen(fork)) enqueue.emit(cancel(fork.leg, 'none'));
      for (const keeper of context.keepers) enqueue.cancel(`keeping ${keeper}`);
      enqueue.cancel('ring limit');
      enqueue.emit({ type: 'call.diverted', call: context.self, caller: context.caller, from: context.callee, callee, why });
      // RFC 3261 §21.1.3.
      enqueue.emit({ type: 'leg.progress', to: context.callerLeg, fork: '', status: 181, message: 0 });
      const hunt: Context = {
        ...context,
        callee,
        diversions,
        forwarding,
        forks: drop(context.forks),
        hunted: context.forks.length,
      };
      const forks = forwarding.always === '' ? newForks(hunt, divertedRings(rings, diversions), '') : [];
      for (const fork of forks) enqueue.emit(fork);
      if (forwarding.always === '') enqueue.emit(offered(hunt, callee, `${context.callIdStem}-d${diversions.length}`, offer));
      enqueue.assign({
        callee,
        diversions,
        forwarding,
        forks: [...hunt.forks, ...forks.map(asFork)],
        hunted: hunt.hunted,
        hasRung: false,
        huntBest: null,
        following: [],
        keepers: [],
        toldUnanswered: false,
        toldProgress: true,
        toldRinging: false,
      });
      if (forwarding.ringMs > 0) enqueue.raise({ type: 'ringing.due' }, { id: 'ring limit', delay: forwarding.ringMs });
    }),
    tellUnanswered: enqueueActions(({ context, enqueue }) => {
      const { self: call, caller, callee, forwarding, huntBest, divertedBefore: diverted } = context;
      const why = forwarding.always === '' ? whyUnanswered(huntBest, context.hasRung) : 'always';
      const status = huntBest?.status ?? UNAVAILABLE.status;
      enqueue.assign({ toldUnanswered: true });
      enqueue.emit({ type: 'call.unanswered', call, caller, callee, why, status, target: targetOf(forwarding, why), diverted });
    }),
    /** The callee's devices have rung for as long as the callee wants. */
    giveUpHunt: enqueueActions(({ context, enqueue }) => {
      for (const fork of context.forks) if (isOpen(fork)) enqueue.emit(cancel(fork.leg, 'none'));
      for (const keeper of context.keepers) enqueue.cancel(`keeping ${keeper}`);
      enqueue.assign({ forks: drop(context.forks), keepers: [] });
    }),
    /** RFC 3261 §8.1.3.4: where a device redirects to, under its user's permissions. */
    follow: enqueueActions(({ context, event, enqueue }) => {
      const { leg, message } = event as Of<'leg.failed'>;
      const at = context.forks.findIndex((fork) => fork.leg === leg);
      enqueue.assign({
        forks: change(context.forks, leg, 'failed'),
        following: [...context.following, at + 1],
        redirections: context.redirections + 1,
      });
      const onBehalfOf = context.forks[at]?.aor ?? '';
      enqueue.emit({ type: 'sip.follow', to: PORT_SIP, call: context.self, route: at + 1, message, onBehalfOf });
    }),
    takeRoute: enqueueActions(({ context, event, enqueue }) => {
      const { route, callee, rings, ...offer } = event as Of<'route.found'>;
      const fork = context.forks[route - 1];
      if (fork === undefined) return;
      const diversions: readonly Diversion[] = [
        ...context.diversions,
        { by: fork.aor || context.callee, to: callee, why: 'deflected' },
      ];
      const forks = newForks(context, divertedRings(rings, diversions), '');
      for (const one of forks) enqueue.emit(one);
      if (offer.wakeable) enqueue.emit(offered(context, callee, `${context.callIdStem}-r${route}`, offer));
      enqueue.assign({ forks: [...context.forks, ...forks.map(asFork)], following: without(context.following, route) });
    }),
    noteNoRoute: assign(({ context, event }) => ({
      following: without(context.following, (event as Of<'route.failed'>).route),
      best: better(context.best, UNAVAILABLE),
      huntBest: better(context.huntBest, UNAVAILABLE),
    })),
    addFork: enqueueActions(({ context, event, enqueue }) => {
      const order = event as Of<'call.fork'>;
      const target = divertedTo(order.target, context.diversions);
      const fork = forkFact(context, context.forks.length + 1, { ...order, target }, order.by);
      enqueue.emit(fork);
      enqueue.assign({ forks: [...context.forks, asFork(fork)] });
    }),
    keepOpen: enqueueActions(({ context, event, enqueue }) => {
      const { by, forMs, progress } = event as Of<'call.keepOpen'>;
      enqueue.assign({ keepers: [...context.keepers.filter((keeper) => keeper !== by), by] });
      // A delayed event of the same id does not replace the earlier one.
      enqueue.cancel(`keeping ${by}`);
      enqueue.raise({ type: 'keeping.due', keeper: by }, { id: `keeping ${by}`, delay: forMs });
      if (progress === 0 || context.toldProgress) return;
      enqueue.assign({ toldProgress: true });
      enqueue.emit({ type: 'leg.progress', to: context.callerLeg, fork: '', status: progress, message: 0 });
    }),
    letGo: enqueueActions(({ context, enqueue }, { keeper }: { keeper: Address }) => {
      enqueue.cancel(`keeping ${keeper}`);
      enqueue.assign({ keepers: context.keepers.filter((other) => other !== keeper) });
    }),
    takeClaim: enqueueActions(({ context, event, enqueue }) => {
      const { by } = event as Of<'call.claim'>;
      enqueue.assign({ claimedBy: by });
      enqueue.emit({ type: 'claim.won', call: context.self, winner: by });
    }),
    refuseClaim: emit(({ context, event }) => {
      const { by } = event as Of<'call.claim'>;
      return { type: 'claim.lost', call: context.self, winner: context.claimedBy || context.winner, loser: by };
    }),
    ring: enqueueActions(({ context, event, enqueue }) => {
      const { leg, device, status, message } = event as Of<'leg.ringing'>;
      // A 183 or 182 before it is no ringing.
      const isFirst = status === 180 && !context.toldRinging;
      enqueue.assign({
        toldProgress: true,
        toldRinging: context.toldRinging || isFirst,
        hasRung: context.hasRung || status === 180 || status === 183,
        forks: change(context.forks, leg, 'ringing'),
      });
      enqueue.emit({ type: 'leg.progress', to: context.callerLeg, fork: leg, status, message });
      if (isFirst)
        enqueue.emit({ type: 'call.ringing', call: context.self, caller: context.caller, callee: context.callee, device });
    }),
    noteSilent: assign({ forks: ({ context, event }) => change(context.forks, (event as Of<'leg.silent'>).leg, 'silent') }),
    noteFailed: assign(({ context, event }) => {
      const { leg, status, reason, message } = event as Of<'leg.failed'>;
      return {
        forks: change(context.forks, leg, 'failed'),
        best: better(context.best, { status, reason, message }),
        huntBest: better(context.huntBest, { status, reason, message }),
      };
    }),
    noteDropped: assign({
      forks: ({ context, event }) => change(context.forks, (event as Of<'leg.failed'>).leg, 'failed'),
    }),
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
      for (const fork of context.forks)
        if (isOpen(fork) && fork.leg !== context.winner) enqueue.emit(cancel(fork.leg, reason, text));
    }),
    answer: enqueueActions(({ context, event, enqueue }) => {
      const { leg, status, message } = event as Of<'leg.answered'>;
      enqueue.assign({ winner: leg, keepers: [], outcome: 'answered', status });
      enqueue.emit({ type: 'leg.answer', to: context.callerLeg, fork: leg, status, message });
      const device = context.forks.find((fork) => fork.leg === leg)?.device ?? '';
      enqueue.emit({ type: 'call.answered', call: context.self, caller: context.caller, callee: context.callee, device });
    }),
    fail: enqueueActions(({ context, enqueue }) => {
      const { status, reason, message } = context.best ?? UNAVAILABLE;
      enqueue.assign({ keepers: [], outcome: 'failed', status });
      enqueue.emit({ type: 'leg.reject', to: context.callerLeg, status, reason, message });
      enqueue.emit({ type: 'call.failed', call: context.self, caller: context.caller, callee: context.callee, status, reason });
    }),
    /** RFC 3262 §3: a caller that gives no PRACK is rejected. */
    noteNoPrack: assign({ best: { status: 504, reason: 'No PRACK', message: 0 } }),
    /** RFC 3261 §15.1.2: what the caller ended is answered 487. */
    forsakeLast: assign({ best: { status: 487, reason: '', message: 0 } }),
    forsake: enqueueActions(({ context, event, enqueue }) => {
      const { fork } = event as Of<'leg.forsaken'>;
      enqueue.emit(cancel(fork, 'none'));
      enqueue.assign({ forks: change(context.forks, fork, 'failed') });
    }),
    noteCancelled: enqueueActions(({ context, event, enqueue }) => {
      const { reason } = event as Of<'leg.cancelled'>;
      enqueue.assign({ keepers: [], outcome: 'cancelled', status: 487 });
      enqueue.emit({ type: 'call.cancelled', call: context.self, caller: context.caller, callee: context.callee, reason });
    }),
    acknowledgeWinner: enqueueActions(({ context, event, enqueue }) => {
      const { self: call, winner, continues: from, transferredBy, caller, callee } = context;
      enqueue.emit({ type: 'leg.acknowledge', to: winner, message: (event as Of<'leg.acknowledged'>).message });
      if (from !== '') enqueue.emit({ type: 'call.transferred', call, from, transferredBy, caller, callee });
    }),
    hangUpWinner: emit(({ context, event }) => hangUp(context.winner, event)),
    hangUpCaller: emit(({ context, event }) => hangUp(context.callerLeg, event)),
    relayRequest: emit(({ context, event }) => {
      const request = event as Of<'request.received'>;
      return { type: 'sip.relayRequest', to: PORT_SIP, leg: peerOf(context, request), exchange: request.exchange };
    }),
    transfer: emit(({ context, event }) => {
      const request = event as Of<'request.received'>;
      return { type: 'sip.transfer', to: PORT_SIP, leg: peerOf(context, request), exchange: request.exchange };
    }),
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
      outcome: context.outcome,
      status: context.status,
    })),
  },
}).createMachine({
  id: 'call',
  context: ({ input }) => ({
    birth: input,
    self: input.self,
    caller: input.fact.caller,
    callerName: input.fact.callerName,
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
    keepers: [],
    claimedBy: '',
    winner: '',
    best: null,
    toldProgress: false,
    toldRinging: false,
    continues: input.fact.continues,
    transferredBy: input.fact.transferredBy,
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
  },
  states: {
    ringing: {
      initial: 'offering',
      entry: 'open',
      on: {
        'call.fork': { guard: { type: 'canFork', params: ({ event }) => event }, actions: 'addFork' },
        'call.keepOpen': { guard: { type: 'canKeep', params: ({ event }) => event }, actions: 'keepOpen' },
        'call.letGo': { actions: { type: 'letGo', params: ({ event }) => ({ keeper: event.by }) } },
        'keeping.due': { actions: { type: 'letGo', params: ({ event }) => event } },
        'call.claim': [
          { guard: { type: 'isUnclaimed', params: ({ event }) => event }, actions: 'takeClaim' },
          { actions: 'refuseClaim' },
        ],
        'call.end': { target: 'failing', actions: 'noteOrderedEnd' },
        'call.divert': { guard: 'canDivert', target: '.offering', actions: 'divert' },
        'ringing.due': { actions: 'giveUpHunt' },
        'route.found': { guard: { type: 'isFollowed', params: ({ event }) => event }, actions: 'takeRoute' },
        'route.failed': { guard: { type: 'isFollowed', params: ({ event }) => event }, actions: 'noteNoRoute' },
        'leg.ringing': [{ guard: { type: 'isDropped', params: ({ event }) => event } }, { actions: 'ring' }],
        'leg.silent': { actions: 'noteSilent' },
        'leg.failed': [
          { guard: { type: 'isDropped', params: ({ event }) => event }, actions: 'noteDropped' },
          { guard: { type: 'isRedirected', params: ({ event }) => event }, actions: 'follow' },
          { guard: { type: 'divertsBusy', params: ({ event }) => event }, actions: ['noteFailed', 'giveUpHunt'] },
          { guard: { type: 'endsSearch', params: ({ event }) => event }, target: 'failing', actions: 'noteFailed' },
          { actions: 'noteFailed' },
        ],
        'leg.answered': { target: 'talking', actions: 'answer' },
        'leg.forsaken': [
          { guard: { type: 'hasOtherForks', params: ({ event }) => event }, actions: 'forsake' },
          { target: 'failing', actions: 'forsakeLast' },
        ],
        'leg.hungUp': { guard: { type: 'isCaller', params: ({ event }) => event }, target: 'failing', actions: 'noteNoPrack' },
        'session.lapsed': {},
        'leg.cancelled': {
          target: 'releasing',
          actions: ['noteCancelled', { type: 'cancelForks', params: ({ event }) => ({ reason: 'caller', text: event.reason }) }],
        },
        'request.received': [{ guard: 'hasPeer', actions: 'relayRequest' }, { actions: 'refuseRequest' }],
        'actor.ended': [
          {
            // A caller's leg says how it ends before it does; one that ends without a word has crashed.
            guard: { type: 'isCaller', params: ({ event }) => ({ leg: event.address }) },
            target: 'releasing',
            actions: ['noteEnded', 'noteCallerLost', { type: 'cancelForks', params: { reason: 'none', text: '' } }],
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
            { guard: 'isUnanswered', target: 'unanswered' },
            { guard: 'isOver', target: '#call.failing' },
          ],
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
    talking: {
      initial: 'answered',
      entry: { type: 'cancelForks', params: { reason: 'elsewhere', text: '' } },
      on: {
        'leg.hungUp': [
          { guard: { type: 'isCaller', params: ({ event }) => event }, target: 'releasing', actions: 'hangUpWinner' },
          { guard: { type: 'isWinner', params: ({ event }) => event }, target: 'releasing', actions: 'hangUpCaller' },
        ],
        'call.end': { target: 'releasing', actions: ['hangUpWinner', 'hangUpCaller'] },
        'session.lapsed': { target: 'releasing', actions: ['hangUpWinner', 'hangUpCaller'] },
        'call.claim': { actions: 'refuseClaim' },
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
        'leg.cancelled': { target: 'releasing', actions: ['noteCancelled', 'hangUpWinner'] },
        // Forks that were cancelled as the winner answered.
        'leg.ringing': {},
        'leg.silent': {},
        'leg.failed': {},
        'leg.answered': {},
        'leg.forsaken': {},
        'keeping.due': {},
      },
      states: {
        answered: {
          description: 'The winner’s 2xx is on its way; its ACK follows the caller’s',
          on: { 'leg.acknowledged': { target: 'connected', actions: 'acknowledgeWinner' } },
        },
        connected: {},
      },
    },
    releasing: {
      description: 'The call is decided; its legs come to their ends',
      always: { guard: 'legsAreGone', target: 'ended' },
      on: {
        'actor.ended': { actions: 'noteEnded' },
        'call.claim': { actions: 'refuseClaim' },
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
  machine: callMachine,
});
