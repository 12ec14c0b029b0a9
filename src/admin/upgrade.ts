/** WebSockets at the door (RFC 6455): who may open one is decided by the same routes and guards as everything else. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { TimerQueue } from '../timers.ts';

/** Begins to tell a connection that was admitted; the answer ends that. */
export type Begin = (send: (text: string) => void) => () => void;

/** What a request for an upgrade carries to its route. */
export interface UpgradeBindings {
  readonly incoming: IncomingMessage;
  /** Where a route says that it admits the connection. */
  readonly admit?: (begin: Begin) => void;
}

export interface UpgradeParts {
  /** The routes and their guards. */
  readonly answer: (request: Request, bindings: UpgradeBindings) => Response | Promise<Response>;
  readonly timers: TimerQueue;
  readonly report: (error: unknown) => void;
}

/** Nothing is heard here. */
const MAX_HEARD_BYTES = 1_024;
/** Who reads so slowly opens another one, which begins with what is. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Now and then it is looked whether the other side is there, and still may be. */
const BEAT_MS = 20_000;
/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
const NOT_ALLOWED = 1008;
const TRY_AGAIN = 1013;

/** Answers the upgrades of a server; closes what it opened. */
export class Upgrades {
  readonly #parts: UpgradeParts;
  readonly #sockets = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MAX_HEARD_BYTES },
  });
  readonly #open = new Set<WebSocket>();

  constructor(server: Server, parts: UpgradeParts) {
    this.#parts = parts;
    this.#sockets.on('wsClientError', (_error, socket) => socket.destroy());
    server.on('upgrade', (incoming, socket, head) => void this.#answer(incoming, socket, head).catch(parts.report));
  }

  close(): void {
    for (const socket of this.#open) {
      socket.close(GOING_AWAY);
      socket.terminate();
    }
  }

  async #answer(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A reset while the routes decide.
    socket.on('error', () => socket.destroy());
    const { begin, response } = await this.#ask(incoming);
    if (socket.destroyed) return;
    if (begin === undefined) await refuse(socket, response);
    else this.#sockets.handleUpgrade(incoming, socket, head, (opened) => this.#begin(opened, begin, incoming));
  }

  async #ask(incoming: IncomingMessage): Promise<{ readonly begin: Begin | undefined; readonly response: Response }> {
    const { url = '/', headers } = incoming;
    const address = `http://${headers.host ?? ''}${url}`;
    if (!URL.canParse(address)) return { begin: undefined, response: new Response(null, { status: 400 }) };
    let begin: Begin | undefined;
    const told = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    const admit = (admitted: Begin): void => {
      begin = admitted;
    };
    const response = await this.#parts.answer(new Request(address, { headers: told }), { incoming, admit });
    return { begin: response.ok ? begin : undefined, response };
  }

  #begin(socket: WebSocket, begin: Begin, incoming: IncomingMessage): void {
    this.#open.add(socket);
    const end = begin((text) => {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.close(TRY_AGAIN, 'too slow');
      else socket.send(text);
    });
    const stopBeating = this.#beat(socket, incoming);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#open.delete(socket);
      stopBeating();
      end();
    });
  }

  #beat(socket: WebSocket, incoming: IncomingMessage): () => void {
    const { timers, report } = this.#parts;
    let isThere = true;
    socket.on('pong', () => {
      isThere = true;
    });
    const beat = (): void => {
      if (!isThere) {
        socket.terminate();
        return;
      }
      isThere = false;
      socket.ping();
      timer = timers.set(BEAT_MS, beat);
      // A session may have run out, or been ended.
      void this.#ask(incoming).then(({ begin }) => begin === undefined && socket.close(NOT_ALLOWED), report);
    };
    let timer = timers.set(BEAT_MS, beat);
    return () => timers.clear(timer);
  }
}

async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = [...response.headers].filter(([name]) => name !== 'content-length' && name !== 'connection');
  const lines = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? 'Refused'}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
    'connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]));
}
