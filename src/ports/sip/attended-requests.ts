/** What a caller asks whom the service itself has answered: its offers and refreshes are answered by us (RFC 3261 §14.2, RFC 3311 §5.2). */
import { responseTo } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import { sdpOf, takeAnswer } from './attending.ts';
import type { SipContext } from './context.ts';
import { ask } from './described.ts';
import { bodyFor, noteBody } from './descriptions.ts';
import type { Exchange } from './leg-side.ts';
import { ALLOW } from './methods.ts';
import { SDP_TYPE } from './re-invite.ts';
import { type Refusal, refusal } from './refusal.ts';
import { agree } from './session.ts';

/** What becomes of it; neither is called where its leg has ended meanwhile. */
export interface AttendedEnd {
  answered(): void;
  refused(why: Refusal): void;
}

/** Answers the request of that exchange. */
export function answerAttended(context: SipContext, exchange: Exchange, { answered, refused }: AttendedEnd): void {
  const { from, request } = exchange;
  const { attended } = from;
  const offer = sdpOf(request);
  if (attended === undefined) refused(refusal(491, ''));
  else if (offer === undefined && request.method !== 'INVITE') {
    accept(context, exchange, '');
    answered();
  } else
    ask(
      context,
      from,
      (told) => attended.answer(offer, told),
      (sdp) => {
        // Cancelled, or its leg is gone.
        if (exchange.server.answered) return;
        accept(context, exchange, sdp);
        answered();
      },
      ({ status, reason }) => {
        if (!exchange.server.answered) refused(refusal(status, reason));
      },
    );
}

function accept(context: SipContext, { from, fromDialog, server, request }: Exchange, sdp: string): void {
  const headers = new Map<string, readonly string[]>([['allow', [ALLOW]]]);
  agree(context, from, undefined, request, headers);
  noteBody(fromDialog, request.body, request.headers.get('content-type')?.[0]);
  if (sdp !== '') headers.set('content-type', [SDP_TYPE]);
  const body = sdp === '' ? '' : bodyFor(fromDialog, sdp, SDP_TYPE);
  server.respond(responseTo(request, 200, undefined, undefined, { headers, body, contact: from.contact }));
}

/** The ACK to our 2xx of a re-INVITE, which answers what that offered if the re-INVITE offered nothing. */
export function acknowledgedAttended(context: SipContext, { from, request, server }: Exchange, ack: SipRequest): void {
  server.acknowledged();
  if (sdpOf(request) === undefined) takeAnswer(context, from, ack);
}
