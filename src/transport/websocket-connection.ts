/** One WebSocket as a flow (RFC 7118 §5). */
import { isUtf8 } from 'node:buffer';
import type { RawData, WebSocket } from 'ws';
import type { Timer } from '../timers.ts';
import type { ConnectionOwner } from './connection.ts';
import { endpointName } from './endpoint.ts';
import type { Endpoint, Flow, Listening } from './transport.ts';

const CR = 0x0d;
const LF = 0x0a;
const PING = '\r\n\r\n';
const PONG = '\r\n';
/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
const hasBytesAbove127 = (text: string): boolean => /[\x80-\xff]/.test(text);

/** One WebSocket: a message is one frame, text or binary (RFC 7118 §5). */
export class WebSocketConnection implements Flow {
  readonly transport: 'ws' | 'wss';
  readonly reliable = true;
  readonly secure: boolean;
  readonly id: string;
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly remote: Endpoint;
  open = true;
  readonly #socket: WebSocket;
  readonly #owner: ConnectionOwner;
  #timer: Timer | undefined;
  #isNew = true;
  #isAlive = true;
  #why = 'closed by the peer';

  constructor(
    owner: ConnectionOwner,
    socket: WebSocket,
    ours: Listening & { transport: 'ws' | 'wss' },
    remote: Endpoint,
    serial: number,
  ) {
    this.transport = ours.transport;
    this.secure = ours.transport === 'wss';
    this.id = `${ours.transport}/${endpointName(ours.local)}/${endpointName(remote)}#${serial}`;
    this.local = ours.local;
    this.advertised = ours.advertised;
    this.remote = remote;
    this.#socket = socket;
    this.#owner = owner;
    socket.on('message', (bytes) => this.#received(bytes));
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('error', (error) => {
      if (this.open) this.#why = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
    });
    socket.on('close', () => this.#closed());
    this.#timer = owner.timers.set(owner.settings.stallMs, () => this.close('no message came'));
  }

  send(message: string): void {
    if (!this.open) return;
    if (!hasBytesAbove127(message)) this.#socket.send(message);
    else {
      const bytes = Buffer.from(message, 'latin1');
      // A text frame that is no UTF-8 would make the browser close the connection (RFC 6455 §8.1).
      this.#socket.send(bytes, { binary: !isUtf8(bytes) });
    }
    if (this.#socket.bufferedAmount > this.#owner.settings.maxQueuedBytes) this.close('the peer does not read');
  }

  close(why: string): void {
    if (this.open) this.#why = why;
    this.open = false;
    this.#socket.terminate();
  }

  /** Says good-bye (RFC 6455 §7.1.1), and waits for the peer's no longer than for any message. */
  finish(why: string): void {
    if (!this.open) return;
    this.#why = why;
    this.open = false;
    this.#owner.timers.clear(this.#timer);
    this.#timer = this.#owner.timers.set(this.#owner.settings.lingerMs, () => this.#socket.terminate());
    this.#socket.close(GOING_AWAY);
  }

  #received(data: RawData): void {
    if (!this.open) return;
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    this.#isAlive = true;
    // RFC 7118 §6 leaves the keep-alive of RFC 5626 to those who want it.
    if (bytes.length <= PING.length && bytes.every((byte) => byte === CR || byte === LF)) {
      if (bytes.length === PING.length) this.send(PONG);
      return;
    }
    if (this.#isNew) this.#keepAlive();
    this.#isNew = false;
    this.#owner.listener.received(bytes, this);
  }

  /** RFC 6455 §5.5.2: a peer that answers no ping is gone, however long TCP would wait. */
  #keepAlive(): void {
    this.#owner.timers.clear(this.#timer);
    this.#timer = this.#owner.timers.set(this.#owner.settings.pingMs, () => {
      if (!this.#isAlive) {
        this.close('no pong came');
        return;
      }
      this.#isAlive = false;
      this.#socket.ping();
      this.#keepAlive();
    });
  }

  #closed(): void {
    this.open = false;
    this.#owner.timers.clear(this.#timer);
    this.#owner.closed(this);
    this.#owner.listener.failed(this, this.#why);
  }
}
