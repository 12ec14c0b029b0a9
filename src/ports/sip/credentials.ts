/** Requests inside a trunk's dialogs, which it may challenge as it did their INVITE (RFC 3261 §22.1). */
import type { Dialog } from '../../sip/dialog.ts';
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

/** Sends a request inside a dialog; a trunk's challenge to it is answered. `resent` hears of the new CSeq. */
export function sendInDialog(
  context: SipContext,
  { side, dialog }: { readonly side: LegSide; readonly dialog: Dialog },
  request: SipRequest,
  way: Way,
  handler: ClientHandler,
  resent?: (seq: number) => void,
): Attempt {
  const account = side.trunk?.account;
  if (account === undefined) return send(context, way, () => request, handler);
  const challenges = new Challenges(account, context.random);
  let latest = request;
  let attempt: Attempt;
  let isCancelled = false;
  const answering: ClientHandler = {
    ...handler,
    response: (response) => {
      const isChallenge = (response.status === 401 || response.status === 407) && !isCancelled;
      const again = isChallenge ? challenges.answer(latest, response) : undefined;
      if (again === undefined) {
        handler.response(response);
        return;
      }
      dialog.localSeq += 1;
      latest = { ...again, cseq: { ...again.cseq, seq: dialog.localSeq } };
      resent?.(dialog.localSeq);
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
