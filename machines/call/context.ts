/** What a call keeps of itself, and what is read of it. */
import type { Birth } from '../scenario.ts';
import type { Diversion, Forwarding, PushTarget, Ring } from '../vocabulary/binding.ts';
import type { CallCommand, CancelReason, LegCommand, Taken } from '../vocabulary/commands.ts';
import type { FactOf, Raw } from '../vocabulary/descriptor.ts';
import type {
  actorEnded,
  bindingAdded,
  bindingRefreshed,
  bindingSlept,
  callAnswered,
  callCancelled,
  callDiverted,
  callEnded,
  calleeDropped,
  calleeMissed,
  callerAnswered,
  callFailed,
  callOffered,
  callRinging,
  callTransferred,
  callUnanswered,
  claimLost,
  claimWon,
  commandRefused,
  exchangeAcknowledged,
  forkStarted,
  huntIdle,
  inviteReceived,
  joinLost,
  joinUndone,
  joinWon,
  legAcknowledged,
  legAnswered,
  legCancelled,
  legFailed,
  legForsaken,
  legHungUp,
  legRinging,
  legSilent,
  pickupAsked,
  requestReceived,
  responseReceived,
  routeFailed,
  routeFound,
  sessionLapsed,
} from '../vocabulary/facts.ts';
import { type Address, legAddress } from '../vocabulary/identity.ts';
import { MAX_CALL_FORKS } from '../vocabulary/limits.ts';
import type { Outcome } from '../vocabulary/outcome.ts';

/** What a call is told of the configuration. */
export interface CallSettings {
  readonly maxForks: number;
  readonly declineEndsCall: boolean;
  /** Whether a REFER is carried out here or passed on. */
  readonly transfer: 'local' | 'relay';
  /** Calls may be picked up (`call.pickUp`). */
  readonly picksUp?: boolean;
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
  | typeof commandRefused
  | typeof requestReceived
  | typeof responseReceived
  | typeof exchangeAcknowledged
  | typeof routeFound
  | typeof routeFailed
>;
/** What a call is born with. */
export type Input = Birth<Born, Bound, CallSettings>;
type RingingDue = { readonly type: 'ringing.due' };
type KeepingDue = { readonly type: 'keeping.due'; readonly keeper: Address };

/** One try towards one device. */
export interface Fork {
  readonly leg: Address;
  readonly device: string;
  readonly aor: string;
  /** Whom of those that a scenario rings it is for; empty: the callee. */
  readonly member: string;
  /** The case that has another call's leg joined; empty: a device is rung. */
  readonly joinedBy: Address;
  /** `dropped`: given up for another hunt, which its answer does not concern. */
  readonly state: 'calling' | 'silent' | 'ringing' | 'dropped' | 'failed' | 'ended';
}

/** A callee whom a scenario has rung (`call.ring`). */
export interface Member {
  readonly callee: string;
  readonly hunter: Address;
  readonly label: string;
  readonly isDropped: boolean;
}

/** What a call keeps. */
export interface Context {
  /** What it was born with, until the first forks are rung. */
  readonly birth: Input | null;
  readonly self: Address;
  /** What rings is no device of a user of ours, but a number outside. */
  readonly outside: boolean;
  /** Whom scenarios have rung, oldest first, and how often any of them. */
  readonly members: readonly Member[];
  readonly rung: number;
  readonly toldIdle: boolean;
  readonly anonymous: boolean;
  /** Empty: nobody, since it is placed. */
  readonly caller: string;
  /** Who calls as its devices see it. */
  readonly shown: string;
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
  /** Whom they led to and who was offered the call beside the callee of now; as few as redirections. */
  readonly followed: readonly string[];
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
  readonly code: string;
  readonly argument: string;
  readonly placedBy: Address;
  /** How long the caller may wait for somebody, whom the service has answered itself. */
  readonly attendedMs: number;
  /** The service has answered the caller with media, and nobody else talks to it yet. */
  readonly isAttended: boolean;
  /** Who has others rung for such a caller, and how often that was begun. */
  readonly dialler: Address;
  readonly dialOns: number;
  /** What a hunt for others changes, as it was when the service answered. */
  readonly home: Pick<Context, 'callee' | 'forwarding' | 'diversions' | 'pickable' | 'outside'> | null;
  readonly pickable: boolean;
  readonly outcome: 'answered' | 'failed' | 'cancelled';
  readonly status: number;
}

/** What a call tells. */
export type Told = Raw<
  | typeof callOffered
  | typeof callRinging
  | typeof callAnswered
  | typeof callFailed
  | typeof callCancelled
  | typeof calleeMissed
  | typeof huntIdle
  | typeof calleeDropped
  | typeof callEnded
  | typeof callTransferred
  | typeof callUnanswered
  | typeof callDiverted
  | typeof claimWon
  | typeof claimLost
  | typeof forkStarted
  | typeof callerAnswered
  | typeof joinWon
  | typeof joinLost
  | typeof joinUndone
  | typeof pickupAsked
>;

/** What a call hears and is told to do. */
export type Event = Heard | Taken<CallCommand> | KeepingDue | RingingDue;
/** An event by its name. */
export type Of<T extends Event['type']> = Extract<Event, { type: T }>;

const OVER: ReadonlySet<Fork['state']> = new Set(['failed', 'ended', 'dropped']);
/** Its device may still answer. */
export const isOpen = (fork: Fork): boolean => !OVER.has(fork.state);
/** Silent forks go on, but nobody waits for them. */
const isPromising = (fork: Fork): boolean => isOpen(fork) && fork.state !== 'silent';
/** Nobody rings, nobody keeps it open, and no redirection is looked into. */
export const isOver = ({ keepers, forks, following }: Context): boolean =>
  keepers.length === 0 && following.length === 0 && !forks.some(isPromising);
/** The forks, with one of them in another state. */
export const change = (forks: readonly Fork[], leg: Address, state: Fork['state']): readonly Fork[] =>
  forks.map((fork) => (fork.leg === leg ? { ...fork, state } : fork));
/** The routes that are still looked into. */
export const without = (routes: readonly number[], route: number): readonly number[] => routes.filter((other) => other !== route);
/** Who has rung others, is the last to do so, and alone keeps the call open, while nobody rings; empty: there is none. */
export function idleHunter({ keepers, members, following, forks, toldIdle }: Context): Address {
  if (members.length === 0 || toldIdle || following.length > 0 || forks.some(isPromising)) return '';
  const isHunter = (keeper: Address): boolean => members.some(({ hunter }) => hunter === keeper);
  return keepers.every(isHunter) ? (keepers.at(-1) ?? '') : '';
}
/** Of those that were rung for an attended caller nobody is left, and but for who had them rung nobody keeps it ringing. */
export const isDialOnOver = (context: Context): boolean =>
  context.isAttended && (isOver(context) || (context.dialler !== '' && idleHunter(context) === context.dialler));
/** Whom a fork of these devices is for: a member of a group, or the callee. */
export const memberOf = ({ members }: Context, aor: string): Member | undefined =>
  members.length === 0 ? undefined : members.find(({ callee, isDropped }) => callee === aor && !isDropped);
/** Who was offered the call beside the callee of now, and is called no more once that is over: nothing else names them. */
export const offeredBeside = ({ members, followed }: Context): readonly string[] =>
  members.length === 0 ? followed : [...members.filter(({ isDropped }) => !isDropped).map(({ callee }) => callee), ...followed];
/** Whether a scenario has given that callee up. */
export const isDroppedMember = ({ members }: Context, aor: string): boolean =>
  members.length > 0 && members.some(({ callee, isDropped }) => callee === aor && isDropped);
const ANONYMOUS = { shown: 'sip:anonymous@anonymous.invalid', callerName: 'Anonymous' };
/** Who calls as others may see it: who asked not to be shown is not (RFC 3323 §4.2). */
export const shownOf = ({ anonymous, caller, callerName }: Pick<Born, 'anonymous' | 'caller' | 'callerName'>) =>
  anonymous ? ANONYMOUS : { shown: caller, callerName };
/** Gives up whatever is open, for another hunt. */
export const drop = (forks: readonly Fork[], isMeant = (_: Fork) => true): readonly Fork[] =>
  forks.map((fork) => (isOpen(fork) && isMeant(fork) ? { ...fork, state: 'dropped' } : fork));
/** Whom of a group that fork rings; empty: the callee itself. */
export const memberRungBy = ({ forks, members }: Context, leg: Address): string =>
  members.length === 0 ? '' : (forks.find((fork) => fork.leg === leg)?.member ?? '');

/** Gives up a callee whom a scenario has rung. */
export function dropMember(context: Context, callee: string) {
  const isMeant = ({ member }: Fork): boolean => member === callee;
  const ringing = context.forks.filter((fork) => isMeant(fork) && isOpen(fork));
  const forks = drop(context.forks, isMeant);
  const told: Raw<typeof calleeDropped> = { type: 'callee.dropped', call: context.self, callee };
  return {
    orders: [...ringing.map(({ leg }) => cancel(leg, 'none')), told],
    change: {
      forks,
      // What is over takes no room from those who are rung next.
      hunted: forks.some(isOpen) ? context.hunted : forks.length,
      members: context.members.map((known) => (known.callee === callee ? { ...known, isDropped: true } : known)),
    },
  };
}

/** The devices that are rung in the hunt of now, whether or not they still ring. */
export const rungNow = ({ forks, hunted }: Pick<Context, 'forks' | 'hunted'>): readonly Fork[] =>
  forks.filter(({ joinedBy }, index) => index >= hunted && joinedBy === '');

/** The forks that ring these, as far as there is room for them, and none of a device that rings in this hunt. */
export function newForks(context: Context, rings: readonly Ring[], by: string): Raw<typeof forkStarted>[] {
  const hunting = rungNow(context);
  const room = Math.min(context.settings.maxForks - hunting.length, MAX_CALL_FORKS - context.forks.length);
  return rings
    .filter(({ device, aor }) => !hunting.some((known) => known.device === device && known.aor === aor))
    .slice(0, Math.max(room, 0))
    .map((ring, index) => forkFact(context, context.forks.length + index + 1, { ...ring, callId: '' }, by));
}

/** A fork as it begins. */
export const asFork = ({ leg, device, aor }: Raw<typeof forkStarted>, member = ''): Fork => ({
  leg,
  device,
  aor,
  member,
  joinedBy: '',
  state: 'calling',
});

interface Offer {
  readonly wakeable: boolean;
  readonly accountPush: PushTarget;
  /** Stands before the caller's name. */
  readonly label?: string;
}
/** Each callee of a call is offered under a stem of its own, so that pushes of one are not those of another. */
export const offered = (
  context: Context,
  callee: string,
  stem: string,
  { wakeable, accountPush, label = '' }: Offer,
): Raw<typeof callOffered> => ({
  type: 'call.offered',
  call: context.self,
  caller: context.shown,
  callerName: label === '' || context.callerName === '' ? label || context.callerName : `${label}: ${context.callerName}`,
  callee,
  callIdStem: stem,
  wakeable,
  accountPush,
  code: context.code,
  argument: context.argument,
  placedBy: context.placedBy,
  pickable: context.pickable,
});

/** The stem under which the callee of now is offered; a caller whom the service attends may come by here again. */
export const divertedStem = ({ callIdStem, diversions, dialOns }: Context): string =>
  `${callIdStem}-d${diversions.length}${dialOns === 0 ? '' : `.${dialOns}`}`;

/** The beginning of the call's n-th leg, which is a fork. */
export function forkFact(
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
export function peerOf(context: Context, event: Of<'request.received'>): Address {
  if (event.leg === context.callerLeg) return event.fork || context.winner;
  return context.winner === '' || event.leg === context.winner ? context.callerLeg : '';
}

/** Ends a fork before its answer. */
export const cancel = (leg: Address, reason: CancelReason, text = ''): LegCommand => ({
  type: 'leg.cancel',
  to: leg,
  reason,
  text,
});

/** Ends a leg, for the reason that ended the other. */
export const hangUp = (leg: Address, event: Event): LegCommand => ({
  type: 'leg.hangUp',
  to: leg,
  message: event.type === 'leg.hungUp' ? event.message : 0,
  lapse: event.type === 'session.lapsed' ? event.why : '',
});
