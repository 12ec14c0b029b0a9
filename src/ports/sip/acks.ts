/** Where the ACK to a 2xx goes, the first time and for each repetition (RFC 3261 §13.2.2.4). */
import type { Dialog } from '../../sip/dialog.ts';
import type { SipRequest } from '../../sip/message.ts';
import type { Flow } from '../../transport/transport.ts';
import { sendAck } from './attempt.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';
import { isSipsLeg, wayIn } from './routing.ts';
import { heirOf } from './takeover.ts';

/** Sends it to whoever has the dialog of that leg now; who could not be told that the talk is over is told behind it. */
export function acknowledgeIn(context: SipContext, side: LegSide, dialog: Dialog, ack: SipRequest): void {
  const owner = heirOf(side);
  sendAck(context, wayIn(context, owner, dialog), ack);
  const { byeAgain } = owner;
  owner.byeAgain = undefined;
  byeAgain?.();
}

/**
 * The party of a leg has answered on this flow. That is another connection than the one of our request only where that one
 * is gone for it (RFC 3261 §18.2.2), so that what it is owed goes there from now on.
 */
export function heardOn(side: LegSide, flow: Flow): void {
  const owner = heirOf(side);
  if (flow.reliable && (flow.secure || !isSipsLeg(owner))) owner.flow = flow;
}
