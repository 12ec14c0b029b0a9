import { createConnection, type Socket } from 'node:net';
import type { TimerQueue } from '../timers.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type { ConnectionLimits, StreamSettings } from './connection-limits.ts';
import type { Door } from './door.ts';
import { advertisedBy, endpointName, isV6, type ListenerSettings, nameable } from './endpoint.ts';
import type { TlsSide } from './tls.ts';
import type { Endpoint, Flow, Listening, TransportListener } from './transport.ts';

/** What all listeners of connections share. */
export interface StreamParts {
  readonly timers: TimerQueue;
  readonly settings: StreamSettings;
  readonly limits: ConnectionLimits;
  readonly listener: TransportListener;
}

/** One listener for TCP, or with `tls` for TLS: the connections it accepted, and those opened on its behalf. */
export class StreamListener implements Listening {
  readonly transport: 'tcp' | 'tls';
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly #door: Door;
  readonly #limits: ConnectionLimits;
  readonly #tls: TlsSide | undefined;
  readonly #owner: ConnectionOwner;
  readonly #connections = new Map<string, Connection>();
  /** Those that a request to the endpoint may use; over TLS only those whose certificate we checked by that name. */
  readonly #byRemote = new Map<string, Connection>();
  #serial = 0;

  constructor(door: Door, asked: ListenerSettings, { limits, ...parts }: StreamParts, tls?: TlsSide) {
    this.transport = tls === undefined ? 'tcp' : 'tls';
    this.local = nameable(door.bound);
    this.advertised = advertisedBy(asked, this.local);
    this.#door = door;
    this.#limits = limits;
    this.#tls = tls;
    this.#owner = { ...parts, closed: (connection) => void this.#connections.delete(connection.id) };
    const accept = (socket: Socket, remote: Endpoint): void => this.#adopt(socket, remote, 'accepted').expectMessage();
    door.entered = tls === undefined ? accept : tls.acceptor(parts.settings.handshakeMs, accept);
  }

  /** Number of connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** An open connection to that endpoint, else a new one. `undefined` if there are too many. */
  flowTo(remote: Endpoint, serverName?: string): Flow | undefined {
    const known = this.#byRemote.get(this.#keyOf(remote, serverName));
    if (known?.open) return known;
    return this.#limits.isFull ? undefined : this.#connect(remote, serverName);
  }

  flowById(id: string): Flow | undefined {
    const connection = this.#connections.get(id);
    return connection?.open ? connection : undefined;
  }

  close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close('the service stops');
    this.#tls?.close();
    return this.#door.close();
  }

  #connect(remote: Endpoint, serverName: string | undefined): Connection {
    const { host, port } = remote;
    const localAddress = this.local.host === this.#door.bound.host ? { localAddress: this.local.host } : {};
    const family = isV6(host) ? 6 : 4;
    const how = { host, port, family, allowHalfOpen: true, ...localAddress };
    const socket = this.#tls === undefined ? createConnection(how) : this.#tls.connect(how, serverName);
    this.#limits.take(host);
    socket.once('close', () => this.#limits.giveBack(host));
    const connection = this.#adopt(socket, remote, this.#keyOf(remote, serverName));
    connection.expectConnection();
    return connection;
  }

  #adopt(socket: Socket, remote: Endpoint, key: string): Connection {
    this.#serial += 1;
    const connection = new Connection(this.#owner, socket, this, remote, this.#serial);
    this.#connections.set(connection.id, connection);
    // Over TLS nobody knows which domain an accepted connection speaks for.
    const name = key !== 'accepted' ? key : this.#tls === undefined ? this.#keyOf(remote, undefined) : undefined;
    if (name !== undefined) {
      this.#byRemote.set(name, connection);
      socket.once('close', () => {
        if (this.#byRemote.get(name) === connection) this.#byRemote.delete(name);
      });
    }
    return connection;
  }

  #keyOf(remote: Endpoint, serverName: string | undefined): string {
    const name = endpointName(remote);
    return this.#tls === undefined || serverName === undefined ? name : `${name} ${serverName.toLowerCase()}`;
  }
}
