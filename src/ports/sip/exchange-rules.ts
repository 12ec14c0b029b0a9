/** Which requests inside a dialog are passed on, and to which one. */
import { type Dialog, glare } from '../../sip/dialog.ts';
import { integerHeader } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import { unsupportedOptions } from './admission.ts';
import type { SipContext } from './context.ts';
import type { Exchange, LegSide } from './leg-side.ts';
import { earlyKey } from './leg-table.ts';
import { CARRIED_OPTIONS } from './methods.ts';
import { type Refusal, refusal } from './refusal.ts';
import { isDescribing } from './reliable.ts';
import { flawOfInterval, isRefresh } from './session-interval.ts';

/** Requests of one party that may wait at a time. */
const MAX_WAITING = 16;

/** Whether its party may refer the other so. */
export type WhyNotReferred = (side: LegSide, refer: SipRequest) => Refusal | undefined;

/** An INVITE counts as an offer even without SDP: its 2xx will hold one (RFC 3261 §14.2). */
export const carriesOffer = (request: SipRequest): boolean =>
  request.method === 'INVITE' || (request.method === 'UPDATE' && isDescribing(request));

/** Why a request inside this dialog cannot be passed on now; `undefined`: it can. */
export function whyRefused(
  context: SipContext,
  whyNotReferred: WhyNotReferred,
  side: LegSide,
  dialog: Dialog,
  request: SipRequest,
): Refusal | undefined {
  if (integerHeader(request, 'max-forwards') === 0) return refusal(483, '');
  if (side.exchanges.length >= MAX_WAITING) return refusal(500, 'Too Many Requests Waiting', { 'retry-after': '1' });
  if (request.method === 'REFER') {
    if (side.dialog !== dialog) return refusal(403, 'No Transfer Before The Answer');
    const refused = whyNotReferred(side, request);
    if (refused !== undefined) return refused;
  }
  const interval = isRefresh(request) ? flawOfInterval(context.settings, request) : undefined;
  return (
    interval ??
    unsupportedOptions(request, CARRIED_OPTIONS) ??
    tooEarly(context, side, dialog, request) ??
    clashWith(context, dialog, request)
  );
}

/** RFC 3261 §14.1, §14.2: no re-INVITE before the first one has its final answer, and its ACK. */
function tooEarly(context: SipContext, side: LegSide, dialog: Dialog, { method }: SipRequest): Refusal | undefined {
  if (method !== 'INVITE') return undefined;
  if (side.dialog !== dialog && side.isCaller) return refusal(500, '', { 'retry-after': retryAfter(context) });
  const isAcknowledged = side.isCaller ? side.server === undefined : side.ack !== undefined;
  return side.dialog === dialog && isAcknowledged ? undefined : refusal(491, '');
}

/** RFC 3261 §14.2: a random value of 0 to 10 s. */
const retryAfter = (context: SipContext): string => String(Math.floor(context.random.fraction() * 11));

function clashWith(context: SipContext, dialog: Dialog, request: SipRequest): Refusal | undefined {
  const clash = carriesOffer(request) ? glare(dialog, context.random.fraction()) : undefined;
  if (clash === undefined) return undefined;
  const { status, retryAfterSeconds } = clash;
  return refusal(status, '', retryAfterSeconds === undefined ? undefined : { 'retry-after': String(retryAfterSeconds) });
}

/** The dialog on the other side: the confirmed one, else the early one that stands for the same fork. */
export function dialogToward(exchange: Exchange, to: LegSide): Dialog | undefined {
  if (to.dialog !== undefined) return to.dialog;
  if (to.isCaller) return to.early.get(earlyKey(exchange.from.address, exchange.fromDialog.remoteTag)) ?? to.early.get('');
  return to.early.get(exchange.tag) ?? to.early.values().next().value;
}
