/** Looking for somebody who answers: what the call does while it rings. */
import { assign, emit, enqueueActions } from 'xstate';
import type { Diversion, Ring } from '../vocabulary/binding.ts';
import {
  declines,
  divertedRings,
  divertedTo,
  divertsBusy,
  MAX_DIVERSIONS,
  MAX_REDIRECTIONS,
  targetOf,
  whyUnanswered,
} from '../vocabulary/hunt.ts';
import { type Address, PORT_SIP } from '../vocabulary/identity.ts';
import { MAX_CALL_FORKS, MAX_KEEPERS, MAX_MEMBERS } from '../vocabulary/limits.ts';
import { better, endsSearch, UNAVAILABLE } from '../vocabulary/outcome.ts';
import {
  asFork,
  type Context,
  cancel,
  change,
  divertedStem,
  drop,
  dropMember,
  type Fork,
  forkFact,
  idleHunter,
  isDialOnOver,
  isDroppedMember,
  isOpen,
  isOver,
  memberOf,
  memberRungBy,
  newForks,
  type Of,
  offered,
  offeredBeside,
  rungNow,
  without,
} from './context.ts';
import { GONE_ELSEWHERE, isCaller, isJoin, lostJoin, NOBODY_RINGS, openJoin } from './joins.ts';
import { callSetup } from './setup.ts';

const hasRoom = (rung: readonly Fork[], maxForks: number, device: string, aor: string): boolean =>
  rung.length < maxForks && !rung.some((known) => known.device === device && known.aor === aor);

/** With the guards and actions of the hunt. */
export const huntSetup = callSetup.extend({
  guards: {
    isOver: ({ context }) => isOver(context),
    canFork: ({ context }, { device, aor }: { device: string; aor: string }) =>
      !isDroppedMember(context, aor) &&
      context.forks.length < MAX_CALL_FORKS &&
      hasRoom(rungNow(context), context.settings.maxForks, device, aor),
    canKeep: ({ context }, { by, forMs }: { by: Address; forMs: number }) =>
      forMs > 0 && (context.keepers.length < MAX_KEEPERS || context.keepers.includes(by)),
    /** A member of a group speaks for itself alone. */
    endsSearch: ({ context }, { status, leg }: { status: number; leg: Address }) =>
      endsSearch(status, context.settings.declineEndsCall) && memberRungBy(context, leg) === '',
    canRing: ({ context }, { by, callee }: { by: Address; callee: string }) =>
      (context.isAttended || context.keepers.includes(by)) &&
      context.members.length < MAX_MEMBERS &&
      !context.members.some((known) => known.callee === callee && !known.isDropped),
    declinesForMember: ({ context }, { status, leg }: { status: number; leg: Address }) =>
      declines(status) && memberRungBy(context, leg) !== '',
    isRung: ({ context }, { callee }: { callee: string }) => memberOf(context, callee) !== undefined,
    isIdle: ({ context }) => idleHunter(context) !== '' && !isDialOnOver(context),
    isUnanswered: ({ context }) => !context.toldUnanswered && isOver(context),
    divertsBusy: ({ context }, { status, leg }: { status: number; leg: Address }) =>
      endsSearch(status, context.settings.declineEndsCall) &&
      divertsBusy(status, context.forwarding) &&
      memberRungBy(context, leg) === '',
    isRedirected: ({ context }, { status, message }: { status: number; message: number }) =>
      status >= 300 && status < 400 && message !== 0 && context.redirections < MAX_REDIRECTIONS,
    isDropped: ({ context }, { leg }: { leg: Address }) =>
      context.forks.some((fork) => fork.leg === leg && fork.state === 'dropped'),
    isFollowed: ({ context }, { route }: { route: number }) => context.following.includes(route),
    canPickUp: ({ context }) => context.pickable && context.settings.picksUp === true,
    /** Who has picked it up has it: it is nobody's to be picked up any more. */
    canDivert: ({ context }, { why, callee }: { why: string; callee: string }) =>
      context.divertedBefore + context.diversions.length < MAX_DIVERSIONS &&
      (why !== 'pickedUp' || (context.pickable && !isCaller(context, callee))),
    hasOtherForks: ({ context }, { fork }: { fork: Address }) =>
      context.keepers.length > 0 || context.forks.some((other) => other.leg !== fork && isOpen(other)),
    isUnclaimed: ({ context }, { by }: { by: Address }) => context.claimedBy === '' || context.claimedBy === by,
  },
  actions: {
    open: enqueueActions(({ context, enqueue }) => {
      const { birth } = context;
      if (birth === null) return;
      const { fact } = birth;
      enqueue.assign({ birth: null, outside: fact.rings.some(({ aor }) => aor === '') });
      // Who wants all calls elsewhere is not called at all.
      if (fact.forwarding.always !== '') return;
      const current = fact.direct ? [] : birth.current;
      const awake = current.filter(({ asleep }) => !asleep);
      const bound = awake.map(({ aor, device, binding }): Ring => ({ aor, device, target: binding.target }));
      const forks = newForks(context, [...bound, ...fact.rings], '');
      for (const fork of forks) enqueue.emit(fork);
      const wakeable = fact.accountPush.provider !== '' || current.some(({ asleep }) => asleep);
      enqueue.emit(offered(context, context.callee, context.callIdStem, { wakeable, accountPush: fact.accountPush }));
      enqueue.assign({ forks: forks.map((fork) => asFork(fork)) });
      if (fact.forwarding.ringMs > 0) enqueue.raise({ type: 'ringing.due' }, { id: 'ring limit', delay: fact.forwarding.ringMs });
    }),
    /** Hunts for somebody else. */
    divert: enqueueActions(({ context, event, enqueue }) => {
      const { callee, why, rings, forwarding, ...offer } = event as Of<'call.divert'>;
      const diversions = [...context.diversions, { by: context.callee, to: callee, why }];
      const reason = why === 'pickedUp' ? 'elsewhere' : 'none';
      for (const fork of context.forks) {
        if (!isOpen(fork)) continue;
        enqueue.emit(cancel(fork.leg, reason));
        if (isJoin(fork)) enqueue.emit(lostJoin(context.self, fork, GONE_ELSEWHERE));
      }
      for (const keeper of context.keepers) enqueue.cancel(`keeping ${keeper}`);
      enqueue.cancel('ring limit');
      enqueue.emit({ type: 'call.diverted', call: context.self, caller: context.caller, from: context.callee, callee, why });
      for (const other of offeredBeside(context)) enqueue.emit({ type: 'callee.dropped', call: context.self, callee: other });
      // RFC 3261 §21.1.3.
      if (!context.isAttended) enqueue.emit({ type: 'leg.progress', to: context.callerLeg, fork: '', status: 181, message: 0 });
      const hunt: Context = {
        ...context,
        callee,
        diversions,
        forwarding,
        pickable: context.pickable && why !== 'pickedUp',
        forks: drop(context.forks),
        hunted: context.forks.length,
      };
      const forks = forwarding.always === '' ? newForks(hunt, divertedRings(rings, diversions), '') : [];
      for (const fork of forks) enqueue.emit(fork);
      if (forwarding.always === '') enqueue.emit(offered(hunt, callee, divertedStem(hunt), offer));
      enqueue.assign({
        callee,
        diversions,
        forwarding,
        pickable: hunt.pickable,
        forks: [...hunt.forks, ...forks.map((fork) => asFork(fork))],
        hunted: hunt.hunted,
        outside: rings.some(({ aor }) => aor === ''),
        members: [],
        hasRung: false,
        huntBest: null,
        following: [],
        followed: [],
        keepers: [],
        toldUnanswered: false,
        toldProgress: true,
        toldRinging: false,
      });
      if (forwarding.ringMs > 0) enqueue.raise({ type: 'ringing.due' }, { id: 'ring limit', delay: forwarding.ringMs });
    }),
    /** One more callee, for whom the call is not: it is no diversion (RFC 5806 §3). */
    ringCallee: enqueueActions(({ context, event, enqueue }) => {
      const { callee, rings, by: hunter, label, ...offer } = event as Of<'call.ring'>;
      const rung = context.rung + 1;
      const known = context.members.filter((other) => other.callee !== callee);
      const labelled = label === '' ? rings : rings.map((ring) => ({ ...ring, target: { ...ring.target, label } }));
      const forks = newForks(context, divertedRings(labelled, context.diversions), hunter);
      for (const fork of forks) enqueue.emit(fork);
      enqueue.emit(offered(context, callee, `${context.callIdStem}-g${rung}`, { ...offer, label }));
      enqueue.assign({
        forks: [...context.forks, ...forks.map((fork) => asFork(fork, callee))],
        members: [...known, { callee, hunter, label, isDropped: false }],
        rung,
        toldIdle: false,
      });
    }),
    dropCallee: enqueueActions(({ context, event, enqueue }) => {
      const { orders, change } = dropMember(context, (event as Of<'call.drop'>).callee);
      for (const order of orders) enqueue.emit(order);
      enqueue.assign(change);
    }),
    /** What one device of a member says, its person says: the others need not ring on. */
    dropDecliner: enqueueActions(({ context, event, enqueue }) => {
      const { orders, change } = dropMember(context, memberRungBy(context, (event as Of<'leg.failed'>).leg));
      for (const order of orders) enqueue.emit(order);
      enqueue.assign(change);
    }),
    tellIdle: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ toldIdle: true });
      const hunter = idleHunter(context);
      const callee = context.members.findLast((member) => member.hunter === hunter)?.callee ?? '';
      enqueue.emit({ type: 'hunt.idle', call: context.self, hunter, callee });
    }),
    tellUnanswered: enqueueActions(({ context, enqueue }) => {
      const { self: call, caller, callee, forwarding, huntBest, divertedBefore: diverted } = context;
      const why = forwarding.always === '' ? whyUnanswered(huntBest, context.hasRung) : 'always';
      const status = huntBest?.status ?? UNAVAILABLE.status;
      enqueue.assign({ toldUnanswered: true });
      enqueue.emit({ type: 'call.unanswered', call, caller, callee, why, status, target: targetOf(forwarding, why), diverted });
    }),
    /** The callee's devices have rung for as long as the callee wants; a party that is being joined is none of them. */
    giveUpHunt: enqueueActions(({ context, enqueue }) => {
      const isMeant = (fork: Fork): boolean => !isJoin(fork);
      for (const fork of context.forks) if (isOpen(fork) && isMeant(fork)) enqueue.emit(cancel(fork.leg, 'none'));
      for (const keeper of context.keepers) enqueue.cancel(`keeping ${keeper}`);
      enqueue.assign({ forks: drop(context.forks, isMeant), keepers: [] });
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
      const isNew = offer.wakeable && callee !== context.callee && !offeredBeside(context).includes(callee);
      enqueue.assign({
        followed: isNew ? [...context.followed, callee] : context.followed,
        forks: [...context.forks, ...forks.map((one) => asFork(one, fork.member))],
        following: without(context.following, route),
      });
    }),
    noteNoRoute: assign(({ context, event }) => ({
      following: without(context.following, (event as Of<'route.failed'>).route),
      best: better(context.best, UNAVAILABLE),
      huntBest: better(context.huntBest, UNAVAILABLE),
    })),
    addFork: enqueueActions(({ context, event, enqueue }) => {
      const order = event as Of<'call.fork'>;
      const member = memberOf(context, order.aor);
      const diverted = divertedTo(order.target, context.diversions);
      const target = member === undefined || member.label === '' ? diverted : { ...diverted, label: member.label };
      const fork = forkFact(context, context.forks.length + 1, { ...order, target }, order.by);
      enqueue.emit(fork);
      enqueue.assign({ forks: [...context.forks, asFork(fork, member?.callee)] });
    }),
    keepOpen: enqueueActions(({ context, event, enqueue }) => {
      const { by, forMs, progress } = event as Of<'call.keepOpen'>;
      enqueue.assign({ keepers: [...context.keepers.filter((keeper) => keeper !== by), by] });
      // A delayed event of the same id does not replace the earlier one.
      enqueue.cancel(`keeping ${by}`);
      enqueue.raise({ type: 'keeping.due', keeper: by }, { id: `keeping ${by}`, delay: forMs });
      if (progress === 0 || context.toldProgress || context.isAttended) return;
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
    /** The case that takes it up rings the picker's phones beside the others. */
    askPickUp: emit(({ context, event }) => ({
      type: 'pickup.asked',
      call: '',
      leg: '',
      picker: (event as Of<'call.pickUp'>).picker,
      callees: [context.callee],
      target: context.self,
      form: 'order',
      mode: 'callback',
    })),
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
      if (!context.isAttended) enqueue.emit({ type: 'leg.progress', to: context.callerLeg, fork: leg, status, message });
      if (isFirst)
        enqueue.emit({ type: 'call.ringing', call: context.self, caller: context.caller, callee: context.callee, device });
    }),
    noteSilent: assign({ forks: ({ context, event }) => change(context.forks, (event as Of<'leg.silent'>).leg, 'silent') }),
    noteFailed: assign(({ context, event }) => {
      const { leg, status, reason, message } = event as Of<'leg.failed'>;
      // That one of a group declines, or is busy, says nothing of the group.
      const outcome = memberRungBy(context, leg) === '' ? { status, reason, message } : UNAVAILABLE;
      return {
        forks: change(context.forks, leg, 'failed'),
        best: better(context.best, outcome),
        huntBest: better(context.huntBest, outcome),
      };
    }),
    noteDropped: assign({
      forks: ({ context, event }) => change(context.forks, (event as Of<'leg.failed'>).leg, 'failed'),
    }),
    forsake: enqueueActions(({ context, event, enqueue }) => {
      const { fork } = event as Of<'leg.forsaken'>;
      enqueue.emit(cancel(fork, 'none'));
      const join = openJoin(context, fork);
      if (join !== undefined) enqueue.emit(lostJoin(context.self, join, NOBODY_RINGS));
      enqueue.assign({ forks: change(context.forks, fork, 'failed') });
    }),
    /** RFC 3261 §15.1.2: what the caller ended is answered 487. */
    forsakeLast: assign({ best: { status: 487, reason: '', message: 0 } }),
    /** RFC 3262 §3: a caller that gives no PRACK is rejected. */
    noteNoPrack: assign({ best: { status: 504, reason: 'No PRACK', message: 0 } }),
  },
});
