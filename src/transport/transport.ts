import type { Defect } from '../sip/message.ts';

export type TransportName = 'udp' | 'tcp';

export interface Endpoint {
  /** IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * A path to one peer: over UDP a socket of ours and the peer's address, over TCP one connection. Requests to a
 * registered device go along the flow it registered on (RFC 5626 §2).
 */
export interface Flow {
  /** `udp/127.0.0.1:5060/127.0.0.1:5080`; connections end in `#` and a serial number, since they never come back. */
  readonly id: string;
  readonly transport: TransportName;
  readonly reliable: boolean;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** False once a connection is closed; always true over UDP. */
  readonly open: boolean;
  /** Queues one message (bytes as latin1) for sending. Never throws; a failure is reported by `failed`. */
  send(message: string): void;
}

/** Where a transport reports to. */
export interface TransportListener {
  /** One whole SIP message (keep-alives are answered by the transport and not shown here). */
  received(message: Buffer, flow: Flow): void;
  /** The flow can carry nothing any more: connection refused, reset, closed, or ICMP unreachable. */
  failed(flow: Flow, why: string): void;
  /** A connection sent what cannot be cut into messages; it is closed after this. */
  malformed?(defect: Defect, flow: Flow): void;
}

/** All sockets of the service. */
export interface Transports {
  /**
   * The flow towards an endpoint: over UDP always to be had; over TCP an open connection to it, else a new one, whose
   * messages wait for it to be established. `undefined` if no listener has that transport and address family. `local` says
   * which of our listeners it shall leave from, where there are several.
   */
  flowTo(transport: TransportName, remote: Endpoint, local?: Endpoint): Flow | undefined;
  /** The flow with that id if it can still be used; UDP flows can be had again after a restart. */
  flowById(id: string): Flow | undefined;
  /** Where the service listens, as bound. */
  readonly listening: readonly { readonly transport: TransportName; readonly local: Endpoint }[];
  close(): Promise<void>;
}
