import { isIP } from 'node:net';
import type { TimerQueue } from '../timers.ts';
import type { Certificates } from './certificates.ts';
import { ConnectionLimits, DEFAULT_STREAM, type StreamSettings } from './connection-limits.ts';
import { openDoor } from './door.ts';
import { isV6, type ListenerSettings, listenerName } from './endpoint.ts';
import { StreamListener, type StreamParts } from './stream.ts';
import { TlsSide } from './tls.ts';
import type { Endpoint, Flow, FlowWish, Listening, TransportListener, TransportName, Transports } from './transport.ts';
import { DEFAULT_UDP, listenUdp, parseUdpFlowId, UdpListener, type UdpSettings } from './udp.ts';
import { WebSocketListener, type WebSocketSettings } from './websocket.ts';

/** What the sockets of the service are made of. */
export interface SocketParts {
  readonly listeners: readonly ListenerSettings[];
  readonly listener: TransportListener;
  readonly timers: TimerQueue;
  readonly udp?: Partial<UdpSettings>;
  readonly streams?: Partial<StreamSettings>;
  /** Needed by listeners for TLS and wss. */
  readonly certificates?: Certificates | undefined;
  readonly websocket?: Partial<WebSocketSettings>;
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

type AnyListener = UdpListener | StreamListener | WebSocketListener;
const NO_WISH: FlowWish = {};
const NOBODY_FROM_A_PAGE: WebSocketSettings = { path: undefined, admitsOrigin: () => false };

/** The sockets of the service, all its listeners as one. */
export class Sockets implements Transports {
  readonly listening: readonly Listening[];
  readonly #all: readonly AnyListener[];
  readonly #udp: readonly UdpListener[];
  readonly #tcp: readonly StreamListener[];
  readonly #tls: readonly StreamListener[];
  readonly #websockets: readonly WebSocketListener[];

  constructor(opened: readonly AnyListener[]) {
    this.#all = opened;
    this.#udp = opened.filter((one) => one instanceof UdpListener);
    this.#tcp = opened.filter((one) => one instanceof StreamListener).filter(({ transport }) => transport === 'tcp');
    this.#tls = opened.filter((one) => one instanceof StreamListener).filter(({ transport }) => transport === 'tls');
    this.#websockets = opened.filter((one) => one instanceof WebSocketListener);
    this.listening = opened.map(({ transport, local, advertised }) => ({ transport, local, advertised }));
  }

  flowTo(transport: TransportName, remote: Endpoint, { local, serverName }: FlowWish = NO_WISH): Flow | undefined {
    // A port of 0 or a name has no socket that could send to it.
    if (isIP(remote.host) === 0 || !(remote.port >= 1 && remote.port <= 65_535)) return undefined;
    if (transport === 'udp') return choose(this.#udp, remote, local)?.flowTo(remote.host, remote.port);
    if (transport === 'tcp') return choose(this.#tcp, remote, local)?.flowTo(remote);
    return transport === 'tls' ? choose(this.#tls, remote, local)?.flowTo(remote, serverName) : undefined;
  }

  flowById(id: string): Flow | undefined {
    if (id.startsWith('udp/')) return this.#datagrams(id);
    const listeners = id.startsWith('ws') ? this.#websockets : id.startsWith('tls/') ? this.#tls : this.#tcp;
    for (const listener of listeners) {
      const flow = listener.flowById(id);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  connections(): ReadonlyMap<TransportName, number> {
    const open = new Map<TransportName, number>();
    for (const { transport, size } of [...this.#tcp, ...this.#tls, ...this.#websockets])
      open.set(transport, (open.get(transport) ?? 0) + size);
    return open;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((listener) => listener.close()));
  }

  #datagrams(id: string): Flow | undefined {
    const ends = parseUdpFlowId(id);
    if (ends === undefined) return undefined;
    const listener = this.#udp.find(({ local }) => isSame(local, ends.local));
    return listener?.flowTo(ends.remote.host, ends.remote.port);
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
  const { listeners, listener, timers, report } = parts;
  const settings = { ...DEFAULT_STREAM, ...parts.streams };
  // One count for all of them: a source has its share of connections, whatever it speaks on them.
  const shared: StreamParts = { timers, settings, limits: new ConnectionLimits(settings), listener };
  const found = await Promise.all(
    listeners.map((one) => open(one, parts, shared, (error) => report?.(listenerName(one), error))),
  );
  const opened = found.filter((one): one is AnyListener => !(one instanceof Error));
  if (opened.length === found.length) return new Sockets(opened);
  await Promise.all(opened.map((one) => one.close()));
  return found.flatMap((one, index) => {
    const asked = listeners[index];
    return one instanceof Error && asked !== undefined ? [{ listener: listenerName(asked), why: reasonOf(one) }] : [];
  });
}

const reasonOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.message);

async function open(
  asked: ListenerSettings,
  { listener, udp, certificates, websocket }: SocketParts,
  shared: StreamParts,
  report: (error: Error) => void,
): Promise<AnyListener | Error> {
  const { transport } = asked;
  if (transport === 'udp') return listenUdp(asked, listener, { ...DEFAULT_UDP, ...udp }, report);
  const needsTls = transport === 'tls' || transport === 'wss';
  if (needsTls && certificates === undefined) return new Error('there is no certificate');
  const door = await openDoor(asked, shared.limits, listener, report);
  if (door instanceof Error) return door;
  const tls = needsTls && certificates !== undefined ? new TlsSide(certificates) : undefined;
  return transport === 'tcp' || transport === 'tls'
    ? new StreamListener(door, asked, shared, tls)
    : new WebSocketListener(door, asked, shared, { ...NOBODY_FROM_A_PAGE, ...websocket }, tls);
}
