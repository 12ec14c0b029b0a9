import type { Endpoint } from '../transport/transport.ts';
import { endpointName } from './network.ts';
import type { Dialog } from './phone-dialog.ts';
import { targetIn } from './phone-dialog.ts';
import { cseqOf, type Header, headerOf, type PhoneMessage, tagOf, uriOf } from './phone-message.ts';
import type { Draft, Requester } from './phone-requester.ts';
import { answerOf, flawsOfNextSdp, mediaLines, offerOf, padded } from './phone-sdp.ts';
import type { TimerScript } from './phone-session.ts';
import { SessionTimer } from './phone-session.ts';
import type { ClientExchange, ServerExchange } from './phone-transactions.ts';
import type { Wire } from './wire.ts';

/** What a call needs of its phone. */
export interface CallHost {
  readonly wire: Wire;
  readonly requester: Requester;
  /** The phone's Contact value, without header parameters. */
  readonly contact: string;
  /** Where a request with that target goes. */
  route(target: string): Endpoint;
  send(message: PhoneMessage, remote: Endpoint): string;
  resend(text: string, message: PhoneMessage, remote: Endpoint): void;
  respond(exchange: ServerExchange, status: number, how?: ResponseParts): void;
  cancel(message: PhoneMessage, remote: Endpoint): void;
  complain(what: string): void;
  tag(): string;
  /** How the phone takes part in session timers. */
  timer(): TimerScript | undefined;
  readonly checksSessions: boolean;
}

export interface ResponseParts {
  readonly reason?: string;
  readonly headers?: readonly Header[];
  readonly body?: string;
  readonly contentType?: string;
  readonly tag?: string;
}

export interface RequestParts {
  readonly headers?: readonly Header[];
  readonly body?: string;
  readonly contentType?: string;
}

/** What is offered in a call: the phone's own audio unless it is said here. */
export interface ReInviteParts {
  readonly sdp?: string;
  readonly direction?: string;
  /** Changes what the phone would offer, under its o= line. */
  readonly rewritten?: (offer: string) => string;
  readonly headers?: readonly Header[];
}

/** `ringing` from the first 180 or 183 on; `answered` from the 2xx on; `ended` is for ever. */
export type CallState = 'trying' | 'ringing' | 'answered' | 'ended';

/** A request of the phone's inside a call, and what was answered. */
export interface Sent {
  readonly method: string;
  /** Final status; 0 while there is none; 408 if none ever came. */
  status: number;
  /** The final answer. */
  response: PhoneMessage | undefined;
}

/** One call as one phone sees it. */
export abstract class PhoneCall {
  readonly callId: string;
  readonly startedAtMs: number;
  state: CallState = 'trying';
  /** Status of the final answer to the INVITE; 0 while there is none. */
  status = 0;
  /** How it ended: `bye` by us, `hungUp` by the other side, `failed` by a final answer, `cancelled`, `lost` for want of any answer. */
  end: '' | 'bye' | 'hungUp' | 'failed' | 'cancelled' | 'lost' = '';
  /** Reason header of the CANCEL or BYE that ended it; empty if there was none. */
  endReason = '';
  /** Requests that came inside the dialog, re-INVITEs too, without repetitions. */
  readonly requests: PhoneMessage[] = [];
  /** The other side's ACK to our 2xx, or ours to its: the dialog is confirmed on both sides. */
  confirmed = false;
  /** Called after each change of `state` and after each request that came. */
  onChange: () => void = () => {};
  /** Answers requests inside the dialog: a status, 200 by default. BYE is always accepted. */
  onRequest: (request: PhoneMessage) => number = () => 200;
  /** When re-INVITEs are answered; by default at once. */
  answersReInvites: 'never' | { readonly afterMs: number } | undefined;
  dialog: Dialog | undefined;
  readonly session: SessionTimer;
  protected readonly host: CallHost;
  protected sdpVersion = 1;
  #remoteSdp = '';
  #cseq: number;
  #pendingInvite = false;
  /** The connection of the latest request that came in the dialog. */
  #cameFrom = '';
  #pendingUpdate = false;
  /** A re-INVITE that has no answer yet. */
  #asked: ServerExchange | undefined;
  #acks = new Map<number, { text: string; message: PhoneMessage; remote: Endpoint }>();
  /** Re-INVITEs that were answered with a 2xx, by CSeq: the ACK to one may be lost, and the next one come before it is repeated. */
  readonly #reInvites = new Map<number, ServerExchange>();

  constructor(host: CallHost, callId: string, firstCseq: number) {
    this.host = host;
    this.callId = callId;
    this.startedAtMs = host.wire.now();
    this.#cseq = firstCseq;
    this.session = new SessionTimer(host.wire, host.timer(), {
      refresh: (how) => this.#refresh(how),
      expire: () => this.bye({ headers: [['Reason', 'SIP;cause=408;text="Phone Missed The Refresh"']] }),
      complain: (what) => host.complain(what),
    });
  }

  abstract readonly localTag: string;

  /** The other side's latest session description. */
  get remoteSdp(): string {
    return this.#remoteSdp;
  }

  set remoteSdp(sdp: string) {
    if (this.host.checksSessions) for (const flaw of flawsOfNextSdp(this.#remoteSdp, sdp)) this.host.complain(flaw);
    this.#remoteSdp = sdp;
  }

  /** Hangs up: BYE once the call is answered (RFC 3261 §15.1.1). */
  bye(parts: RequestParts = {}): Sent | undefined {
    if (this.state !== 'answered') return undefined;
    this.finish('bye');
    return this.request('BYE', parts);
  }

  /** Sends any request inside the dialog. Throws while there is none. */
  request(method: string, parts: RequestParts = {}): Sent {
    const sent: Sent = { method, status: 0, response: undefined };
    this.host.requester.ask(this.draft(method, parts), {
      response: (response) => {
        if (response.status < 200) return;
        sent.status = response.status;
        sent.response = response;
        this.onChange();
      },
      timedOut: () => {
        sent.status = 408;
      },
    });
    return sent;
  }

  /** Offers a new session; `sdp: ''` asks the other side for the offer. The answer arrives in `remoteSdp`. */
  reInvite(parts: ReInviteParts = {}): Sent {
    this.sdpVersion += 1;
    const offer = offerOf(this.host.wire.local, this.sdpVersion, parts.direction);
    const sdp = parts.sdp ?? padded(parts.rewritten?.(offer) ?? offer, this.#remoteSdp);
    const sent: Sent = { method: 'INVITE', status: 0, response: undefined };
    this.#pendingInvite = true;
    const headers = [...this.session.ask(), ...(parts.headers ?? [])];
    const asking = this.host.requester.ask(this.draft('INVITE', { ...bodyOf(sdp), headers }), {
      response: (response, again) => {
        if (response.status < 200) return;
        this.#pendingInvite = false;
        sent.status = response.status;
        sent.response = response;
        if (response.status < 300) this.#accepted(response, asking.exchange, sdp, again);
        if (response.status < 300 && !again) this.session.agreed(response);
        this.onChange();
      },
      timedOut: () => {
        this.#pendingInvite = false;
        sent.status = 408;
      },
    });
    return sent;
  }

  /** Offers a new session, or with `sdp: ''` only refreshes this one (RFC 3311). */
  update(parts: { readonly sdp?: string; readonly headers?: readonly Header[] } = {}): Sent {
    this.sdpVersion += 1;
    const sdp = parts.sdp ?? padded(offerOf(this.host.wire.local, this.sdpVersion), this.#remoteSdp);
    const sent: Sent = { method: 'UPDATE', status: 0, response: undefined };
    const { dialog } = this;
    if (sdp !== '') this.#pendingUpdate = true;
    const headers = [...(this.state === 'answered' ? this.session.ask() : []), ...(parts.headers ?? [])];
    this.host.requester.ask(this.draft('UPDATE', { ...bodyOf(sdp), headers }), {
      response: (response) => {
        if (response.status < 200) return;
        this.#pendingUpdate = false;
        sent.status = response.status;
        sent.response = response;
        if (response.status < 300 && dialog !== undefined) this.#updateTaken(response, sdp, dialog);
        if (response.status < 300 && this.state === 'answered') this.session.agreed(response);
        this.onChange();
      },
      timedOut: () => {
        this.#pendingUpdate = false;
        sent.status = 408;
      },
    });
    return sent;
  }

  #refresh(how: 'update' | 'invite'): void {
    if (this.state !== 'answered') return;
    if (how === 'update') this.update({ sdp: '' });
    else this.reInvite();
  }

  /** The dialog with that remote tag, where there is more than one. */
  protected dialogWith(_tag: string): Dialog | undefined {
    return undefined;
  }

  /** The request is of a dialog whose 2xx was lost on the way, for as long as it was repeated. */
  protected missedAnswer(_request: PhoneMessage): boolean {
    return false;
  }

  /** A PRACK came; only who was called gives answers that ask for it. */
  protected pracked(exchange: ServerExchange): void {
    this.host.complain('PRACK that acknowledges nothing (RFC 3262 §4)');
    this.host.respond(exchange, 481);
  }

  /** A request came in this dialog. The phone has matched Call-ID and To-tag. */
  received(exchange: ServerExchange): void {
    const { request } = exchange;
    const dialog = this.dialogWith(tagOf(request, 'from')) ?? this.dialog;
    if (dialog === undefined) {
      this.host.respond(exchange, 481);
      return;
    }
    if (tagOf(request, 'from') !== dialog.remoteTag && !this.missedAnswer(request))
      this.host.complain(`${request.method} with a From-tag of no dialog (RFC 3261 §12.2.2)`);
    if (!this.#inOrder(exchange, dialog)) {
      this.host.respond(exchange, 500);
      return;
    }
    if (request.uri !== uriOf(this.host.contact))
      this.host.complain(`${request.method} to ${request.uri}, not to our Contact (RFC 3261 §12.2.1.1)`);
    this.requests.push(request);
    if (request.method === 'BYE') this.#hungUp(exchange);
    else if (this.state === 'ended') this.host.respond(exchange, 481);
    else if (request.method === 'INVITE') this.#reInvited(exchange, dialog);
    else if (request.method === 'UPDATE') this.#updated(exchange, dialog);
    else if (request.method === 'PRACK') this.pracked(exchange);
    else this.host.respond(exchange, this.onRequest(request));
    this.onChange();
  }

  /** An ACK to a 2xx came in this dialog. */
  acknowledgedBy(ack: PhoneMessage): void {
    const waiting = this.#reInvites.get(cseqOf(ack).number);
    if (waiting === undefined) {
      this.unexpectedAck(ack);
      return;
    }
    if (!waiting.acknowledged) this.takeSdpOfAck(waiting, ack);
    waiting.acknowledge();
  }

  protected unexpectedAck(ack: PhoneMessage): void {
    this.host.complain(`ACK ${cseqOf(ack).number} acknowledges nothing (RFC 3261 §13.2.2.4)`);
  }

  /** Holds an ACK against the 2xx it belongs to: an offer there asks for an answer here (RFC 3261 §13.2.1). */
  protected takeSdpOfAck(exchange: ServerExchange, ack: PhoneMessage): void {
    const offered = exchange.request.body === '';
    if (offered && ack.body === '') this.host.complain('ACK without the answer to our offer (RFC 3261 §13.2.2.4)');
    if (offered) this.checkAnswer(exchange.final?.body ?? '', ack.body);
    // One that a later offer overtook on the way says nothing new.
    const isLate = [...this.#reInvites.keys()].some((cseq) => cseq > cseqOf(ack).number);
    if (ack.body !== '' && !isLate) this.remoteSdp = ack.body;
  }

  protected checkAnswer(offer: string, answer: string): void {
    if (answer !== '' && offer !== '' && mediaLines(answer) !== mediaLines(offer))
      this.host.complain('an answer with another number of m-lines than the offer (RFC 3264 §6)');
  }

  protected nextCseq(): number {
    const cseq = this.#cseq;
    this.#cseq += 1;
    return cseq;
  }

  protected finish(end: PhoneCall['end'], reason = ''): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    // RFC 3261 §15.1.2: whoever waits for an answer has one.
    this.cancelReInvite(this.#asked);
    this.session.end();
    this.end = end;
    this.endReason = reason;
    this.onChange();
  }

  /** Sends the ACK to a 2xx, or repeats it (RFC 3261 §13.2.2.4). */
  protected sendAck(exchange: ClientExchange, dialog: Dialog, body: string): void {
    const { number } = cseqOf(exchange.request);
    const credentials = exchange.request.headers.filter(([name]) => /^(proxy-)?authorization$/i.test(name));
    const headers: Header[] = [
      this.host.requester.via(),
      ['Max-Forwards', '70'],
      ['From', dialog.local],
      ['To', dialog.remote],
      ['Call-ID', dialog.callId],
      ['CSeq', `${number} ACK`],
      ...dialog.routes.map((route): Header => ['Route', route]),
      // RFC 3261 §22.1: the same credentials as the INVITE, since an ACK cannot be challenged.
      ...credentials,
      ...(body === '' ? [] : [['Content-Type', 'application/sdp'] as const]),
    ];
    const message: PhoneMessage = { method: 'ACK', uri: dialog.target, status: 0, reason: '', headers, body };
    const remote = this.host.route(dialog.routes[0] === undefined ? dialog.target : uriOf(dialog.routes[0]));
    this.#acks.set(number, { text: this.host.send(message, remote), message, remote });
    this.confirmed = true;
  }

  /** True if an ACK had been sent, which was then repeated. */
  protected repeatAck(exchange: ClientExchange): boolean {
    const ack = this.#acks.get(cseqOf(exchange.request).number);
    if (ack !== undefined) this.host.resend(ack.text, ack.message, ack.remote);
    return ack !== undefined;
  }

  protected draft(method: string, parts: RequestParts, dialog: Dialog | undefined = this.dialog): Draft {
    if (dialog === undefined) throw new Error(`${method} needs a dialog, and the call has none yet`);
    return {
      method,
      uri: dialog.target,
      from: dialog.local,
      to: dialog.remote,
      callId: dialog.callId,
      headers: [
        ...dialog.routes.map((route): Header => ['Route', route]),
        ...(method === 'BYE' ? [] : [['Contact', this.host.contact] as const]),
        ...headersOf(parts),
      ],
      body: parts.body ?? '',
      remote: this.host.route(dialog.routes[0] === undefined ? dialog.target : uriOf(dialog.routes[0])),
      nextCseq: () => this.nextCseq(),
    };
  }

  #accepted(response: PhoneMessage, exchange: ClientExchange, offer: string, again: boolean): void {
    const { dialog } = this;
    if (dialog === undefined || (again && this.repeatAck(exchange))) return;
    dialog.target = targetIn(response, dialog.target);
    if (response.body === '') this.host.complain('2xx to a re-INVITE without a session description (RFC 3261 §14.1)');
    else this.remoteSdp = response.body;
    if (offer !== '') this.checkAnswer(offer, response.body);
    this.sendAck(exchange, dialog, offer === '' ? answerOf(response.body, this.host.wire.local, this.sdpVersion) : '');
  }

  #inOrder({ request, remote }: ServerExchange, dialog: Dialog): boolean {
    const { number } = cseqOf(request);
    const cameFrom = endpointName(remote);
    if (number > dialog.remoteCseq) {
      dialog.remoteCseq = number;
      this.#cameFrom = cameFrom;
      return true;
    }
    // Over UDP, or on another connection, a lower one may only have been overtaken; the same number twice never happens to a correct peer.
    if (number === dialog.remoteCseq || (this.host.wire.transport !== 'udp' && cameFrom === this.#cameFrom))
      this.host.complain(`${request.method} with CSeq ${number} after ${dialog.remoteCseq} (RFC 3261 §12.2.1.1)`);
    return false;
  }

  #hungUp(exchange: ServerExchange): void {
    this.host.respond(exchange, 200);
    this.finish('hungUp', headerOf(exchange.request, 'reason'));
  }

  #updateTaken(response: PhoneMessage, offer: string, dialog: Dialog): void {
    dialog.target = targetIn(response, dialog.target);
    if (offer === '') return;
    if (response.body === '') this.host.complain('2xx to UPDATE without the answer to our offer (RFC 3311 §5.1)');
    else this.remoteSdp = response.body;
    this.checkAnswer(offer, response.body);
  }

  /** RFC 3311 §5.2. */
  #updated(exchange: ServerExchange, dialog: Dialog): void {
    const { request } = exchange;
    const status = request.body !== '' && (this.#pendingInvite || this.#pendingUpdate) ? 491 : this.onRequest(request);
    if (status >= 300) {
      this.host.respond(exchange, status);
      return;
    }
    dialog.target = targetIn(request, dialog.target);
    let body = '';
    if (request.body !== '') {
      this.sdpVersion += 1;
      this.remoteSdp = request.body;
      body = answerOf(request.body, this.host.wire.local, this.sdpVersion);
    }
    const timer = this.state === 'answered' ? this.session.answer(request) : [];
    this.host.respond(exchange, 200, { ...bodyOf(body), headers: [['Contact', this.host.contact], ...timer] });
  }

  #reInvited(exchange: ServerExchange, dialog: Dialog): void {
    // RFC 3261 §14.2: one open offer at a time.
    if (this.#pendingInvite || this.#pendingUpdate) {
      this.host.respond(exchange, 491);
      return;
    }
    // RFC 3261 §14.2: the one before has no answer yet.
    if (this.#asked !== undefined) {
      this.host.respond(exchange, 500, { headers: [['Retry-After', '1']] });
      return;
    }
    const status = this.onRequest(exchange.request);
    const { answersReInvites: when } = this;
    if (when === undefined) this.#answerReInvite(exchange, dialog, status);
    else {
      this.#asked = exchange;
      if (when === 'never') return;
      this.host.wire.after(when.afterMs, () => {
        if (this.#asked !== exchange) return;
        this.#asked = undefined;
        this.#answerReInvite(exchange, dialog, status);
        this.onChange();
      });
    }
  }

  /** The re-INVITE was cancelled, or its call is over: 487 to it, if it waits. True if it does. */
  cancelReInvite(exchange: ServerExchange | undefined): boolean {
    if (exchange === undefined || exchange !== this.#asked) return false;
    this.#asked = undefined;
    this.host.respond(exchange, 487);
    return true;
  }

  #answerReInvite(exchange: ServerExchange, dialog: Dialog, status: number): void {
    const { request } = exchange;
    if (status >= 300) {
      this.host.respond(exchange, status);
      return;
    }
    dialog.target = targetIn(request, dialog.target);
    this.#reInvites.set(cseqOf(request).number, exchange);
    this.sdpVersion += 1;
    const { local } = this.host.wire;
    const body =
      request.body === ''
        ? padded(offerOf(local, this.sdpVersion), this.#remoteSdp)
        : answerOf(request.body, local, this.sdpVersion);
    if (request.body !== '') this.remoteSdp = request.body;
    const headers = [['Contact', this.host.contact] as const, ...this.session.answer(request)];
    this.host.respond(exchange, 200, { ...bodyOf(body), headers });
  }
}

/** A session description as a body; none for an empty one. */
export const bodyOf = (sdp: string): { readonly body?: string; readonly contentType?: string } =>
  sdp === '' ? {} : { body: sdp, contentType: 'application/sdp' };

/** The headers of the parts, Content-Type included. */
export const headersOf = (parts: RequestParts): Header[] => [
  ...(parts.headers ?? []),
  ...(parts.body === undefined || parts.body === '' ? [] : [['Content-Type', parts.contentType ?? 'text/plain'] as const]),
];
