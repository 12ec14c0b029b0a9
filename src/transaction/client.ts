import type { SipRequest, SipResponse } from '../sip/message.ts';
import type { Flow } from '../transport/transport.ts';
import { Paced, type Shared } from './paced.ts';
import { lifeMs } from './settings.ts';
import type { ClientHandler } from './transaction.ts';

/** What the client transactions of a layer share. */
export interface ClientShared extends Shared {
  /** The transaction is over; the layer forgets it. */
  clientEnded(transaction: Client): void;
  /** Starts the transaction of a CANCEL, which has the branch of its INVITE. */
  sendCancel(cancel: SipRequest, flow: Flow): void;
  encode(request: SipRequest): string;
}

/** The client side of one request, as the layer sees it. */
export abstract class Client extends Paced<ClientShared> {
  readonly key: string;
  readonly method: string;
  readonly flow: Flow;
  protected handler: ClientHandler | undefined;
  /** The encoded request, later the ACK: encoded once, however often it is sent. */
  protected wire: string;

  constructor(shared: ClientShared, key: string, request: SipRequest, flow: Flow, handler: ClientHandler) {
    super(shared);
    this.key = key;
    this.method = request.method;
    this.flow = flow;
    this.handler = handler;
    this.wire = shared.encode(request);
  }

  /** Sends the request for the first time. */
  abstract start(): void;
  /** Takes a response whose sender this flow leads to. False if it is a 2xx to INVITE that this transaction can pass to nobody. */
  abstract take(response: SipResponse, flow: Flow): boolean;

  /** Cancels the request with a CANCEL that has these headers. */
  cancel(_headers: ReadonlyMap<string, readonly string[]>): void {
    // Only an INVITE is cancelled (RFC 3261 §9.1).
  }

  /** The flow is dead (RFC 3261 §17.1.4). The user hears of it in a turn of its own, never from within its own sending. */
  fail(why: string): void {
    const { handler } = this;
    if (handler === undefined || this.hasFinal()) return;
    this.end();
    this.shared.timers.set(0, () => handler.failed(why));
  }

  protected abstract hasFinal(): boolean;

  protected override repeat(): void {
    if (this.flow.open) this.shared.transmit(this.wire, this.flow);
  }

  protected timeOut(): void {
    const { handler } = this;
    this.end();
    handler?.timedOut();
  }

  protected end(): void {
    this.stop();
    this.handler = undefined;
    this.shared.clientEnded(this);
  }
}

/** The client side of a request that is no INVITE (RFC 3261 §17.1.2). */
export class NonInviteClient extends Client {
  #state: 'trying' | 'proceeding' | 'completed' = 'trying';

  start(): void {
    const { settings } = this.shared;
    // Timers E and F; no E where the transport is reliable (§17.1.2.2).
    if (this.flow.reliable) this.waitFor(lifeMs(settings));
    else this.pace(settings.t1Ms, settings.t2Ms, lifeMs(settings));
    this.shared.transmit(this.wire, this.flow);
  }

  take(response: SipResponse, flow: Flow): boolean {
    if (this.#state === 'completed') return true;
    if (response.status >= 200) this.#complete(response, flow);
    else this.#proceed(response, flow);
    return true;
  }

  #proceed(response: SipResponse, flow: Flow): void {
    // Timer E goes on at T2, Timer F as it was (§17.1.2.2).
    if (this.#state === 'trying' && !this.flow.reliable) this.slowTo(this.shared.settings.t2Ms);
    this.#state = 'proceeding';
    if (response.status === 100) this.handler?.trying?.();
    else this.handler?.response(response, flow);
  }

  #complete(response: SipResponse, flow: Flow): void {
    const { handler } = this;
    this.#state = 'completed';
    this.handler = undefined;
    this.wire = '';
    // Timer K (§17.1.2.2).
    if (this.flow.reliable) this.end();
    else this.waitFor(this.shared.settings.t4Ms);
    handler?.response(response, flow);
  }

  protected override hasFinal(): boolean {
    return this.#state === 'completed';
  }

  protected override expire(): void {
    if (this.#state === 'completed') this.end();
    else this.timeOut();
  }
}
