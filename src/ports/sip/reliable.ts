/** Reliable provisional answers to a party's INVITE: each is repeated until its PRACK comes, one at a time (RFC 3262 §3). */
import { SIXTY_FOUR_T1_MS, T1_MS } from '../../../machines/vocabulary/time.ts';
import { type Dialog, takeDescription } from '../../sip/dialog.ts';
import { header, tokens } from '../../sip/headers.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import { formatRack, RELIABLE, rackOf } from '../../sip/reliable.ts';
import { hasOffer } from '../../sip/sdp.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';
import type { SipContext } from './context.ts';
import type { Answering, LegSide, Reliable } from './leg-side.ts';

/** Answers of one leg that may wait for their PRACK, or for their turn; what comes beyond is dropped, and repeated by its sender. */
const MAX_RELIABLE = 32;

const describes = ({ body, headers }: SipResponse): boolean => hasOffer(body, headers.get('content-type')?.[0]);
const isBeside = (one: Answering, other: Answering): boolean => one.dialog === other.dialog && one.server === other.server;

/** Sends an answer reliably, once the one before it in its dialog has its PRACK. */
export function sendReliably(context: SipContext, side: LegSide, answering: Answering): void {
  const { response } = answering;
  side.reliable ??= [];
  if (side.reliable.length >= MAX_RELIABLE) return;
  const isNext = !side.reliable.some((other) => isBeside(other, answering));
  const open = { rseq: 0, sent: response, isOrphan: false, timer: undefined, intervalMs: T1_MS, endsMs: 0 };
  const reliable: Reliable = { ...answering, ...open, describes: describes(response) };
  side.reliable.push(reliable);
  if (isNext) transmit(context, reliable);
}

/** RFC 3262 §3: the first RSeq is any number up to 2**31 - 1, each further one is higher by one. */
function transmit(context: SipContext, reliable: Reliable): void {
  const { dialog, response, server } = reliable;
  dialog.rseq = dialog.rseq === 0 ? 1 + Math.floor(context.random.fraction() * (2 ** 31 - 1)) : dialog.rseq + 1;
  reliable.rseq = dialog.rseq;
  const headers = new Map(response.headers).set('rseq', [String(dialog.rseq)]);
  headers.set('require', [[...tokens(headers.get('require')).filter((option) => option !== RELIABLE), RELIABLE].join(', ')]);
  reliable.sent = { ...response, headers };
  if (reliable.describes) takeDescription(dialog, 'ours');
  reliable.endsMs = context.timers.now() + SIXTY_FOUR_T1_MS;
  server.respond(reliable.sent);
  arm(context, reliable);
}

/** RFC 3262 §3: over every transport, at intervals that double from T1 on without a cap. */
function arm(context: SipContext, reliable: Reliable): void {
  const leftMs = reliable.endsMs - context.timers.now();
  reliable.timer = context.timers.set(Math.min(reliable.intervalMs, leftMs), () => {
    reliable.timer = undefined;
    if (context.timers.now() >= reliable.endsMs) reliable.missed();
    else {
      reliable.server.respond(reliable.sent);
      reliable.intervalMs *= 2;
      arm(context, reliable);
    }
  });
}

/** Takes the PRACK of a party; `undefined` if no answer waits for it (RFC 3262 §3). The next one in line goes out. */
export function acknowledgedBy(context: SipContext, side: LegSide, dialog: Dialog, prack: SipRequest): Reliable | undefined {
  const rack = rackOf(prack);
  if (rack === undefined || rack.method !== 'INVITE' || rack.rseq === 0) return undefined;
  const waiting = side.reliable ?? [];
  const at = waiting.findIndex(
    (one) => one.dialog === dialog && one.rseq === rack.rseq && one.server.request.cseq.seq === rack.seq,
  );
  const [reliable] = at < 0 ? [] : waiting.splice(at, 1);
  if (reliable === undefined) return undefined;
  context.timers.clear(reliable.timer);
  const next = waiting.find((other) => isBeside(other, reliable));
  if (next !== undefined && !reliable.server.answered) transmit(context, next);
  return reliable;
}

/** What goes to the leg behind a reliable answer as the RAck of its PRACK; `undefined`: the PRACK ends here. */
export const rackBehind = ({ behind, isOrphan }: Reliable): string | undefined =>
  behind === undefined || isOrphan ? undefined : formatRack(behind.rack);

/** Whether a reliable answer of that dialog waits for its PRACK. */
export const isUnacknowledged = (side: LegSide, dialog: Dialog): boolean =>
  side.reliable?.some((one) => one.dialog === dialog) ?? false;

/** RFC 3262 §3: no 2xx before the PRACK to an answer with a session description. */
export const holdsAnswer = (side: LegSide, dialog: Dialog): boolean =>
  side.reliable?.some((one) => one.dialog === dialog && one.describes) ?? false;

/** The INVITE has its final answer: nothing is repeated any more, yet a PRACK may still come (RFC 3262 §3). */
export function cease(context: SipContext, side: LegSide, server: ServerTransaction): void {
  if (side.reliable === undefined) return;
  for (const one of side.reliable) if (one.server === server) context.timers.clear(one.timer);
  side.reliable = side.reliable.filter((one) => one.server !== server || one.rseq !== 0);
}

/** The leg behind some answers has ended: what was not sent is not sent, and nothing waits for its PRACK any more. */
export function orphan(context: SipContext, side: LegSide, leg: LegSide): void {
  if (side.reliable === undefined) return;
  side.reliable = side.reliable.filter((one) => one.behind?.leg !== leg || one.rseq !== 0);
  for (const one of side.reliable) {
    if (one.behind?.leg !== leg) continue;
    context.timers.clear(one.timer);
    one.isOrphan = true;
  }
}

/** The leg ends, or one dialog of it. */
export function dropReliable(context: SipContext, side: LegSide, dialog?: Dialog): void {
  if (side.reliable === undefined) return;
  for (const one of side.reliable) if (dialog === undefined || one.dialog === dialog) context.timers.clear(one.timer);
  side.reliable = dialog === undefined ? undefined : side.reliable.filter((one) => one.dialog !== dialog);
}

/** Whether a message carries a session description. */
export const isDescribing = (message: SipRequest | SipResponse): boolean =>
  hasOffer(message.body, header(message, 'content-type'));
