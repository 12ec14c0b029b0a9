import type { SipRequest, SipResponse } from '../sip/message.ts';
import type { Flow } from '../transport/transport.ts';

/** The server side of one request that was received (RFC 3261 §17.2, RFC 6026). */
export interface ServerTransaction {
  readonly request: SipRequest;
  /** Where the request came from; its answers go back there (RFC 3261 §18.2.2, RFC 3581). */
  readonly flow: Flow;
  /** True once a final response was given. */
  readonly answered: boolean;
  /** Sends a response. One after the final response is dropped, except a 2xx to INVITE, which may be repeated. */
  respond(response: SipResponse): void;
  /** INVITE only: the ACK to the 2xx arrived, so the 2xx is repeated no more (RFC 3261 §13.3.1.4). */
  acknowledged(): void;
}

/** What happens to a request of ours. */
export interface ClientHandler {
  /**
   * Every provisional but 100, every final once; to INVITE also each repeated 2xx and every 2xx of another tag (RFC 6026).
   * `flow` leads to who sent it: it is the request's, or another connection where that one broke (RFC 3261 §18.2.2).
   */
  response(response: SipResponse, flow: Flow): void;
  /** 100 Trying: the next hop is alive. */
  trying?(): void;
  /** No final response within Timer B or F. */
  timedOut(): void;
  /** The transport could not deliver it. */
  failed(why: string): void;
}

/** The client side of one request of ours (RFC 3261 §17.1, RFC 6026). */
export interface ClientTransaction {
  /** As sent, its Via on top. */
  readonly request: SipRequest;
  /** INVITE only: sends CANCEL once a provisional has come (RFC 3261 §9.1); with these headers, e.g. Reason. */
  cancel(headers?: ReadonlyMap<string, readonly string[]>): void;
}

/** The user of the transactions: the SIP port. */
export interface TransactionUser {
  /** A new request that is neither ACK nor CANCEL. */
  request(transaction: ServerTransaction): void;
  /** An ACK that belongs to no transaction: one to a 2xx (RFC 3261 §13.3.1.4). */
  ack(request: SipRequest, flow: Flow): void;
  /** The INVITE was cancelled; the CANCEL itself has been answered. The user still gives the final response (487). */
  cancelled(transaction: ServerTransaction, cancel: SipRequest): void;
  /** The 2xx was not acknowledged within 64*T1. */
  unacknowledged(transaction: ServerTransaction): void;
  /** A 2xx to INVITE that no transaction knows (RFC 3261 §13.2.2.4 asks for an ACK to it). */
  strayAnswer(response: SipResponse, flow: Flow): void;
}

/** Transactions over transports. */
export interface TransactionLayer {
  /** Sends a request as a new client transaction; its topmost Via is put on by the layer. */
  send(request: SipRequest, flow: Flow, handler: ClientHandler): ClientTransaction;
  /** Sends an ACK to a 2xx: outside any transaction, a Via with a branch of its own (RFC 3261 §13.2.2.4). Returns it as sent, for repeating. */
  sendAck(ack: SipRequest, flow: Flow): SipRequest;
}
