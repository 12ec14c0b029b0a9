/** Requests inside a trunk's dialogs, which it may challenge as it did their INVITE (RFC 3261 §22.1). */
import { type Dialog, requestIn } from '../../sip/dialog.ts';
import type { SipRequest } from '../../sip/message.ts';
import type { ClientHandler } from '../../transaction/transaction.ts';
import { type Attempt, send, type Way } from './attempt.ts';
import { Challenges } from './challenges.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';

const CREDENTIALS = ['authorization', 'proxy-authorization'] as const;

/** The ACK to a 2xx has the credentials of its INVITE (RFC 3261 §22.1). */
export function withCredentialsOf(invite: SipRequest, side: LegSide, headers: SipRequest['headers'] | undefined) {
  if (side.trunk?.account === undefined) return headers === undefined ? {} : { headers };
  const all = new Map(headers);
  for (const name of CREDENTIALS) {
    const lines = invite.headers.get(name);
    if (lines !== undefined) all.set(name, lines);
  }
  return { headers: all };
}

interface Said {
  readonly headers?: SipRequest['headers'];
  readonly body?: string;
}

/** The ACK to the 2xx of a re-INVITE: with the CSeq that it was `sent` with last (RFC 3261 §13.2.2.4), and its credentials. */
export function ackTo(sent: SipRequest | undefined, side: LegSide, dialog: Dialog, { headers, body = '' }: Said): SipRequest {
  const seq = sent === undefined ? {} : { seq: sent.cseq.seq, ...withCredentialsOf(sent, side, headers) };
  return requestIn(dialog, 'ACK', { ...(headers === undefined ? {} : { headers }), ...seq, body });
}

/** Sends a request inside a dialog; a trunk's challenge to it is answered. `resent` hears how it went then. */
export function sendInDialog(
  context: SipContext,
  { side, dialog }: { readonly side: LegSide; readonly dialog: Dialog },
  request: SipRequest,
  way: Way,
  handler: ClientHandler,
  resent?: (request: SipRequest) => void,
): Attempt {
  const account = side.trunk?.account;
  if (account === undefined) return send(context, way, () => request, handler);
  const challenges = new Challenges(account, context.random);
  let latest = request;
  let attempt: Attempt;
  let isCancelled = false;
  const answering: ClientHandler = {
    ...handler,
    response: (response, flow) => {
      const isChallenge = (response.status === 401 || response.status === 407) && !isCancelled;
      const again = isChallenge ? challenges.answer(latest, response) : undefined;
      if (again === undefined) {
        handler.response(response, flow);
        return;
      }
      dialog.localSeq += 1;
      latest = { ...again, cseq: { ...again.cseq, seq: dialog.localSeq } };
      resent?.(latest);
      attempt = send(context, way, () => latest, answering);
    },
  };
  attempt = send(context, way, () => request, answering);
  return {
    cancel: (headers) => {
      isCancelled = true;
      attempt.cancel(headers);
    },
  };
}
