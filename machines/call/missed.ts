/** Who has missed a call that nobody took. */
import type { Raw } from '../vocabulary/descriptor.ts';
import type { calleeMissed } from '../vocabulary/facts.ts';
import { whyUnanswered } from '../vocabulary/hunt.ts';
import { type Context, isOpen } from './context.ts';

/** RFC 3326: the caller's proxy says that another phone of the callee's has answered. */
export const isElsewhere = (reason: string): boolean => /\bcause\s*=\s*200\b/.test(reason);

/**
 * Whose call it was, and why that one did not take it; undefined where it was no call to a user of ours. Who wants all
 * calls elsewhere has missed none: whom they go to has.
 */
export function missedBy(context: Context, how: 'failed' | 'cancelled', status: number): Raw<typeof calleeMissed> | undefined {
  const { self: call, caller, callerName, anonymous, placedBy, code } = context;
  const diverted = context.diversions.find(({ why }) => why !== 'always');
  // A party that is taken over (Replaces) was not called, nor is who rings because a scenario said so.
  const isCall = placedBy === '' && code === '' && (context.continues === '' || context.transferredBy !== '');
  if (!isCall || context.winner !== '' || (diverted === undefined && context.outside)) return undefined;
  const callee = diverted?.by ?? context.callee;
  const why = diverted?.why ?? whyMissed(context, how);
  return { type: 'callee.missed', call, caller, callerName, anonymous, callee, why, status };
}

function whyMissed({ hasRung, forks, huntBest }: Context, how: 'failed' | 'cancelled'): Raw<typeof calleeMissed>['why'] {
  if (how === 'cancelled' && (hasRung || forks.some(isOpen))) return 'gaveUp';
  return whyUnanswered(huntBest, hasRung) || 'unreachable';
}
