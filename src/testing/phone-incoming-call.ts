import { bodyOf, type CallHost, PhoneCall, type RequestParts, type ResponseParts, type Sent } from './phone-call.ts';
import { dialogOfInvite } from './phone-dialog.ts';
import { cseqOf, headerOf, type PhoneMessage, valuesOf, viaOf } from './phone-message.ts';
import { ReliableAnswers } from './phone-reliable.ts';
import { answerOf, offerOf } from './phone-sdp.ts';
import type { ServerExchange } from './phone-transactions.ts';

/** A call that came to the phone. */
export class IncomingCall extends PhoneCall {
  readonly localTag: string;
  readonly invite: PhoneMessage;
  /** The From header: who calls. */
  readonly caller: string;
  readonly #exchange: ServerExchange;
  readonly reliable: ReliableAnswers;
  #bye: RequestParts | undefined;
  #answerWaits: (() => void) | undefined;

  constructor(host: CallHost, exchange: ServerExchange) {
    super(host, headerOf(exchange.request, 'call-id'), 1);
    this.localTag = host.tag();
    this.#exchange = exchange;
    this.invite = exchange.request;
    this.caller = headerOf(this.invite, 'from');
    this.remoteSdp = this.invite.body;
    const local = `${headerOf(this.invite, 'to')};tag=${this.localTag}`;
    this.dialog = dialogOfInvite(this.invite, local, cseqOf(this.invite).number);
    exchange.unacknowledged = () => this.#unacknowledged();
    this.reliable = new ReliableAnswers(
      {
        wire: host.wire,
        invite: this.invite,
        respond: (status, parts) => this.#respond(status, parts),
        missed: (status) => {
          host.complain(`no PRACK to ${status} within 64*T1 (RFC 3262 §3)`);
          this.decline(504);
        },
      },
      1 + (Number.parseInt(this.localTag.slice(0, 7), 16) % 2 ** 31),
    );
  }

  /** 100: the phone is there and does not ring yet. */
  trying(): void {
    if (this.status === 0) this.host.respond(this.#exchange, 100);
  }

  /** 180, or another progress; with a session description as early media, or reliably with the answer (RFC 3262). */
  ring(status = 180, sdp = '', how: { readonly reliable?: boolean } = {}): void {
    if (this.status !== 0) return;
    this.state = 'ringing';
    if (how.reliable === true) this.reliable.give(status, bodyOf(sdp));
    else this.#respond(status, bodyOf(sdp));
    this.onChange();
  }

  /** 422, if the INVITE wants to refresh more often than the phone does (RFC 4028 §9). True if so. */
  refuseInterval(): boolean {
    const min = this.session.tooSmall(this.invite);
    if (min > 0) this.decline(422, { headers: [['Min-SE', String(min)]] });
    return min > 0;
  }

  /** 200 with an answer to the offer, or with an offer if the INVITE had none. */
  answer(sdp?: string): void {
    if (this.status !== 0) return;
    if (this.reliable.holdsAnswer) {
      this.#answerWaits = () => this.answer(sdp);
      return;
    }
    const { local } = this.host.wire;
    this.reliable.end();
    this.status = 200;
    this.state = 'answered';
    // What was said reliably is not said again.
    const preset = this.reliable.described
      ? ''
      : this.invite.body === ''
        ? offerOf(local, 1)
        : answerOf(this.invite.body, local, 1);
    this.#respond(200, { ...bodyOf(sdp ?? preset), headers: this.session.answer(this.invite) });
    this.onChange();
  }

  /** Any final answer but a 2xx. */
  decline(status = 486, parts: ResponseParts = {}): void {
    if (this.status !== 0) return;
    this.status = status;
    this.reliable.end();
    this.host.respond(this.#exchange, status, { ...parts, tag: this.localTag });
    this.finish('failed');
  }

  /** 302 to other addresses. */
  redirect(...uris: readonly string[]): void {
    this.decline(302, { headers: uris.map((uri) => ['Contact', `<${uri}>`] as const) });
  }

  /** Hangs up; waits for the ACK if it has not come yet (RFC 3261 §15). */
  override bye(parts: RequestParts = {}): Sent | undefined {
    if (this.confirmed) return super.bye(parts);
    this.#bye = parts;
    return undefined;
  }

  /** The caller gave up. */
  cancelled(cancel: PhoneMessage): void {
    if (cseqOf(cancel).number !== cseqOf(this.invite).number || cancel.uri !== this.invite.uri)
      this.host.complain('CANCEL with another CSeq or Request-URI than its INVITE (RFC 3261 §9.1)');
    if (headerOf(cancel, 'from') !== headerOf(this.invite, 'from') || headerOf(cancel, 'to') !== headerOf(this.invite, 'to'))
      this.host.complain('CANCEL with another From or To than its INVITE (RFC 3261 §9.1)');
    if (!this.#exchange.answered) this.host.complain('CANCEL before any answer to the INVITE (RFC 3261 §9.1)');
    if (this.status !== 0) return;
    this.status = 487;
    this.reliable.end();
    this.host.respond(this.#exchange, 487, { tag: this.localTag });
    this.finish('cancelled', headerOf(cancel, 'reason'));
  }

  protected override pracked(exchange: ServerExchange): void {
    const { request } = exchange;
    if (!this.reliable.takes(request)) {
      this.host.complain(`PRACK with RAck "${headerOf(request, 'rack')}" acknowledges nothing (RFC 3262 §4)`);
      this.host.respond(exchange, 481);
      return;
    }
    const isOffer = request.body !== '' && this.invite.body !== '';
    if (request.body !== '') this.remoteSdp = request.body;
    this.host.respond(exchange, 200, bodyOf(isOffer ? answerOf(request.body, this.host.wire.local, 2) : ''));
    this.#answerWaits?.();
    this.#answerWaits = undefined;
  }

  override acknowledgedBy(ack: PhoneMessage): void {
    if (cseqOf(ack).number !== cseqOf(this.invite).number || this.status >= 300 || this.status === 0) {
      super.acknowledgedBy(ack);
      return;
    }
    if (branchOf(ack) === branchOf(this.invite))
      this.host.complain('ACK to a 2xx with the branch of its INVITE (RFC 3261 §17.1.1.3)');
    if (!this.#exchange.acknowledged && !this.reliable.described) this.takeSdpOfAck(this.#exchange, ack);
    this.#exchange.acknowledge();
    this.confirmed = true;
    this.onChange();
    if (this.#bye !== undefined) super.bye(this.#bye);
  }

  #respond(status: number, parts: ResponseParts): void {
    const headers = [['Contact', this.host.contact] as const, ...(parts.headers ?? [])];
    this.host.respond(this.#exchange, status, { ...parts, tag: this.localTag, headers });
  }

  /** RFC 3261 §13.3.1.4: a dialog without its ACK is ended by BYE. */
  #unacknowledged(): void {
    if (this.state === 'answered') super.bye();
  }
}

const branchOf = (message: PhoneMessage): string => viaOf(valuesOf(message, 'via')[0] ?? '').branch;
