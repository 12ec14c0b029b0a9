import { encode } from '../sip/codec.ts';
import type { SipRequest, SipResponse } from '../sip/message.ts';
import { responseTo } from '../sip/response.ts';
import type { Flow } from '../transport/transport.ts';
import { Paced, type Shared } from './paced.ts';
import { lifeMs, slowPaceMs } from './settings.ts';
import type { ServerTransaction } from './transaction.ts';

/** What the server transactions of a layer share. */
export interface ServerShared extends Shared {
  /** The transaction is over; the layer forgets it. */
  serverEnded(transaction: Server): void;
  /** The flow along which a response still reaches the sender of a request whose connection is gone. */
  flowBack(dead: Flow, sentByPort: number): Flow | undefined;
  /** The 2xx was not acknowledged in time. */
  unacknowledged(transaction: ServerTransaction): void;
}

const DEFAULT_PORT = 5060;

/** The server side of one request, as the layer sees it. It keeps no message once it is answered, but the encoded answer. */
export abstract class Server extends Paced<ServerShared> {
  readonly key: string;
  readonly mergeKey: string | undefined;
  /** What the user holds; dropped when the user will hear nothing more. */
  handle: ServerTransaction | undefined;
  #flow: Flow;
  readonly #sentByPort: number;
  #wire = '';

  constructor(shared: ServerShared, key: string, mergeKey: string | undefined, request: SipRequest, flow: Flow) {
    super(shared);
    this.key = key;
    this.mergeKey = mergeKey;
    this.#flow = flow;
    this.#sentByPort = request.via[0]?.port ?? DEFAULT_PORT;
    this.handle = new ServerHandle(this, request, flow);
  }

  abstract readonly answered: boolean;
  /** Starts its clock. */
  abstract start(): void;
  /** The same request came again. */
  abstract repeated(): void;
  abstract respond(response: SipResponse): void;

  /** The user has the ACK to the 2xx. */
  acknowledged(): void {
    // Only an INVITE is acknowledged.
  }

  protected get reliable(): boolean {
    return this.#flow.reliable;
  }

  protected get silent(): boolean {
    return this.#wire === '';
  }

  protected sendFirst(response: SipResponse): void {
    this.#wire = encode(response);
    this.repeat();
  }

  protected sendTrying(): void {
    if (this.handle !== undefined) this.sendFirst(responseTo(this.handle.request, 100));
  }

  protected override repeat(): void {
    if (this.#wire === '') return;
    if (!this.#flow.open) this.#flow = this.shared.flowBack(this.#flow, this.#sentByPort) ?? this.#flow;
    if (this.#flow.open) this.shared.transmit(this.#wire, this.#flow);
  }

  protected end(): void {
    this.stop();
    this.handle = undefined;
    this.shared.serverEnded(this);
  }
}

/** What the user holds of a server transaction; it keeps the request as long as the user does. */
class ServerHandle implements ServerTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly #server: Server;

  constructor(server: Server, request: SipRequest, flow: Flow) {
    this.#server = server;
    this.request = request;
    this.flow = flow;
  }

  get answered(): boolean {
    return this.#server.answered;
  }

  respond(response: SipResponse): void {
    this.#server.respond(response);
  }

  acknowledged(): void {
    this.#server.acknowledged();
  }
}

/** The server side of a request that is no INVITE (RFC 3261 §17.2.2 with RFC 4320). */
export class NonInviteServer extends Server {
  #state: 'trying' | 'slow' | 'late' | 'completed' | 'ended' = 'trying';

  get answered(): boolean {
    return this.#state !== 'trying' && this.#state !== 'slow';
  }

  start(): void {
    this.waitFor(slowPaceMs(this.shared.settings));
  }

  repeated(): void {
    this.repeat();
  }

  respond(response: SipResponse): void {
    if (this.answered) return;
    if (response.status < 200) this.#provisional(response);
    else this.#final(response);
  }

  /** RFC 4320 §4.1: none but 100, and no 100 over an unreliable transport before the client repeats slowly. */
  #provisional(response: SipResponse): void {
    if (response.status === 100 && (this.reliable || this.#state === 'slow')) this.sendFirst(response);
  }

  #final(response: SipResponse): void {
    this.handle = undefined;
    this.#state = 'completed';
    // No 408: it comes after the client's own Timer F and only confuses (RFC 4320 §4.2). Repetitions are still absorbed.
    if (response.status !== 408) this.sendFirst(response);
    // Timer J (RFC 3261 §17.2.2).
    if (this.reliable) this.#drop();
    else this.waitFor(lifeMs(this.shared.settings));
  }

  #drop(): void {
    this.#state = 'ended';
    this.end();
  }

  protected override expire(): void {
    if (this.#state === 'trying') this.#slow();
    else if (this.#state === 'slow' && !this.reliable) this.#outlive();
    else this.#drop();
  }

  #slow(): void {
    const { settings } = this.shared;
    this.#state = 'slow';
    // After the client's Timer F there is no answer any more (RFC 4320 §4.2).
    this.waitFor(lifeMs(settings) - slowPaceMs(settings));
    if (this.silent) this.sendTrying();
  }

  /** The client's last repetition may still be under way, and is no new request. */
  #outlive(): void {
    this.#state = 'late';
    this.handle = undefined;
    this.waitFor(this.shared.settings.t4Ms);
  }
}
