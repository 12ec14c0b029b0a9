import type { SipRequest, SipResponse } from '../sip/message.ts';
import type { Flow } from '../transport/transport.ts';
import { Client, type ClientShared } from './client.ts';
import { lifeMs } from './settings.ts';
import type { ClientHandler } from './transaction.ts';

type Headers = ReadonlyMap<string, readonly string[]>;
const MAX_FORWARDS = ['70'];

/** A request that belongs to this INVITE: same branch, route and identifiers (RFC 3261 §9.1, §17.1.1.3). */
const belongingTo = (invite: SipRequest, method: string, to: SipRequest['to'], headers: Headers): SipRequest => ({
  ...invite,
  method,
  to,
  via: invite.via.slice(0, 1),
  cseq: { seq: invite.cseq.seq, method },
  contact: [],
  recordRoute: [],
  headers: new Map(headers).set('max-forwards', MAX_FORWARDS),
  body: '',
});
const NO_HEADERS: Headers = new Map();

/** The client side of an INVITE (RFC 3261 §17.1.1 with RFC 6026 §7.2). */
export class InviteClient extends Client {
  #state: 'calling' | 'proceeding' | 'completed' | 'accepted' = 'calling';
  /** As sent, until it is known how the INVITE ended. */
  #invite: SipRequest | undefined;
  #cancel: 'none' | 'wanted' | 'sent' = 'none';
  #cancelHeaders = NO_HEADERS;

  constructor(shared: ClientShared, key: string, invite: SipRequest, flow: Flow, handler: ClientHandler) {
    super(shared, key, invite, flow, handler);
    this.#invite = invite;
  }

  start(): void {
    const { settings } = this.shared;
    // Timers A and B; A doubles without a cap, and is not set where the transport is reliable (§17.1.1.2).
    if (this.flow.reliable) this.waitFor(lifeMs(settings));
    else this.pace(settings.t1Ms, Number.POSITIVE_INFINITY, lifeMs(settings));
    this.shared.transmit(this.wire, this.flow);
  }

  take(response: SipResponse, flow: Flow): boolean {
    const { status } = response;
    if (status < 200) this.#provisional(response, flow);
    else if (status < 300) return this.#accept(response, flow);
    else this.#reject(response, flow);
    return true;
  }

  override cancel(headers: Headers): void {
    if (this.#cancel !== 'none' || this.hasFinal()) return;
    this.#cancel = 'wanted';
    this.#cancelHeaders = headers;
    if (this.#state === 'proceeding') this.#sendCancel();
  }

  #provisional(response: SipResponse, flow: Flow): void {
    if (this.hasFinal()) return;
    if (this.#state === 'calling') {
      this.#state = 'proceeding';
      this.stop();
    }
    const { handler } = this;
    // A CANCEL must not go out before a provisional has come (§9.1).
    if (this.#cancel === 'wanted') this.#sendCancel();
    if (response.status === 100) handler?.trying?.();
    else handler?.response(response, flow);
  }

  #sendCancel(): void {
    if (this.#invite === undefined) return;
    this.#cancel = 'sent';
    // Without a final response 64*T1 after the CANCEL, the INVITE is taken as cancelled (§9.1).
    this.waitFor(lifeMs(this.shared.settings));
    this.shared.sendCancel(belongingTo(this.#invite, 'CANCEL', this.#invite.to, this.#cancelHeaders), this.flow);
    this.#cancelHeaders = NO_HEADERS;
  }

  #accept(response: SipResponse, flow: Flow): boolean {
    if (this.#state === 'completed') return false;
    if (this.#state !== 'accepted') {
      this.#state = 'accepted';
      this.#invite = undefined;
      this.wire = '';
      // Timer M (RFC 6026 §7.2): until then further 2xx, of forks or repeated, go to the user.
      this.waitFor(lifeMs(this.shared.settings));
    }
    this.handler?.response(response, flow);
    return true;
  }

  #reject(response: SipResponse, flow: Flow): void {
    if (this.#state === 'completed') this.repeat();
    if (this.hasFinal()) return;
    const { handler } = this;
    this.#state = 'completed';
    this.handler = undefined;
    if (this.#invite !== undefined) this.wire = this.shared.encode(belongingTo(this.#invite, 'ACK', response.to, NO_HEADERS));
    this.#invite = undefined;
    this.repeat();
    // Timer D (RFC 3261 §17.1.1.2).
    if (this.flow.reliable) this.end();
    else this.waitFor(lifeMs(this.shared.settings));
    handler?.response(response, flow);
  }

  protected override hasFinal(): boolean {
    return this.#state === 'completed' || this.#state === 'accepted';
  }

  protected override expire(): void {
    if (this.hasFinal()) this.end();
    else this.timeOut();
  }
}
