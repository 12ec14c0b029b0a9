/** What a referrer hears of the call it asked for: the implicit subscription of its REFER (RFC 3515 §2.4.4). */

import type { Dialog } from '../../sip/dialog.ts';
import { requestIn } from '../../sip/dialog.ts';
import { header, reasonPhrase } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import type { SipContext } from './context.ts';
import { sendInDialog } from './credentials.ts';
import type { LegSide } from './leg-side.ts';
import { wayIn } from './routing.ts';
import { heirOf } from './takeover.ts';

/** How long a referrer may wait for the end of what it asked for: longer than any call rings. */
const EXPIRES_SECONDS = 600;

/** RFC 4488 §4: the referrer asks for no NOTIFY. */
export const isUnsubscribed = (refer: SipRequest): boolean =>
  header(refer, 'refer-sub')?.split(';', 1)[0]?.trim().toLowerCase() === 'false';

export class Referral {
  readonly #context: SipContext;
  readonly #referrer: LegSide;
  readonly #dialog: Dialog;
  readonly #event: string;
  #told = 0;
  #isOver: boolean;

  constructor(context: SipContext, referrer: LegSide, dialog: Dialog, refer: SipRequest) {
    this.#context = context;
    this.#referrer = referrer;
    this.#dialog = dialog;
    // RFC 3515 §2.4.6: the second REFER in a dialog and each later one is told apart by its CSeq.
    this.#event = referrer.referrals > 0 ? `refer;id=${refer.cseq.seq}` : 'refer';
    this.#isOver = isUnsubscribed(refer);
    referrer.referrals++;
  }

  /** Tells of progress (1xx, each status once) or of the end. Nothing is told after that, nor once the referrer hung up. */
  tell(status: number, reason = ''): void {
    if (this.#isOver || status === this.#told) return;
    this.#told = status;
    this.#isOver = status >= 200;
    const referrer = heirOf(this.#referrer);
    if (referrer.isReleased) return;
    const request = requestIn(this.#dialog, 'NOTIFY', {
      contact: referrer.contact,
      headers: new Map([
        ['event', [this.#event]],
        ['subscription-state', [this.#isOver ? 'terminated;reason=noresource' : `active;expires=${EXPIRES_SECONDS}`]],
        ['content-type', ['message/sipfrag;version=2.0']],
      ]),
      body: `SIP/2.0 ${status} ${reason || reasonPhrase(status)}\r\n`,
    });
    const gone = () => {
      this.#isOver = true;
    };
    const to = { side: referrer, dialog: this.#dialog };
    sendInDialog(this.#context, to, request, wayIn(this.#context, referrer, this.#dialog), {
      response: ({ status: answer }) => {
        if (answer >= 300) gone();
      },
      timedOut: gone,
      failed: gone,
    });
  }
}
