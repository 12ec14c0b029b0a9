import type { TimerQueue } from '../timers.ts';
import type { Endpoint, TransportName } from '../transport/transport.ts';
import { endpointName, type SimulatedNetwork } from './network.ts';
import type { StreamEnd } from './stream.ts';

/** What a phone knows of the world: one local address, and time. The same phone runs on simulated and on real sockets. */
export interface Wire {
  readonly transport: TransportName;
  readonly local: Endpoint;
  /** What the phone calls itself in Via and Contact where that is not its address: a browser knows none (RFC 7118 §5). */
  readonly sentBy?: string;
  /** One whole message, its bytes as latin1. */
  onMessage: (text: string, remote: Endpoint) => void;
  /** A connection is gone. Never called over UDP. */
  onClosed: (remote: Endpoint, why: string) => void;
  /** Sends one message; over TCP on the open connection to `remote`, else on a new one. */
  send(text: string, remote: Endpoint): void;
  /** Closes the sockets and forgets all timers. */
  close(): void;
  now(): number;
  /** Calls `fire` after so long; the answer takes it back. */
  after(delayMs: number, fire: () => void): () => void;
}

/** The timers of one wire, which end with it. */
class SimulatedTimers {
  readonly #timers: TimerQueue;
  #closed = false;

  constructor(timers: TimerQueue) {
    this.#timers = timers;
  }

  now(): number {
    return this.#timers.now();
  }

  after(delayMs: number, fire: () => void): () => void {
    if (this.#closed) return () => {};
    const timer = this.#timers.set(delayMs, () => {
      if (!this.#closed) fire();
    });
    return () => this.#timers.clear(timer);
  }

  close(): void {
    this.#closed = true;
  }
}

/** A phone's UDP socket on the simulated network. */
export function simulatedUdpWire(network: SimulatedNetwork, timers: TimerQueue, local: Endpoint): Wire {
  const own = new SimulatedTimers(timers);
  const socket = network.bind(local, (text, remote) => wire.onMessage(text, remote));
  const wire: Wire = {
    transport: 'udp',
    local,
    onMessage: () => {},
    onClosed: () => {},
    send: (text, remote) => socket.send(text, remote),
    close: () => {
      socket.close();
      own.close();
    },
    now: () => own.now(),
    after: (delayMs, fire) => own.after(delayMs, fire),
  };
  return wire;
}

/** RFC 7118 §5: a name that cannot be, another one for each page. */
const browserName = ({ host, port }: Endpoint): string => `page-${port}.${host.replace(/[.:]/g, '-')}.invalid`;

/**
 * A phone's TCP or TLS side on the simulated network: it listens on `local` and connects from ports of its own. A browser
 * (WebSocket) only connects.
 */
export function simulatedStreamWire(
  network: SimulatedNetwork,
  timers: TimerQueue,
  local: Endpoint,
  transport: Exclude<TransportName, 'udp'> = 'tcp',
): Wire {
  const isBrowser = transport === 'ws' || transport === 'wss';
  const own = new SimulatedTimers(timers);
  const streams = new Map<string, StreamEnd>();
  const adopt = (stream: StreamEnd): StreamEnd => {
    const key = endpointName(stream.remote);
    streams.set(key, stream);
    stream.onMessage = (text) => wire.onMessage(text, stream.remote);
    stream.onClosed = (why) => {
      if (streams.get(key) === stream) streams.delete(key);
      wire.onClosed(stream.remote, why);
    };
    return stream;
  };
  const listener = isBrowser ? undefined : network.listen(local, adopt, transport);
  const wire: Wire = {
    transport,
    local,
    ...(isBrowser ? { sentBy: browserName(local) } : {}),
    onMessage: () => {},
    onClosed: () => {},
    send: (text, remote) =>
      (streams.get(endpointName(remote)) ?? adopt(network.connect(local.host, remote, transport))).send(text),
    close: () => {
      listener?.close();
      for (const stream of streams.values()) stream.close();
      streams.clear();
      own.close();
    },
    now: () => own.now(),
    after: (delayMs, fire) => own.after(delayMs, fire),
  };
  return wire;
}
