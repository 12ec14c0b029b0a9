import type { Endpoint, Flow, FlowWish, TransportListener, TransportName, Transports } from '../transport/transport.ts';
import { type DatagramSocket, endpointName, type SimulatedNetwork } from './network.ts';
import type { StreamEnd } from './stream.ts';

/** An address the service listens on, and what it tells peers of it: the same by default. */
export interface Listening {
  readonly transport: TransportName;
  readonly local: Endpoint;
  readonly advertised?: Endpoint;
}

type StreamTransport = Exclude<TransportName, 'udp'>;

class DatagramFlow implements Flow {
  readonly transport = 'udp';
  readonly reliable = false;
  readonly secure = false;
  readonly open = true;
  readonly id: string;
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: DatagramSocket;

  constructor({ local, advertised = local }: Listening, remote: Endpoint, socket: DatagramSocket) {
    this.id = `udp/${endpointName(local)}/${endpointName(remote)}`;
    this.local = local;
    this.advertised = advertised;
    this.remote = remote;
    this.#socket = socket;
  }

  send(message: string): void {
    this.#socket.send(message, this.remote);
  }
}

class StreamFlow implements Flow {
  readonly transport: StreamTransport;
  readonly reliable = true;
  readonly secure: boolean;
  readonly id: string;
  readonly local: Endpoint;
  readonly advertised: Endpoint;
  readonly #stream: StreamEnd;
  /** Called when we closed it ourselves, as a socket says so too. */
  onClosed: (why: string) => void = () => {};

  constructor(transport: StreamTransport, { local, advertised = local }: Listening, stream: StreamEnd, serial: number) {
    this.id = `${transport}/${endpointName(stream.local)}/${endpointName(stream.remote)}#${serial}`;
    this.transport = transport;
    this.secure = transport === 'tls' || transport === 'wss';
    this.local = local;
    this.advertised = advertised;
    this.#stream = stream;
  }

  get remote(): Endpoint {
    return this.#stream.remote;
  }

  get open(): boolean {
    return !this.#stream.isClosed;
  }

  send(message: string): void {
    this.#stream.send(message);
  }

  close(why: string): void {
    if (!this.open) return;
    this.#stream.close();
    this.onClosed(why);
  }
}

const PING = '\r\n\r\n';
const PONG = '\r\n';
const UDP_FLOW_ID = /^udp\/(.+)\/(?:\[([0-9a-f:.]+)\]|([^[\]/:]+)):(\d{1,5})$/;

/** All sockets of the service, on the simulated network. */
export class SimulatedTransports implements Transports {
  readonly listening: readonly Required<Listening>[];
  /** Sees every message before the service does. */
  came: (text: string, flow: Flow) => void = () => {};
  readonly #network: SimulatedNetwork;
  readonly #listener: TransportListener;
  readonly #sockets = new Map<string, { listening: Listening; socket: DatagramSocket }>();
  readonly #flows = new Map<string, DatagramFlow>();
  readonly #streams = new Map<string, StreamFlow>();
  readonly #acceptors: { close(): void }[] = [];
  #serial = 0;

  constructor(network: SimulatedNetwork, listening: readonly Listening[], listener: TransportListener) {
    this.#network = network;
    this.listening = listening.map((one) => ({ advertised: one.local, ...one }));
    this.#listener = listener;
    for (const one of listening) {
      const { transport, local } = one;
      if (transport === 'udp') this.#bind(one);
      else this.#acceptors.push(network.listen(local, (stream) => this.#accept(transport, one, stream), transport));
    }
  }

  flowTo(transport: TransportName, remote: Endpoint, { local }: FlowWish = {}): Flow | undefined {
    const ours = this.listening.find(
      (listener) =>
        listener.transport === transport &&
        listener.local.host.includes(':') === remote.host.includes(':') &&
        (local === undefined || endpointName(local) === endpointName(listener.local)),
    );
    // WebSockets are opened by clients only (RFC 7118 §5).
    if (ours === undefined || transport === 'ws' || transport === 'wss') return undefined;
    if (transport === 'udp') return this.#datagramFlow(ours.local, remote);
    for (const flow of this.#streams.values()) {
      if (flow.transport === transport && endpointName(flow.remote) === endpointName(remote)) return flow;
    }
    return this.#adopt(transport, ours, this.#network.connect(ours.local.host, remote, transport));
  }

  flowById(id: string): Flow | undefined {
    if (!id.startsWith('udp/')) return this.#streams.get(id);
    const [, local, v6, v4, port] = UDP_FLOW_ID.exec(id) ?? [];
    const bound = this.#sockets.get(local ?? '');
    const host = v6 ?? v4;
    return bound === undefined || host === undefined
      ? undefined
      : this.#datagramFlow(bound.listening.local, { host, port: Number(port) });
  }

  connections(): ReadonlyMap<TransportName, number> {
    const open = new Map<TransportName, number>();
    for (const { transport } of this.listening) if (transport !== 'udp') open.set(transport, 0);
    for (const { transport } of this.#streams.values()) open.set(transport, (open.get(transport) ?? 0) + 1);
    return open;
  }

  close(): Promise<void> {
    this.crash();
    return Promise.resolve();
  }

  /** Closes everything at once, as the end of the process does. */
  crash(): void {
    for (const { socket } of this.#sockets.values()) socket.close();
    for (const acceptor of this.#acceptors) acceptor.close();
    for (const flow of [...this.#streams.values()]) {
      // The process is gone: there is nobody whom it could be told.
      flow.onClosed = () => {};
      flow.close('the service stops');
    }
    this.#sockets.clear();
    this.#streams.clear();
  }

  #bind(listening: Listening): void {
    const { local } = listening;
    const socket = this.#network.bind(local, (text, from) => {
      const flow = this.#datagramFlow(local, from);
      if (flow !== undefined) this.#received(text, flow);
    });
    this.#sockets.set(endpointName(local), { listening, socket });
  }

  #datagramFlow(local: Endpoint, remote: Endpoint): DatagramFlow | undefined {
    const bound = this.#sockets.get(endpointName(local));
    if (bound === undefined) return undefined;
    const key = `${endpointName(local)}/${endpointName(remote)}`;
    const known = this.#flows.get(key);
    if (known !== undefined) return known;
    const flow = new DatagramFlow(bound.listening, remote, bound.socket);
    this.#flows.set(key, flow);
    return flow;
  }

  #accept(transport: StreamTransport, ours: Listening, stream: StreamEnd): void {
    if (this.#listener.admitsConnection?.(stream.remote.host) === false) stream.close();
    else this.#adopt(transport, ours, stream);
  }

  #adopt(transport: StreamTransport, ours: Listening, stream: StreamEnd): StreamFlow {
    this.#serial += 1;
    const flow = new StreamFlow(transport, ours, stream, this.#serial);
    this.#streams.set(flow.id, flow);
    stream.onMessage = (text) => this.#received(text, flow);
    stream.onClosed = flow.onClosed = (why) => {
      this.#streams.delete(flow.id);
      this.#listener.failed(flow, why);
    };
    return flow;
  }

  #received(text: string, flow: Flow): void {
    // RFC 5626 §4.4.1: a double CRLF is a ping; datagram keep-alives of any kind are only swallowed.
    if (text === PING && flow.reliable) flow.send(PONG);
    else if (text.trim() !== '') {
      this.came(text, flow);
      this.#listener.received(Buffer.from(text, 'latin1'), flow);
    }
  }
}
