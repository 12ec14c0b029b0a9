import type { Defect } from '../sip/message.ts';

/** `ws` and `wss`: SIP over WebSocket (RFC 7118), without and with TLS. */
export type TransportName = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface Endpoint {
  /** IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A listener of ours. */
export interface Listening {
  readonly transport: TransportName;
  /** Where it is bound. */
  readonly local: Endpoint;
  /** Where peers reach it: as configured, a name or an address, else `local`. */
  readonly advertised: Endpoint;
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
  /** Nobody on the way can read along: TLS, also under WebSocket. */
  readonly secure: boolean;
  readonly local: Endpoint;
  /** Our end as peers are told of it in Via and Contact; the host may be a name. */
  readonly advertised: Endpoint;
  readonly remote: Endpoint;
  /** False once a connection is closed; always true over UDP. */
  readonly open: boolean;
  /** Queues one message (bytes as latin1) for sending. Never throws; a failure is reported by `failed`. */
  send(message: string): void;
  /** Ends a connection at once; UDP has none. */
  close?(why: string): void;
}

/** Where a transport reports to. */
export interface TransportListener {
  /** One whole SIP message (keep-alives are answered by the transport and not shown here). */
  received(message: Buffer, flow: Flow): void;
  /** The flow can carry nothing any more: connection refused, reset, closed, or ICMP unreachable. */
  failed(flow: Flow, why: string): void;
  /** A connection sent what cannot be cut into messages; it is closed after this. */
  malformed?(defect: Defect, flow: Flow): void;
  /** Whether a connection from this host is taken; all are where nobody says. */
  admitsConnection?(host: string): boolean;
}

/** What else decides which flow leads to an endpoint. */
export interface FlowWish {
  /** Which of our listeners it shall leave from, where there are several. */
  readonly local?: Endpoint | undefined;
  /** The domain that was looked up: over TLS it is asked for, and the certificate has to be its own (RFC 5922 §7.1). */
  readonly serverName?: string | undefined;
}

/** All sockets of the service. */
export interface Transports {
  /**
   * The flow towards an endpoint: over UDP always to be had; over TCP and TLS an open connection to it, else a new one,
   * whose messages wait for it to be established. `undefined` if no listener has that transport and address family, and
   * for WebSocket, which only clients open (RFC 7118 §5).
   */
  flowTo(transport: TransportName, remote: Endpoint, wish?: FlowWish): Flow | undefined;
  /** The flow with that id if it can still be used; UDP flows can be had again after a restart. */
  flowById(id: string): Flow | undefined;
  /** How many connections are open, by transport; UDP has none, and no transport that is not listened on. */
  connections(): ReadonlyMap<TransportName, number>;
  /** Where the service listens. */
  readonly listening: readonly Listening[];
  close(): Promise<void>;
}
