import type { TimerQueue } from '../timers.ts';
import type { Endpoint, TransportName } from '../transport/transport.ts';
import type { SeededRandom } from './seeded-random.ts';
import { StreamEnd } from './stream.ts';

/** How a path behaves; probabilities are in [0, 1]. */
export interface Conditions {
  readonly latencyMs: number;
  /** Up to so much is added to the latency, evenly spread. */
  readonly jitterMs: number;
  /** Datagrams: lost. Streams lose nothing; there it costs a retransmission's delay. */
  readonly loss: number;
  /** Datagrams only: arrives twice. */
  readonly duplication: number;
  /** Datagrams only: arrives so late that others overtake it. */
  readonly reordering: number;
}

/** One message as it left a sender, and what became of it. */
export interface Packet {
  readonly atMs: number;
  readonly transport: TransportName;
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The message's bytes as latin1. */
  readonly text: string;
  readonly lost: boolean;
}

/** A bound datagram socket of the simulated network. */
export interface DatagramSocket {
  send(text: string, to: Endpoint): void;
  close(): void;
}

type Receive = (text: string, from: Endpoint) => void;
type Accept = (stream: StreamEnd) => void;
type StreamTransport = Exclude<TransportName, 'udp'>;
interface Rule {
  readonly from: string;
  readonly to: string;
  readonly conditions: Partial<Conditions>;
  readonly blocked: boolean;
}

const CALM: Conditions = { latencyMs: 5, jitterMs: 0, loss: 0, duplication: 0, reordering: 0 };
/** What a lost segment costs a stream: the usual least retransmission timeout of TCP. */
const SEGMENT_REPEAT_MS = 200;
const OVERTAKEN_MS = 50;
const CONNECT_TIMEOUT_MS = 10_000;
const FIRST_EPHEMERAL_PORT = 49_152;

/** `10.0.0.1:5060`, `[::1]:5060`. */
export const endpointName = ({ host, port }: Endpoint): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
const matches = (pattern: string, endpoint: Endpoint): boolean =>
  pattern === '*' || pattern === endpoint.host || pattern === endpointName(endpoint);

/**
 * A network inside one process, in virtual time: datagrams that may be lost, doubled and overtaken, and streams that
 * are reliable and ordered until they break. Paths are named by `host`, `host:port` or `*`.
 */
export class SimulatedNetwork {
  /** Sees every message as it is sent. */
  tap: (packet: Packet) => void = () => {};
  readonly #timers: TimerQueue;
  readonly #random: SeededRandom;
  /** Each direction has luck of its own, so that what others send does not change it: histories stay as they are with less in them. */
  readonly #luck = new Map<string, SeededRandom>();
  #conditions: Conditions;
  #rules: Rule[] = [];
  readonly #sockets = new Map<string, Receive>();
  readonly #listeners = new Map<string, { readonly accept: Accept; readonly transport: StreamTransport }>();
  readonly #streams = new Set<StreamEnd>();
  #port = FIRST_EPHEMERAL_PORT;

  constructor(parts: { readonly timers: TimerQueue; readonly random: SeededRandom; readonly conditions?: Partial<Conditions> }) {
    this.#timers = parts.timers;
    this.#random = parts.random;
    this.#conditions = { ...CALM, ...parts.conditions };
  }

  /** Number of connections that are open, each counted once. */
  get connections(): number {
    return this.#streams.size / 2;
  }

  /** Whether a connection stands that has this address on one of its ends, and stood or was asked for at that instant. */
  isConnected({ host, port }: Endpoint, sinceMs = Number.POSITIVE_INFINITY): boolean {
    for (const { local, bornMs } of this.#streams)
      if (local.port === port && local.host === host && bornMs <= sinceMs) return true;
    return false;
  }

  /** Changes how all paths behave, but those set by `path`. */
  weather(conditions: Partial<Conditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  /** Changes how one direction behaves; the latest that fits wins. */
  path(from: string, to: string, conditions: Partial<Conditions>): void {
    this.#rules.push({ from, to, conditions, blocked: false });
  }

  /** Nothing passes in this direction until `heal`, or until what it answers is called: datagrams are lost, streams stall. */
  block(from: string, to: string): () => void {
    const rule: Rule = { from, to, conditions: {}, blocked: true };
    this.#rules.push(rule);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
      this.#resume();
    };
  }

  /** Blocks both directions; what it answers opens them again. */
  partition(a: string, b: string): () => void {
    const opens = [this.block(a, b), this.block(b, a)];
    return () => {
      for (const open of opens) open();
    };
  }

  /** Takes back all partitions, `path` settings and weather; streams that stalled go on. */
  heal(): void {
    this.#rules = [];
    this.#conditions = CALM;
    this.#resume();
  }

  #resume(): void {
    for (const stream of this.#streams) stream.resume();
  }

  /** Opens a datagram socket. Throws if the address is taken. */
  bind(local: Endpoint, receive: Receive): DatagramSocket {
    const name = endpointName(local);
    if (this.#sockets.has(name)) throw new Error(`${name} is in use`);
    this.#sockets.set(name, receive);
    return {
      send: (text, to) => {
        if (this.#sockets.get(name) === receive) this.#sendDatagram(text, local, to);
      },
      close: () => {
        if (this.#sockets.get(name) === receive) this.#sockets.delete(name);
      },
    };
  }

  /** Accepts connections of one transport. Throws if the address is taken. */
  listen(local: Endpoint, accept: Accept, transport: StreamTransport = 'tcp'): { close(): void } {
    const name = endpointName(local);
    if (this.#listeners.has(name)) throw new Error(`${name} is in use`);
    this.#listeners.set(name, { accept, transport });
    return { close: () => void this.#listeners.delete(name) };
  }

  /** Opens a connection; what is sent before it stands waits for it. */
  connect(host: string, remote: Endpoint, transport: StreamTransport = 'tcp'): StreamEnd {
    const client = new StreamEnd({ host, port: this.#nextPort() }, remote, this.#carrier(transport));
    if (this.#blocked(client.local, remote) || this.#blocked(remote, client.local)) {
      this.#timers.set(CONNECT_TIMEOUT_MS, () => client.closed('timed out'));
      return client;
    }
    this.#timers.set(this.#delayMs(client.local, remote), () => this.#meet(client, transport));
    return client;
  }

  /** Breaks all connections that touch an address, as a reset does: both ends hear of it. */
  breakStreams(pattern: string): void {
    for (const stream of [...this.#streams]) {
      if (!matches(pattern, stream.local)) continue;
      stream.peer?.closed('reset');
      stream.closed('reset');
    }
  }

  #meet(client: StreamEnd, transport: StreamTransport): void {
    const listener = this.#listeners.get(endpointName(client.remote));
    const backMs = this.#delayMs(client.remote, client.local);
    // Who speaks another protocol is not understood.
    if (listener?.transport !== transport) {
      this.#timers.set(backMs, () => client.closed('refused'));
      return;
    }
    if (client.isClosed) return;
    const server = new StreamEnd(client.remote, client.local, this.#carrier(transport), client.bornMs);
    client.peer = server;
    server.peer = client;
    this.#streams.add(client).add(server);
    // First, so that it may be closed at once.
    server.established();
    listener.accept(server);
    this.#timers.set(backMs, () => client.established());
  }

  #carrier(transport: StreamTransport) {
    return {
      blocked: (from: Endpoint, to: Endpoint) => this.#blocked(from, to),
      delayMs: (from: Endpoint, to: Endpoint) => {
        let delayMs = this.#delayMs(from, to);
        // Bounded, so that a loss of 1 stalls a stream and not the test.
        for (let tries = 0; tries < 10 && this.#happens(this.#on(from, to).loss, from, to); tries += 1)
          delayMs += SEGMENT_REPEAT_MS;
        return delayMs;
      },
      timers: this.#timers,
      sent: (text: string, from: Endpoint, to: Endpoint) =>
        this.tap({ atMs: this.#timers.now(), transport, from, to, text, lost: false }),
      gone: (stream: StreamEnd) => void this.#streams.delete(stream),
    };
  }

  #sendDatagram(text: string, from: Endpoint, to: Endpoint): void {
    const { loss, duplication, reordering } = this.#on(from, to);
    const lost = this.#blocked(from, to) || this.#happens(loss, from, to);
    this.tap({ atMs: this.#timers.now(), transport: 'udp', from, to, text, lost });
    if (lost) return;
    const copies = this.#happens(duplication, from, to) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const lateMs = this.#happens(reordering, from, to) ? OVERTAKEN_MS * (0.5 + this.#fraction(from, to)) : 0;
      this.#timers.set(this.#delayMs(from, to) + lateMs, () => this.#sockets.get(endpointName(to))?.(text, from));
    }
  }

  #delayMs(from: Endpoint, to: Endpoint): number {
    const { latencyMs, jitterMs } = this.#on(from, to);
    return jitterMs === 0 ? latencyMs : latencyMs + jitterMs * this.#fraction(from, to);
  }

  /** No draw for what cannot happen, so that switching one fault on does not shift the others' luck. */
  #happens(probability: number, from: Endpoint, to: Endpoint): boolean {
    return probability > 0 && this.#fraction(from, to) < probability;
  }

  #fraction(from: Endpoint, to: Endpoint): number {
    const path = `${from.host} ${to.host}`;
    let luck = this.#luck.get(path);
    if (luck === undefined) {
      luck = this.#random.of(path);
      this.#luck.set(path, luck);
    }
    return luck.fraction();
  }

  #on(from: Endpoint, to: Endpoint): Conditions {
    if (this.#rules.length === 0) return this.#conditions;
    let conditions = this.#conditions;
    for (const rule of this.#rules)
      if (matches(rule.from, from) && matches(rule.to, to)) conditions = { ...conditions, ...rule.conditions };
    return conditions;
  }

  #blocked(from: Endpoint, to: Endpoint): boolean {
    return this.#rules.some((rule) => rule.blocked && matches(rule.from, from) && matches(rule.to, to));
  }

  #nextPort(): number {
    const port = this.#port;
    this.#port = port === 65_535 ? FIRST_EPHEMERAL_PORT : port + 1;
    return port;
  }
}
