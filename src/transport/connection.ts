import type { Socket } from 'node:net';
import { Framer } from '../sip/framing.ts';
import type { Timer, TimerQueue } from '../timers.ts';
import type { StreamSettings } from './connection-limits.ts';
import { endpointName } from './endpoint.ts';
import type { Endpoint, Flow, Listening, TransportListener } from './transport.ts';

const PONG = '\r\n';

/** What the connections of a listener share. */
export interface ConnectionOwner {
  readonly timers: TimerQueue;
  readonly settings: StreamSettings;
  readonly listener: TransportListener;
  closed(connection: Flow): void;
}

/** One connection that carries a stream of messages, over TCP or TLS: accepted, or opened by us. */
export class Connection implements Flow {
  readonly transport: 'tcp' | 'tls';
  readonly reliable = true;
  readonly secure: boolean;
  readonly id: string;
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly remote: Endpoint;
  open = true;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #framer = new Framer();
  #timer: Timer | undefined;
  #why = 'closed by the peer';

  constructor(
    owner: ConnectionOwner,
    socket: Socket,
    ours: Listening & { transport: 'tcp' | 'tls' },
    remote: Endpoint,
    serial: number,
  ) {
    this.transport = ours.transport;
    this.secure = ours.transport === 'tls';
    this.id = `${ours.transport}/${endpointName(ours.local)}/${endpointName(remote)}#${serial}`;
    this.local = ours.local;
    this.advertised = ours.advertised;
    this.remote = remote;
    this.#socket = socket;
    this.#owner = owner;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, owner.settings.keepAliveMs);
    socket.on('error', (error) => {
      if (this.open) this.#why = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
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

  /** Closes it unless it is established in time, over TLS with its handshake. */
  expectConnection(): void {
    const { connectMs, handshakeMs } = this.#owner.settings;
    const limitMs = this.secure ? connectMs + handshakeMs : connectMs;
    this.#timer = this.#owner.timers.set(limitMs, () => this.close('connecting took too long'));
    this.#socket.once(this.secure ? 'secureConnect' : 'connect', () => this.#settle());
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
