import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { Framer } from '../sip/framing.ts';
import type { Timer, TimerQueue } from '../timers.ts';
import { advertisedBy, endpointName, isV6, type ListenerSettings, nameable, plainHost } from './endpoint.ts';
import type { Endpoint, Flow, Listening, TransportListener } from './transport.ts';

/** Bounds of a TCP listener; times in milliseconds. */
export interface TcpSettings {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** A connection is closed when it has sent no whole message, or half of one, for so long. */
  readonly stallMs: number;
  readonly connectMs: number;
  /** A peer that sends no more may have closed all or only its half: for so long it still gets its answers. */
  readonly lingerMs: number;
  /** What may wait for a peer that does not read. */
  readonly maxQueuedBytes: number;
  readonly keepAliveMs: number;
}
export const DEFAULT_TCP: TcpSettings = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: 256,
  stallMs: 10_000,
  connectMs: 5_000,
  lingerMs: 1_000,
  maxQueuedBytes: 1024 * 1024,
  keepAliveMs: 60_000,
};

const PONG = '\r\n';

/** What the connections of a listener share. */
interface Owner {
  readonly timers: TimerQueue;
  readonly settings: TcpSettings;
  readonly listener: TransportListener;
  closed(connection: Connection): void;
}

/** One TCP connection: accepted, or opened by us. */
class Connection implements Flow {
  readonly transport = 'tcp';
  readonly reliable = true;
  readonly secure = false;
  readonly id: string;
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly remote: Endpoint;
  open = true;
  readonly #socket: Socket;
  readonly #owner: Owner;
  readonly #framer = new Framer();
  #timer: Timer | undefined;
  #why = 'closed by the peer';

  constructor(owner: Owner, socket: Socket, ours: Listening, remote: Endpoint, serial: number) {
    this.id = `tcp/${endpointName(ours.local)}/${endpointName(remote)}#${serial}`;
    this.local = ours.local;
    this.advertised = ours.advertised;
    this.remote = remote;
    this.#socket = socket;
    this.#owner = owner;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, owner.settings.keepAliveMs);
    socket.on('error', (error) => {
      this.#why = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
    });
    // A peer that has sent all may still wait for answers.
    socket.on('end', () => this.#waitAndClose(owner.settings.lingerMs));
    socket.on('close', () => this.#closed());
    socket.on('data', (bytes) => this.#received(bytes));
  }

  /** Closes it unless it has sent a whole message in time. */
  expectMessage(): void {
    this.#timer = this.#owner.timers.set(this.#owner.settings.stallMs, () => this.close('no message came'));
  }

  /** Closes it unless it is established in time. */
  expectConnection(): void {
    this.#timer = this.#owner.timers.set(this.#owner.settings.connectMs, () => this.close('connecting took too long'));
    this.#socket.once('connect', () => this.#settle());
  }

  send(message: string): void {
    if (!this.open) return;
    this.#socket.write(message, 'latin1');
    if (this.#socket.writableLength > this.#owner.settings.maxQueuedBytes) this.close('the peer does not read');
  }

  close(why: string): void {
    if (this.open) this.#why = why;
    this.open = false;
    this.#socket.destroy();
  }

  /** Sends what is queued, then closes. */
  finish(why: string): void {
    if (!this.open) return;
    this.open = false;
    this.#why = why;
    this.#waitAndClose(this.#owner.settings.stallMs);
    this.#socket.end(() => this.#socket.destroy());
  }

  #waitAndClose(afterMs: number): void {
    this.#settle();
    this.#timer = this.#owner.timers.set(afterMs, () => this.close('closed by the peer'));
  }

  #settle(): void {
    this.#owner.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #closed(): void {
    this.open = false;
    this.#settle();
    this.#owner.closed(this);
    this.#owner.listener.failed(this, this.#why);
  }

  #received(bytes: Buffer): void {
    if (!this.open) return;
    for (const found of this.#framer.push(bytes)) {
      if (found === 'ping') this.send(PONG);
      else if (Buffer.isBuffer(found)) this.#message(found);
      else {
        this.#owner.listener.malformed?.(found, this);
        this.finish(found.reason);
      }
      if (!this.open) return;
    }
    if (this.#framer.partial && this.#timer === undefined) this.expectMessage();
  }

  #message(bytes: Buffer): void {
    this.#settle();
    this.#owner.listener.received(bytes, this);
  }
}

/** One listening TCP socket, the connections it accepted, and those opened on its behalf. */
export class TcpListener implements Listening {
  readonly transport = 'tcp';
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly #server: Server;
  readonly #bound: string;
  readonly #owner: Owner;
  readonly #connections = new Map<string, Connection>();
  readonly #byRemote = new Map<string, Connection>();
  readonly #perAddress = new Map<string, number>();
  #serial = 0;

  constructor(
    server: Server,
    bound: Endpoint,
    asked: ListenerSettings,
    parts: Omit<Owner, 'closed'>,
    report: (error: Error) => void,
  ) {
    this.local = nameable(bound);
    this.advertised = advertisedBy(asked, this.local);
    this.#bound = bound.host;
    this.#server = server;
    this.#owner = { ...parts, closed: (connection) => this.#forget(connection) };
    server.on('error', report);
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** Number of connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** An open connection to that endpoint, else a new one. `undefined` if there are too many. */
  flowTo(remote: Endpoint): Flow | undefined {
    const known = this.#byRemote.get(endpointName(remote));
    if (known?.open) return known;
    return this.#connections.size < this.#owner.settings.maxConnections ? this.#connect(remote) : undefined;
  }

  flowById(id: string): Flow | undefined {
    const connection = this.#connections.get(id);
    return connection?.open ? connection : undefined;
  }

  close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close('the service stops');
    return new Promise((closed) => this.#server.close(() => closed()));
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    const { maxConnections, maxConnectionsPerAddress } = this.#owner.settings;
    const host = plainHost(remoteAddress ?? '');
    const full = this.#connections.size >= maxConnections || (this.#perAddress.get(host) ?? 0) >= maxConnectionsPerAddress;
    const unwanted = this.#owner.listener.admitsConnection?.(host) === false;
    if (full || unwanted || remoteAddress === undefined || remotePort === undefined) {
      // Also gone: reset between the accepting and now.
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    this.#adopt(socket, { host, port: remotePort }).expectMessage();
  }

  #connect({ host, port }: Endpoint): Connection {
    const localAddress = this.local.host === this.#bound ? { localAddress: this.#bound } : {};
    const socket = createConnection({ host, port, family: isV6(host) ? 6 : 4, allowHalfOpen: true, ...localAddress });
    const connection = this.#adopt(socket, { host, port });
    connection.expectConnection();
    return connection;
  }

  #adopt(socket: Socket, remote: Endpoint): Connection {
    this.#serial += 1;
    const connection = new Connection(this.#owner, socket, this, remote, this.#serial);
    this.#connections.set(connection.id, connection);
    this.#byRemote.set(endpointName(remote), connection);
    this.#perAddress.set(remote.host, (this.#perAddress.get(remote.host) ?? 0) + 1);
    return connection;
  }

  #forget(connection: Connection): void {
    const { host } = connection.remote;
    const name = endpointName(connection.remote);
    this.#connections.delete(connection.id);
    if (this.#byRemote.get(name) === connection) this.#byRemote.delete(name);
    const left = (this.#perAddress.get(host) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(host);
    else this.#perAddress.set(host, left);
  }
}

/** Binds one TCP socket; the reason as a value where that fails. */
export function listenTcp(
  asked: ListenerSettings,
  parts: { readonly timers: TimerQueue; readonly settings: TcpSettings; readonly listener: TransportListener },
  report: (error: Error) => void,
): Promise<TcpListener | Error> {
  const { host, port } = asked;
  return new Promise((done) => {
    const server = createServer({ allowHalfOpen: true });
    server.once('error', done);
    server.listen({ host, port, ipv6Only: isV6(host), exclusive: true }, () => {
      server.off('error', done);
      const address = server.address();
      const bound = { host, port: typeof address === 'object' && address !== null ? address.port : port };
      done(new TcpListener(server, bound, asked, parts, report));
    });
  });
}
