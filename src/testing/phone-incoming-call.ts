import { bodyOf, type CallHost, PhoneCall, type RequestParts, type ResponseParts, type Sent } from './phone-call.ts';
import { dialogOfInvite } from './phone-dialog.ts';
import { cseqOf, headerOf, type PhoneMessage, valuesOf, viaOf } from './phone-message.ts';
import { answerOf, offerOf } from './phone-sdp.ts';
import type { ServerExchange } from './phone-transactions.ts';

/** A call that came to the phone. */
export class IncomingCall extends PhoneCall {
  readonly localTag: string;
  readonly invite: PhoneMessage;
  /** The From header: who calls. */
  readonly caller: string;
  readonly #exchange: ServerExchange;
  #bye: RequestParts | undefined;

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
  }

  /** 100: the phone is there and does not ring yet. */
  trying(): void {
    if (this.status === 0) this.host.respond(this.#exchange, 100);
  }

  /** 180, or another progress; with a session description as early media. */
  ring(status = 180, sdp = ''): void {
    if (this.status !== 0) return;
    this.state = 'ringing';
    this.#respond(status, bodyOf(sdp));
    this.onChange();
  }

  /** 200 with an answer to the offer, or with an offer if the INVITE had none. */
  answer(sdp?: string): void {
    if (this.status !== 0) return;
    const { local } = this.host.wire;
    this.status = 200;
    this.state = 'answered';
    this.#respond(200, bodyOf(sdp ?? (this.invite.body === '' ? offerOf(local, 1) : answerOf(this.invite.body, local, 1))));
    this.onChange();
  }

  /** Any final answer but a 2xx. */
  decline(status = 486, parts: ResponseParts = {}): void {
    if (this.status !== 0) return;
    this.status = status;
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
    this.host.respond(this.#exchange, 487, { tag: this.localTag });
    this.finish('cancelled', headerOf(cancel, 'reason'));
  }

  override acknowledgedBy(ack: PhoneMessage): void {
    if (cseqOf(ack).number !== cseqOf(this.invite).number || this.status >= 300 || this.status === 0) {
      super.acknowledgedBy(ack);
      return;
    }
    if (branchOf(ack) === branchOf(this.invite))
      this.host.complain('ACK to a 2xx with the branch of its INVITE (RFC 3261 §17.1.1.3)');
    if (!this.#exchange.acknowledged) this.takeSdpOfAck(this.#exchange, ack);
    this.#exchange.acknowledge();
    this.confirmed = true;
    this.onChange();
    if (this.#bye !== undefined) super.bye(this.#bye);
  }

  #respond(status: number, parts: ResponseParts): void {
    this.host.respond(this.#exchange, status, { ...parts, tag: this.localTag, headers: [['Contact', this.host.contact]] });
  }

  /** RFC 3261 §13.3.1.4: a dialog without its ACK is ended by BYE. */
  #unacknowledged(): void {
    if (this.state === 'answered') super.bye();
  }
}

const branchOf = (message: PhoneMessage): string => viaOf(valuesOf(message, 'via')[0] ?? '').branch;
