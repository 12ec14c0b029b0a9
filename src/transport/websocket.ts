/** SIP over WebSocket (RFC 7118): the server's side of the handshake. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { MAX_MESSAGE_BYTES } from '../sip/codec.ts';
import type { Timer } from '../timers.ts';
import type { ConnectionOwner } from './connection.ts';
import type { Door } from './door.ts';
import { advertisedBy, type ListenerSettings, nameable } from './endpoint.ts';
import type { StreamParts } from './stream.ts';
import type { TlsSide } from './tls.ts';
import type { Endpoint, Flow, Listening } from './transport.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** Who may open a WebSocket, and where. */
export interface WebSocketSettings {
  /** The one path that is served; all are where none is set. */
  readonly path: string | undefined;
  /** Whether a page of that origin may connect. */
  readonly admitsOrigin: (origin: string) => boolean;
}

/** RFC 7118 §4.1. */
const SUBPROTOCOL = 'sip';
const MAX_HEAD_BYTES = 16_384;

/** One listener for WebSockets, with `tls` for secure ones. */
export class WebSocketListener implements Listening {
  readonly transport: 'ws' | 'wss';
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly #door: Door;
  readonly #tls: TlsSide | undefined;
  readonly #http: Server;
  readonly #websockets: WebSocketServer;
  readonly #settings: WebSocketSettings;
  readonly #parts: StreamParts;
  readonly #owner: ConnectionOwner;
  readonly #connections = new Map<string, WebSocketConnection>();
  /** Connections whose handshake goes on, with the limit of each. */
  readonly #shaking = new Map<Duplex, { readonly remote: Endpoint; readonly limit: Timer }>();
  #serial = 0;

  constructor(door: Door, asked: ListenerSettings, parts: StreamParts, settings: WebSocketSettings, tls?: TlsSide) {
    this.transport = tls === undefined ? 'ws' : 'wss';
    this.local = nameable(door.bound);
    this.advertised = advertisedBy(asked, this.local);
    this.#door = door;
    this.#tls = tls;
    this.#settings = settings;
    this.#parts = parts;
    this.#owner = { ...parts, closed: (connection) => void this.#connections.delete(connection.id) };
    this.#http = this.#httpServer();
    this.#websockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: () => SUBPROTOCOL,
    });
    // The bytes of a handshake that ws refuses: it has answered.
    this.#websockets.on('wsClientError', (_error, socket) => socket.destroy());
    const entered = (socket: Socket, remote: Endpoint): void => this.#entered(socket, remote);
    door.entered = tls === undefined ? entered : tls.acceptor(parts.settings.handshakeMs, entered);
  }

  /** Number of connections. */
  get size(): number {
    return this.#connections.size;
  }

  flowById(id: string): Flow | undefined {
    const connection = this.#connections.get(id);
    return connection?.open ? connection : undefined;
  }

  close(): Promise<void> {
    for (const socket of this.#shaking.keys()) socket.destroy();
    for (const connection of this.#connections.values()) connection.finish('the service stops');
    this.#tls?.close();
    return this.#door.close();
  }

  #httpServer(): Server {
    const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES, keepAlive: false });
    server.on('request', (request, response) => this.#answer(request, response));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('clientError', (_error, socket) => refuse(socket, 400, 'This is no HTTP request.'));
    return server;
  }

  #entered(socket: Socket, remote: Endpoint): void {
    const { timers, settings } = this.#parts;
    const limit = timers.set(settings.handshakeMs, () => socket.destroy());
    this.#shaking.set(socket, { remote, limit });
    socket.once('close', () => this.#endShaking(socket));
    socket.setNoDelay(true);
    this.#http.emit('connection', socket);
  }

  #endShaking(socket: Duplex): Endpoint | undefined {
    const shaking = this.#shaking.get(socket);
    if (shaking === undefined) return undefined;
    this.#parts.timers.clear(shaking.limit);
    this.#shaking.delete(socket);
    return shaking.remote;
  }

  /** A browser or a health check that came by: told what this is. */
  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { status, text } = this.#isServed(request) ? UPGRADE_FIRST : NOT_FOUND;
    const upgrade = status === UPGRADE_FIRST.status ? { upgrade: 'websocket' } : {};
    response.writeHead(status, { 'content-type': 'text/plain', connection: 'close', ...upgrade });
    response.end(text);
  }

  #isServed({ url }: IncomingMessage): boolean {
    const { path } = this.#settings;
    return path === undefined || (url ?? '').split('?', 1)[0] === path;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      refuse(socket, refusal.status, refusal.text);
      return;
    }
    this.#websockets.handleUpgrade(request, socket, head, (websocket) => {
      const remote = this.#endShaking(socket);
      if (remote === undefined) websocket.terminate();
      else this.#adopt(websocket, remote);
    });
  }

  #refusalOf(request: IncomingMessage): HttpRefusal | undefined {
    if (!this.#isServed(request)) return NOT_FOUND;
    const { origin } = request.headers;
    // Only browsers say which page connects, and only they can be lured to; whoever else could say anything.
    if (origin !== undefined && !this.#settings.admitsOrigin(origin)) return FOREIGN_ORIGIN;
    const asked = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    // RFC 7118 §4.1: without it this is not SIP.
    return asked.includes(SUBPROTOCOL) ? undefined : NO_SUBPROTOCOL;
  }

  #adopt(websocket: WebSocket, remote: Endpoint): void {
    this.#serial += 1;
    const connection = new WebSocketConnection(this.#owner, websocket, this, remote, this.#serial);
    this.#connections.set(connection.id, connection);
  }
}

interface HttpRefusal {
  readonly status: number;
  readonly text: string;
}
const UPGRADE_FIRST: HttpRefusal = {
  status: 426,
  text: 'This is a SIP server for WebSocket clients (RFC 7118); connect with the subprotocol sip.\n',
};
const NOT_FOUND: HttpRefusal = { status: 404, text: 'SIP over WebSocket is served at another path: websocket.path.\n' };
const FOREIGN_ORIGIN: HttpRefusal = {
  status: 403,
  text: 'Pages of this origin may not connect; websocket.origins says which may.\n',
};
const NO_SUBPROTOCOL: HttpRefusal = { status: 400, text: 'Ask for the WebSocket subprotocol sip (RFC 7118).\n' };
const PHRASES: Readonly<Record<number, string>> = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found' };

function refuse(socket: Duplex, status: number, text: string): void {
  socket.on('error', () => {});
  if (socket.writable) {
    socket.end(
      `HTTP/1.1 ${status} ${PHRASES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  }
  socket.once('finish', () => socket.destroy());
}
