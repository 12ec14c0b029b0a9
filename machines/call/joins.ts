/** Forks that ring nobody, but connect the party of another call's leg (`call.join`). */
import type { Raw } from '../vocabulary/descriptor.ts';
import type { joinLost } from '../vocabulary/facts.ts';
import type { Address } from '../vocabulary/identity.ts';
import { MAX_CALL_FORKS, MAX_JOINS, MAX_OPEN_JOINS } from '../vocabulary/limits.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { type Context, type Fork, isOpen } from './context.ts';

/** Why a party was not joined, without a message of somebody else's. */
type Why = Pick<Outcome, 'status' | 'reason'>;

export const isJoin = ({ joinedBy }: Fork): boolean => joinedBy !== '';
/** What the party of the other leg hears when this call is decided without it. */
export const ANSWERED_BY_ANOTHER: Why = { status: 486, reason: 'Answered By Another' };
export const CALLER_HUNG_UP: Why = { status: 487, reason: 'Caller Has Hung Up' };
export const NOBODY_RINGS: Why = { status: 480, reason: 'Nobody Rings Any More' };
export const GONE_ELSEWHERE: Why = { status: 480, reason: 'Call Has Gone Elsewhere' };

export const TOO_MANY: Why = { status: 480, reason: 'Too Many Pick It Up' };

const OWN_CALL: Why = { status: 403, reason: 'Your Own Call' };

/** Nobody talks to oneself; who is not shown (RFC 3323) is known to the call alone. */
export const isCaller = ({ caller }: Context, aor: string): boolean => aor !== '' && aor === caller;

/** What a party is told that comes when the call is decided, or when there is no room for it. */
export function whyNotJoined(context: Context, aor: string): Why {
  const { outcome, winner, status } = context;
  // As long as it rings it has no status.
  if (status === 0) return isCaller(context, aor) ? OWN_CALL : TOO_MANY;
  if (outcome === 'cancelled') return CALLER_HUNG_UP;
  return winner === '' ? NOBODY_RINGS : ANSWERED_BY_ANOTHER;
}

/** Whether there is room for one more, and that leg is not being joined yet. */
export function hasRoomToJoin({ forks }: Context, leg: Address): boolean {
  const joins = forks.filter(isJoin);
  const open = joins.filter(isOpen);
  const isNew = !open.some(({ device }) => device === leg);
  return isNew && open.length < MAX_OPEN_JOINS && joins.length < MAX_JOINS && forks.length < MAX_CALL_FORKS;
}

/** The fork of that leg, if it joins somebody and is not decided. */
export const openJoin = ({ forks }: Context, leg: Address): Fork | undefined =>
  forks.find((fork) => fork.leg === leg && isJoin(fork) && isOpen(fork));

/** Tells the case that its party was not joined. */
export const lostJoin = (call: Address, { joinedBy }: Pick<Fork, 'joinedBy'>, { status, reason }: Why): Raw<typeof joinLost> => ({
  type: 'join.lost',
  case: joinedBy,
  call,
  status,
  reason,
});
