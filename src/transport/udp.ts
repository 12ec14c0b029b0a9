import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { advertisedBy, endpointName, isV6, type ListenerSettings, nameable, parseEndpoint } from './endpoint.ts';
import { FlowCache } from './flow-cache.ts';
import { stunAnswer } from './stun.ts';
import type { Endpoint, Flow, Listening, TransportListener } from './transport.ts';

/** Bounds of a UDP listener. */
export interface UdpSettings {
  /** Flows that are remembered, so that a datagram from a known peer makes no new object. */
  readonly maxFlows: number;
  /** Receive and send buffer asked of the system, which may grant less. */
  readonly socketBufferBytes: number;
}
export const DEFAULT_UDP: UdpSettings = { maxFlows: 100_000, socketBufferBytes: 4 * 1024 * 1024 };

const CR = 0x0d;
const LF = 0x0a;
const PING_LENGTH = 4;
/** Largest payload of a UDP datagram over IPv4. */
const MAX_DATAGRAM_BYTES = 65_507;

class UdpFlow implements Flow {
  readonly transport = 'udp';
  readonly reliable = false;
  readonly secure = false;
  readonly open = true;
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: Socket;
  readonly #listener: TransportListener;
  #id: string | undefined;

  constructor(ours: Listening, remote: Endpoint, socket: Socket, listener: TransportListener) {
    this.local = ours.local;
    this.advertised = ours.advertised;
    this.remote = remote;
    this.#socket = socket;
    this.#listener = listener;
  }

  get id(): string {
    this.#id ??= `udp/${endpointName(this.local)}/${endpointName(this.remote)}`;
    return this.#id;
  }

  send(message: string): void {
    const bytes = Buffer.from(message, 'latin1');
    try {
      // Without a callback, which would cost a microtask each: errors come as events of the socket and name the peer.
      if (bytes.length <= MAX_DATAGRAM_BYTES) this.#socket.send(bytes, this.remote.port, this.remote.host);
      else this.#failLater('EMSGSIZE');
    } catch (error) {
      // A socket that is closed, or a port out of range, is thrown at once.
      this.#failLater(error instanceof Error ? errorName(error) : String(error));
    }
  }

  /** The reporting is never nested in a sending. */
  #failLater(why: string): void {
    process.nextTick(() => this.#listener.failed(this, why));
  }
}

const errorName = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.message);

/** One UDP socket and the flows along it. */
export class UdpListener implements Listening {
  readonly transport = 'udp';
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly #socket: Socket;
  readonly #listener: TransportListener;
  readonly #flows: FlowCache<UdpFlow>;
  #closed: Promise<void> | undefined;

  constructor(
    socket: Socket,
    asked: ListenerSettings,
    listener: TransportListener,
    settings: UdpSettings,
    report: (error: Error) => void,
  ) {
    const { address, port } = socket.address();
    this.local = nameable({ host: address, port });
    this.advertised = advertisedBy(asked, this.local);
    this.#socket = socket;
    this.#listener = listener;
    this.#flows = new FlowCache(settings.maxFlows);
    socket.on('error', (error) => this.#failed(error, report));
    socket.on('message', (bytes, from) => this.#received(bytes, from));
  }

  /** Number of flows that are remembered. */
  get size(): number {
    return this.#flows.size;
  }

  flowTo(host: string, port: number): Flow {
    const known = this.#flows.get(host, port);
    if (known !== undefined) return known;
    const flow = new UdpFlow(this, { host, port }, this.#socket, this.#listener);
    this.#flows.set(host, port, flow);
    return flow;
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((closed) => this.#socket.close(() => closed()));
    return this.#closed;
  }

  /** A failed sending names its peer; any other error is told to the operator, and what it broke the timers find out. */
  #failed(error: Error, report: (error: Error) => void): void {
    const { address, port } = error as { address?: unknown; port?: unknown };
    if (typeof address !== 'string' || typeof port !== 'number') report(error);
    else this.#listener.failed(this.flowTo(address, port), errorName(error));
  }

  #received(bytes: Buffer, { address, port }: RemoteInfo): void {
    const first = bytes[0];
    // Port 0 cannot be answered.
    if (first === undefined || port === 0) return;
    // RFC 5626 §8: STUN begins with two zero bits, as no SIP message does but one behind an empty line.
    if (first < CR && first !== LF) {
      const answer = stunAnswer(bytes, address, port);
      if (answer !== undefined) this.#answer(answer, address, port);
      return;
    }
    const flow = this.flowTo(address, port);
    if (first === CR || first === LF || first < 0x20) this.#keepAlive(bytes, flow);
    else this.#listener.received(bytes, flow);
  }

  /** Without a flow: whoever only keeps a NAT open is nobody that we send to. */
  #answer(bytes: Buffer, host: string, port: number): void {
    try {
      this.#socket.send(bytes, port, host);
    } catch {
      // Closed meanwhile: nobody waits for this.
    }
  }

  #keepAlive(bytes: Buffer, flow: Flow): void {
    let blanks = 0;
    while (bytes[blanks] === CR || bytes[blanks] === LF) blanks++;
    // Blank lines before a message are allowed (RFC 3261 §7.5); alone they keep a binding of a NAT.
    if (blanks > 0 && blanks < bytes.length && isPrintable(bytes[blanks])) this.#listener.received(bytes, flow);
    else if (blanks === PING_LENGTH && bytes.length === PING_LENGTH) flow.send('\r\n');
  }
}

const isPrintable = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x20;

/** Only addresses are ever sent to; a name must not reach the resolver from here. */
const noLookup = (address: string, _options: object, found: (error: null, address: string, family: number) => void): void =>
  found(null, address, isV6(address) ? 6 : 4);

/** Binds one UDP socket; the reason as a value where that fails. */
export function listenUdp(
  asked: ListenerSettings,
  listener: TransportListener,
  settings: UdpSettings,
  report: (error: Error) => void,
): Promise<UdpListener | Error> {
  const { host, port } = asked;
  return new Promise((done) => {
    const v6 = isV6(host);
    const socket = createSocket({ type: v6 ? 'udp6' : 'udp4', ipv6Only: v6, lookup: noLookup });
    socket.once('error', (error) => {
      socket.close();
      done(error);
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      grow(socket, settings.socketBufferBytes);
      done(new UdpListener(socket, asked, listener, settings, report));
    });
  });
}

/** A burst of registrations overflows the system's default of some 200 KB. */
function grow(socket: Socket, bytes: number): void {
  try {
    socket.setRecvBufferSize(bytes);
    socket.setSendBufferSize(bytes);
  } catch {
    // The system grants what it grants.
  }
}

/** The two ends that the id of a UDP flow names. */
export function parseUdpFlowId(id: string): { local: Endpoint; remote: Endpoint } | undefined {
  const [transport, local, remote, more] = id.split('/', 4);
  if (transport !== 'udp' || local === undefined || remote === undefined || more !== undefined) return undefined;
  const [here, there] = [parseEndpoint(local), parseEndpoint(remote)];
  return here === undefined || there === undefined ? undefined : { local: here, remote: there };
}
