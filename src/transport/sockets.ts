import { isIP } from 'node:net';
import type { TimerQueue } from '../timers.ts';
import { isV6, type ListenerSettings, listenerName } from './endpoint.ts';
import { DEFAULT_TCP, listenTcp, TcpListener, type TcpSettings } from './tcp.ts';
import type { Endpoint, Flow, FlowWish, Listening, TransportListener, TransportName, Transports } from './transport.ts';
import { DEFAULT_UDP, listenUdp, parseUdpFlowId, UdpListener, type UdpSettings } from './udp.ts';

/** What the sockets of the service are made of. */
export interface SocketParts {
  readonly listeners: readonly ListenerSettings[];
  readonly listener: TransportListener;
  readonly timers: TimerQueue;
  readonly udp?: Partial<UdpSettings>;
  readonly tcp?: Partial<TcpSettings>;
  /** Hears of errors of a listening socket that belong to no flow. */
  readonly report?: (listener: string, error: Error) => void;
}

/** Why a listener could not be opened. */
export interface BindError {
  /** `udp:127.0.0.1:5060`. */
  readonly listener: string;
  /** The system's name for it where it has one: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`. */
  readonly why: string;
}

const NO_WISH: FlowWish = {};

/** The sockets of the service, all its listeners as one. */
export class Sockets implements Transports {
  readonly listening: readonly Listening[];
  readonly #udp: readonly UdpListener[];
  readonly #tcp: readonly TcpListener[];

  constructor(opened: readonly (UdpListener | TcpListener)[]) {
    this.#udp = opened.filter((one) => one instanceof UdpListener);
    this.#tcp = opened.filter((one) => one instanceof TcpListener);
    this.listening = opened.map(({ transport, local, advertised }) => ({ transport, local, advertised }));
  }

  flowTo(transport: TransportName, remote: Endpoint, { local }: FlowWish = NO_WISH): Flow | undefined {
    // A port of 0 or a name has no socket that could send to it.
    if (isIP(remote.host) === 0 || !(remote.port >= 1 && remote.port <= 65_535)) return undefined;
    if (transport === 'udp') return choose(this.#udp, remote, local)?.flowTo(remote.host, remote.port);
    return transport === 'tcp' ? choose(this.#tcp, remote, local)?.flowTo(remote) : undefined;
  }

  flowById(id: string): Flow | undefined {
    if (!id.startsWith('udp/')) return this.#connection(id);
    const ends = parseUdpFlowId(id);
    if (ends === undefined) return undefined;
    const listener = this.#udp.find(({ local }) => isSame(local, ends.local));
    return listener?.flowTo(ends.remote.host, ends.remote.port);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#udp, ...this.#tcp].map((listener) => listener.close()));
  }

  #connection(id: string): Flow | undefined {
    for (const listener of this.#tcp) {
      const flow = listener.flowById(id);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }
}

const isSame = (a: Endpoint, b: Endpoint): boolean => a.port === b.port && a.host === b.host;

/** The listener that was asked for, else the first of the address family. */
function choose<L extends { readonly local: Endpoint }>(
  listeners: readonly L[],
  remote: Endpoint,
  local?: Endpoint,
): L | undefined {
  const v6 = isV6(remote.host);
  let first: L | undefined;
  for (const listener of listeners) {
    if (isV6(listener.local.host) !== v6) continue;
    if (local === undefined || isSame(listener.local, local)) return listener;
    first ??= listener;
  }
  return first;
}

/** Opens all listeners, or none: then why, by listener. */
export async function openSockets(parts: SocketParts): Promise<Sockets | readonly BindError[]> {
  const { listeners, report } = parts;
  const found = await Promise.all(listeners.map((one) => open(one, parts, (error) => report?.(listenerName(one), error))));
  const opened = found.filter((one): one is UdpListener | TcpListener => !(one instanceof Error));
  if (opened.length === found.length) return new Sockets(opened);
  await Promise.all(opened.map((one) => one.close()));
  return found.flatMap((one, index) => {
    const listener = listeners[index];
    return one instanceof Error && listener !== undefined ? [{ listener: listenerName(listener), why: reasonOf(one) }] : [];
  });
}

const reasonOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.message);

function open(
  one: ListenerSettings,
  { listener, timers, udp, tcp }: SocketParts,
  report: (error: Error) => void,
): Promise<UdpListener | TcpListener | Error> {
  if (one.transport === 'udp') return listenUdp(one, listener, { ...DEFAULT_UDP, ...udp }, report);
  if (one.transport === 'tcp') return listenTcp(one, { timers, settings: { ...DEFAULT_TCP, ...tcp }, listener }, report);
  return Promise.resolve(new Error(`${one.transport} is not served yet`));
}
