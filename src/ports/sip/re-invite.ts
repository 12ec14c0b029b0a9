/** A re-INVITE of our own (RFC 3261 §14.1): what re-couples the party of one leg with somebody else. */
import { type Dialog, endOffer, glareDelayMs, requestIn, takeResponse } from '../../sip/dialog.ts';
import { header, integerHeader } from '../../sip/headers.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import { sdpIn } from '../../sip/sdp.ts';
import type { Timer } from '../../timers.ts';
import type { Flow } from '../../transport/transport.ts';
import { acknowledgeIn, heardOn } from './acks.ts';
import { bridgeOf } from './anchoring.ts';
import type { Attempt } from './attempt.ts';
import type { SipContext } from './context.ts';
import { ackTo, sendInDialog } from './credentials.ts';
import { bodyFor, noteBody, recouple } from './descriptions.ts';
import type { LegSide } from './leg-side.ts';
import { ALLOW } from './methods.ts';
import { refusedOffer } from './refused-offer.ts';
import { wayIn } from './routing.ts';
import { ownInterval } from './session-interval.ts';
import { heirOf } from './takeover.ts';

/** What becomes of it: exactly one of the first two is called once, never before `ReInvite.start` returns. */
export interface ReInviteEnd {
  /** A 2xx; `ReInvite.acknowledge` is due. */
  answered(response: SipResponse): void;
  failed(status: number, reason: string): void;
  /** After `failed`: the party has taken the offer all the same, or has made one that was refused; it is acknowledged. */
  tooLate?(): void;
}

export const SDP_TYPE = 'application/sdp';
const NOTHING: SipRequest['headers'] = new Map();
const MAX_TRIES = 5;
/** A party that says nothing final for so long is given up, as is one that says nothing at all. */
const LIMIT_MS = 30_000;
const MAX_RETRY_AFTER_SECONDS = 10;

export class ReInvite {
  readonly #context: SipContext;
  readonly #side: LegSide;
  readonly #dialog: Dialog;
  readonly #offer: string;
  readonly #end: ReInviteEnd;
  readonly #said: SipRequest['headers'];
  #client: Attempt | undefined;
  #timer: Timer | undefined;
  #tries = 0;
  #minSeconds = 0;
  #sent: SipRequest | undefined;
  #ack: SipRequest | undefined;
  #isOver = false;
  /** Nobody waits for an answer any more; else a repeated 2xx only waits for its ACK. */
  #hasFailed = false;
  /** It was cancelled, and whatever it hears then is its end. */
  #isUnwanted = false;

  /** Offers this session description to the party of a leg, or asks it for one with an empty offer; `said` goes with it. */
  constructor(
    context: SipContext,
    side: LegSide,
    dialog: Dialog,
    offer: string,
    end: ReInviteEnd,
    said: SipRequest['headers'] = NOTHING,
  ) {
    this.#context = context;
    this.#side = side;
    this.#dialog = dialog;
    this.#offer = offer;
    this.#end = end;
    this.#said = said;
  }

  start(): this {
    recouple(this.#dialog);
    this.#timer = this.#context.timers.set(0, () => this.#try());
    return this;
  }

  /** Gives up: what was not sent yet is not sent; what was, is cancelled (RFC 3261 §9.1). */
  cancel(headers?: ReadonlyMap<string, readonly string[]>): void {
    if (this.#isOver) return;
    this.#isUnwanted = true;
    if (this.#client !== undefined) this.#client.cancel(headers);
    else this.#fail(487, '');
  }

  /** The ACK to the 2xx, with the answer if that made an offer; each repeated 2xx gets it again (RFC 3261 §13.2.2.4). */
  acknowledge(answer = ''): SipRequest {
    const body = bodyFor(this.#dialog, answer, SDP_TYPE);
    this.#ack = ackTo(this.#sent, this.#owner, this.#dialog, described(body));
    acknowledgeIn(this.#context, this.#side, this.#dialog, this.#ack);
    endOffer(this.#dialog);
    return this.#ack;
  }

  get #owner(): LegSide {
    return heirOf(this.#side);
  }

  #try(): void {
    this.#timer = undefined;
    const owner = this.#owner;
    if (owner.isReleased) this.#fail(481, '');
    // Its own offer is open, or another of ours: one at a time.
    else if (this.#dialog.offer !== 'none') this.#retry(this.#glareDelayMs());
    else this.#send(owner);
  }

  #send(owner: LegSide): void {
    const dialog = this.#dialog;
    this.#tries++;
    dialog.offer = 'ours';
    const extra = described(bodyFor(dialog, this.#offer, SDP_TYPE));
    const interval = ownInterval(this.#context.settings, this.#minSeconds);
    const headers = new Map([...this.#said, ...extra.headers, ['allow', [ALLOW]], ...interval]);
    const request = requestIn(dialog, 'INVITE', { ...extra, headers, contact: owner.contact });
    this.#sent = request;
    this.#timer = this.#context.timers.set(LIMIT_MS, () => this.#lapse());
    const answering = {
      response: (response: SipResponse, flow: Flow) => {
        heardOn(this.#side, flow);
        this.#response(response);
      },
      timedOut: () => this.#giveUp(408, ''),
      failed: () => this.#giveUp(500, 'Peer Cannot Be Reached'),
    };
    const way = wayIn(this.#context, owner, dialog);
    this.#client = sendInDialog(this.#context, { side: owner, dialog }, request, way, answering, (again) => {
      this.#sent = again;
    });
  }

  #response(response: SipResponse): void {
    const { status } = response;
    if (status < 200) return;
    if (status < 300) this.#accepted(response);
    else if (status === 491) this.#retry(this.#glareDelayMs());
    else if (status === 422 && this.#minSeconds === 0) {
      // RFC 4028 §7.4
      this.#minSeconds = integerHeader(response, 'min-se') ?? 0;
      this.#retry(0);
    } else if (status === 500 && response.headers.has('retry-after')) this.#retry(retryAfterMs(response));
    else this.#fail(status, response.reason);
  }

  #accepted(response: SipResponse): void {
    if (this.#ack !== undefined) acknowledgeIn(this.#context, this.#side, this.#dialog, this.#ack);
    else if (this.#hasFailed) this.#refuse(response);
    if (this.#isOver) return;
    this.#settle();
    this.#note(response);
    this.#end.answered(response);
  }

  /** RFC 3261 §13.2.2.4: a 2xx is acknowledged though it comes too late, and refused if it makes an offer (RFC 3264 §6). */
  #refuse(response: SipResponse): void {
    const { flow } = this.#owner;
    this.#note(response);
    if (this.#sent !== undefined)
      this.#ack = ackTo(this.#sent, this.#owner, this.#dialog, refusedOffer(flow, this.#sent, response, this.#dialog));
    if (this.#ack !== undefined) acknowledgeIn(this.#context, this.#side, this.#dialog, this.#ack);
    endOffer(this.#dialog);
    this.#end.tooLate?.();
  }

  #note(response: SipResponse): void {
    takeResponse(this.#dialog, response);
    noteBody(this.#dialog, response.body, header(response, 'content-type'));
  }

  #glareDelayMs(): number {
    return glareDelayMs(this.#dialog.ownsCallId, this.#context.random.fraction());
  }

  #retry(delayMs: number): void {
    this.#stopTimer();
    if (this.#client !== undefined) this.#dialog.offer = 'none';
    this.#client = undefined;
    if (this.#isOver) return;
    if (this.#tries >= MAX_TRIES || this.#isUnwanted) this.#fail(491, '');
    else {
      this.#tries++;
      this.#timer = this.#context.timers.set(delayMs, () => this.#try());
    }
  }

  #fail(status: number, reason: string): void {
    if (this.#client !== undefined) this.#dialog.offer = 'none';
    if (this.#isOver) return;
    this.#settle();
    this.#hasFailed = true;
    this.#end.failed(status, reason);
  }

  /** Whoever waits for it waits no more; the offer stays open as long as the transaction, beside which none may be (RFC 3261 §14.1). */
  #lapse(): void {
    this.#client?.cancel();
    this.#settle();
    this.#hasFailed = true;
    this.#end.failed(408, '');
  }

  /** Its transaction is over without an answer, which may still come. */
  #giveUp(status: number, reason: string): void {
    if (this.#sent !== undefined) this.#owner.givenUp = { sent: this.#sent, dialog: this.#dialog, ack: undefined };
    this.#fail(status, reason);
  }

  #settle(): void {
    this.#isOver = true;
    this.#stopTimer();
  }

  #stopTimer(): void {
    this.#context.timers.clear(this.#timer);
    this.#timer = undefined;
  }
}

function described(body: string): { readonly headers: ReadonlyMap<string, readonly string[]>; readonly body: string } {
  return body === '' ? { headers: new Map(), body } : { headers: new Map([['content-type', [SDP_TYPE]]]), body };
}

/** RFC 3261 §14.2: 0 to 10 s; a peer that wants more is not waited for so long. */
const retryAfterMs = (response: SipResponse): number =>
  Math.min(integerHeader(response, 'retry-after') ?? 0, MAX_RETRY_AFTER_SECONDS) * 1_000;

/** Tells the party of a leg the session again that it had before a join that failed. */
export function tellAgain(context: SipContext, side: LegSide, before: string): void {
  const { dialog } = heirOf(side);
  if (dialog === undefined || before === '') return;
  const again = new ReInvite(context, side, dialog, before, {
    answered: (response) => {
      again.acknowledge();
      tellBridge(context, side, response);
    },
    failed: () => undefined,
  });
  again.start();
}

/** What that party says of the session now is between it and the bridge that it had before: nobody else is told. */
export function tellBridge(context: SipContext, side: LegSide, response: SipResponse): void {
  const bridge = bridgeOf(context, side) ?? heirOf(side).former;
  const sdp = bridge && sdpIn(response.body, header(response, 'content-type'));
  if (sdp !== undefined) bridge?.describe(side.isCaller ? 'caller' : 'fork', sdp, 'answer', () => undefined);
}
