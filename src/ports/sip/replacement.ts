/** Which leg of ours a Replaces header names, and whether it may be replaced (RFC 3891 §3). */
import type { Dialog } from '../../sip/dialog.ts';
import type { Replaces } from '../../sip/replaces.ts';
import type { LegSide } from './leg-side.ts';
import type { LegTable, Place } from './leg-table.ts';

/** The dialog that is named, from the point of view of its party; `early` while it has no answer. */
export interface Named {
  readonly side: LegSide;
  readonly state: 'early' | 'confirmed' | 'ended';
}

const isNamed = (dialog: Dialog | undefined, { callId, fromTag }: Replaces): boolean =>
  dialog !== undefined && dialog.callId === callId && dialog.remoteTag === fromTag;

/** Our tags are unguessable and each is one dialog's, so that never more than one matches. */
export function namedBy(legs: LegTable, replaces: Replaces): Named | undefined {
  const place = legs.byLocalTag(replaces.toTag);
  if (place === undefined) return undefined;
  const { side } = place;
  if (isNamed(side.dialog, replaces)) return { side, state: side.isReleased ? 'ended' : 'confirmed' };
  return [...earlyOf(place)].some((dialog) => isNamed(dialog, replaces)) ? { side, state: 'early' } : undefined;
}

const earlyOf = ({ side }: Place): Iterable<Dialog> => side.early.values();

/** Whether who has this identity at this address is the party of that leg. */
export const isParty = (side: LegSide, user: string, host: string): boolean =>
  user === '' ? side.user === '' && side.flow.remote.host === host : side.user === user;
