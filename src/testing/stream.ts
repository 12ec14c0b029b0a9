import type { TimerQueue } from '../timers.ts';
import type { Endpoint } from '../transport/transport.ts';

/** What a stream's ends ask of the network between them. */
export interface Carrier {
  readonly timers: TimerQueue;
  blocked(from: Endpoint, to: Endpoint): boolean;
  delayMs(from: Endpoint, to: Endpoint): number;
  sent(text: string, from: Endpoint, to: Endpoint): void;
  gone(stream: StreamEnd): void;
}

type State = 'connecting' | 'open' | 'closed';

/** One end of a simulated connection. Each send arrives as one piece, in order; how a message is cut is the real transport's test. */
export class StreamEnd {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** When somebody began to connect. */
  readonly bornMs: number;
  peer: StreamEnd | undefined;
  onMessage: (text: string) => void = () => {};
  onClosed: (why: string) => void = () => {};
  readonly #carrier: Carrier;
  #state: State = 'connecting';
  #queue: (() => void)[] = [];
  #lastArrivalMs = 0;

  constructor(local: Endpoint, remote: Endpoint, carrier: Carrier, bornMs: number = carrier.timers.now()) {
    this.bornMs = bornMs;
    this.local = local;
    this.remote = remote;
    this.#carrier = carrier;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  send(text: string): void {
    if (this.isClosed) return;
    this.#carrier.sent(text, this.local, this.remote);
    this.#queue.push(() => {
      const { peer } = this;
      if (peer !== undefined && !peer.isClosed) peer.onMessage(text);
    });
    this.resume();
  }

  /** Closes after what was sent; the other end hears of it in order. */
  close(): void {
    if (this.isClosed) return;
    const { peer } = this;
    this.#queue.push(() => peer?.closed('closed by peer'));
    this.resume();
    this.#end();
  }

  /** The network's: the connection stands. */
  established(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.resume();
  }

  /** The network's: the connection is gone. */
  closed(why: string): void {
    if (this.isClosed) return;
    this.#end();
    this.onClosed(why);
  }

  /** Sends on what waits, unless the path is blocked or the connection does not stand yet. */
  resume(): void {
    if (this.#state !== 'open' || this.#carrier.blocked(this.local, this.remote)) return;
    const queue = this.#queue;
    this.#queue = [];
    for (const deliver of queue) this.#carry(deliver);
  }

  #carry(deliver: () => void): void {
    const { timers } = this.#carrier;
    const nowMs = timers.now();
    const arrivalMs = Math.max(this.#lastArrivalMs, nowMs + this.#carrier.delayMs(this.local, this.remote));
    this.#lastArrivalMs = arrivalMs;
    timers.set(arrivalMs - nowMs, deliver);
  }

  #end(): void {
    this.#state = 'closed';
    this.#carrier.gone(this);
  }
}
