/** What is owed to a party that answers a re-INVITE which was given up. */
import type { SipResponse } from '../../sip/message.ts';
import type { Flow } from '../../transport/transport.ts';
import { acknowledgeIn, heardOn } from './acks.ts';
import type { SipContext } from './context.ts';
import { ackTo } from './credentials.ts';
import { refusedOffer } from './refused-offer.ts';

/**
 * A 2xx to a re-INVITE whose transaction is gone, as after its connection broke: its sender waits for the ACK all the same,
 * and would end the talk without it (RFC 3261 §13.2.2.4, §14.2).
 */
export function acknowledgeLate(context: SipContext, response: SipResponse, flow: Flow): void {
  const side = context.legs.byLocalTag(response.from.params.tag ?? '')?.side;
  if (side?.givenUp === undefined || side.dialog === undefined) return;
  const { givenUp, dialog } = side;
  const { sent } = givenUp;
  if (givenUp.dialog !== dialog || dialog.remoteTag !== response.to.params.tag) return;
  if (sent.method !== 'INVITE' || sent.cseq.seq !== response.cseq.seq) return;
  givenUp.ack ??= ackTo(sent, side, dialog, refusedOffer(flow, sent, response, dialog));
  heardOn(side, flow);
  acknowledgeIn(context, side, dialog, givenUp.ack);
}
