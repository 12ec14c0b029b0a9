/**
 * How a dialog goes on in another call (transfer, Replaces): a leg of the new call is made as the *heir* of the leg that
 * has the dialog now. Until the join succeeds nothing of the old call changes; then the dialog is handed over, the old
 * leg's actor hears `dialog.moved` and ends without BYE, and its call releases the other party. An old leg that would
 * have said BYE hands over instead.
 */
import { legAddress } from '../../../machines/vocabulary/identity.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';
import { enter } from './outside.ts';
import { unwatch } from './session.ts';

/** Whoever has the leg's dialog now. */
export function heirOf(side: LegSide): LegSide {
  let owner = side;
  while (owner.isMoved && owner.heir !== undefined) owner = owner.heir;
  return owner;
}

/** Makes `heir` the one who gets the dialog of `side` if the join succeeds. */
export function bequeath(side: LegSide, heir: LegSide): void {
  side.heir = heir;
  heir.inheritsFrom = side;
}

/** The join failed, or the heir is gone: the dialog stays where it is. */
export function disinherit(heir: LegSide): void {
  const side = heir.inheritsFrom;
  if (side === undefined) return;
  heir.inheritsFrom = undefined;
  if (!side.isMoved) side.heir = undefined;
}

/** RFC 3326: why whoever talked with that party is hung up. */
const GOES_ON = 'SIP;cause=200;text="Call completed elsewhere"';

/** The dialog goes on in the heir. */
export function handOver(context: SipContext, side: LegSide): void {
  const { legs, engine } = context;
  const { heir, dialog } = side;
  // A party that hung up talks on nowhere.
  if (heir === undefined || dialog === undefined || side.isReleased) return;
  const left = partnerOf(context, side);
  if (left !== undefined) left.lastWord = GOES_ON;
  side.isMoved = true;
  side.isReleased = true;
  heir.inheritsFrom = undefined;
  heir.dialog = dialog;
  heir.flow = side.flow;
  unwatch(context, side);
  enter(heir, side.trunk);
  legs.name(dialog.localTag, { side: heir, fork: heir.isCaller ? '' : heir.address, tag: '' });
  engine.post({ type: 'dialog.moved', leg: side.address });
}

/** The leg of the other party of a call that is confirmed on both sides. */
export function partnerOf({ legs }: SipContext, side: LegSide): LegSide | undefined {
  const caller = side.isCaller ? side : legs.at(legAddress(side.call, 0));
  if (caller === undefined) return undefined;
  const partner = side.isCaller ? legs.at(side.winner) : caller.winner === side.address ? caller : undefined;
  return partner;
}

/** Whether the leg's dialog can be taken over: confirmed, acknowledged, still open, and promised to nobody. */
export const isFree = (side: LegSide): boolean =>
  side.dialog !== undefined &&
  !side.isReleased &&
  side.heir === undefined &&
  side.inheritsFrom === undefined &&
  (side.isCaller ? side.server === undefined : side.ack !== undefined);
