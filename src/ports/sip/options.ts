/** Answers OPTIONS outside a dialog (RFC 3261 §11.2). */
import { responseTo } from '../../sip/headers.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';
import { newTag, type SipContext } from './context.ts';
import { allowOf, eventsOf, SUPPORTED } from './methods.ts';

export function answerOptions(context: SipContext, server: ServerTransaction): void {
  const headers = new Map([
    ['allow', [allowOf(context.settings)]],
    ['allow-events', [eventsOf(context.settings)]],
    ['supported', [SUPPORTED]],
    ['accept', ['*/*']],
  ]);
  server.respond(responseTo(server.request, 200, undefined, newTag(context), { headers }));
}
