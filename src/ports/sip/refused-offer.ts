/** The answer to an offer in a 2xx that nobody wants. */
import type { Dialog } from '../../sip/dialog.ts';
import { header } from '../../sip/headers.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import { hasOffer, rejectAll, sdpIn } from '../../sip/sdp.ts';
import { continued } from '../../sip/sdp-session.ts';
import type { Flow } from '../../transport/transport.ts';

const CONTENT_TYPE = 'content-type';

/** Headers and body of an ACK that refuses. */
interface Refused {
  readonly headers?: SipRequest['headers'];
  readonly body: string;
}
const NOTHING: Refused = { body: '' };

/** What an ACK carries if the 2xx that nobody wants made an offer: an answer that refuses all of it (RFC 3264 §6). */
export function refusedOffer(flow: Flow, invite: SipRequest, answer: SipResponse | undefined, dialog: Dialog): Refused {
  if (answer === undefined || hasOffer(invite.body, header(invite, CONTENT_TYPE))) return NOTHING;
  const offer = sdpIn(answer.body, header(answer, CONTENT_TYPE));
  if (offer === undefined) return NOTHING;
  const { host } = flow.advertised;
  const address = { addressType: host.includes(':') ? 'IP6' : 'IP4', address: host } as const;
  const origin = { username: '-', sessionId: '1', version: '1', ...address };
  dialog.sent = continued(dialog.sent, rejectAll(offer, origin));
  return { headers: new Map([[CONTENT_TYPE, ['application/sdp']]]), body: dialog.sent };
}
