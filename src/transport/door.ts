import { createServer, type Server, type Socket } from 'node:net';
import type { ConnectionLimits } from './connection-limits.ts';
import { isV6, type ListenerSettings, plainHost } from './endpoint.ts';
import type { Endpoint, TransportListener } from './transport.ts';

/** What a listening socket hands on: a connection that is counted, and who is at its other end. */
export type Entered = (socket: Socket, remote: Endpoint) => void;

/** A listening socket: counts connections in and out, and lets in those that the limits and the listener admit. */
export class Door {
  readonly bound: Endpoint;
  /** Where connections go that are let in. */
  entered: Entered = (socket) => socket.destroy();
  readonly #server: Server;
  readonly #limits: ConnectionLimits;
  readonly #listener: TransportListener;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, bound: Endpoint, limits: ConnectionLimits, listener: TransportListener) {
    this.bound = bound;
    this.#server = server;
    this.#limits = limits;
    this.#listener = listener;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** Ends what it let in, handshakes too. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((closed) => this.#server.close(() => closed()));
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    const host = plainHost(remoteAddress ?? '');
    // Whoever takes the connection over has its own; until then a reset must not be an uncaught error.
    socket.on('error', () => {});
    const isWanted = this.#limits.admits(host) && this.#listener.admitsConnection?.(host) !== false;
    // No address: reset between the accepting and now.
    if (!isWanted || remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    this.#limits.take(host);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#limits.giveBack(host);
    });
    this.entered(socket, { host, port: remotePort });
  }
}

/** Binds one TCP socket; the reason as a value where that fails. */
export function openDoor(
  { host, port }: ListenerSettings,
  limits: ConnectionLimits,
  listener: TransportListener,
  report: (error: Error) => void,
): Promise<Door | Error> {
  return new Promise((done) => {
    const server = createServer({ allowHalfOpen: true });
    server.once('error', done);
    server.listen({ host, port, ipv6Only: isV6(host), exclusive: true }, () => {
      server.off('error', done);
      server.on('error', report);
      const address = server.address();
      const bound = { host, port: typeof address === 'object' && address !== null ? address.port : port };
      done(new Door(server, bound, limits, listener));
    });
  });
}
