import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { DelayLine } from './delay-line.ts';
import type { Run } from './run.ts';
import { field, requestUser } from './wire.ts';

/** One phone's conversation with the service. */
export interface Session {
  readonly run: Run;
  /** A response to a request of party `role` (`a`: caller, `r`: the callee's registration). */
  response(role: string, text: string): void;
  /** A request to party `role` (`a`: caller, `c`: callee). */
  request(role: string, text: string): void;
  /** Time is up. */
  expired(): void;
}

/** A message that is sent again until `stopped` (RFC 3261 Timers A and E). */
export interface Repeat {
  readonly bytes: Buffer;
  readonly from: Outlet;
  readonly run: Run;
  stopped: boolean;
}

/** A socket connected to the service. */
export interface Outlet {
  readonly port: number;
  send(bytes: Buffer): void;
}

interface Limited {
  readonly id: number;
  readonly session: Session;
}

/** The limit within which a session has to be done. */
export const SESSION_LIMIT_MS = 10_000;
const SOCKETS_A_SIDE = 4;
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;
const T1_MS = 500;
const PUMP_MS = 1;

/** Sockets, retransmissions and arrivals of all phones; open loop: what is due is sent, however the service fares. */
export class Load {
  /** How late the pump took arrivals, at most: says whether the generator itself kept up. */
  latestMs = 0;
  nowMs = performance.now();
  #callers: Outlet[] = [];
  #callees: Outlet[] = [];
  readonly #sockets: Socket[] = [];
  readonly #sessions = new Map<number, Session>();
  #nextId = 1;
  readonly #repeats: DelayLine<Repeat>[] = [];
  readonly #limit = new DelayLine<Limited>(SESSION_LIMIT_MS, (limited) => this.#expire(limited));
  readonly #delays = new Map<number, DelayLine<() => void>>();
  #arrivals: { nextMs: number; start: () => void; gapMs: () => number; left: number } | undefined;
  readonly #pump: NodeJS.Timeout;

  private constructor() {
    for (const [step, delayMs] of [T1_MS, 2 * T1_MS, 4 * T1_MS, 8 * T1_MS].entries()) {
      this.#repeats.push(new DelayLine(delayMs, (repeat) => this.#again(repeat, step + 1)));
    }
    this.#pump = setInterval(() => this.#tick(), PUMP_MS);
  }

  static async open(servicePort: number): Promise<Load> {
    const load = new Load();
    for (let i = 0; i < SOCKETS_A_SIDE; i += 1) {
      load.#callers.push(await load.#outlet(servicePort));
      load.#callees.push(await load.#outlet(servicePort));
    }
    return load;
  }

  get callerPorts(): number[] {
    return this.#callers.map((outlet) => outlet.port);
  }

  get calleePorts(): number[] {
    return this.#callees.map((outlet) => outlet.port);
  }

  /** Datagrams the kernel dropped at the generator's own sockets. */
  get drops(): number {
    const ports = new Set([...this.callerPorts, ...this.calleePorts]);
    return udpDrops((port) => ports.has(port));
  }

  caller(id: number): Outlet {
    return this.#callers[id % SOCKETS_A_SIDE] ?? never();
  }

  callee(id: number): Outlet {
    return this.#callees[id % SOCKETS_A_SIDE] ?? never();
  }

  /** A number no other phone of this process has. */
  newId(): number {
    this.#nextId += 1;
    return this.#nextId;
  }

  /** Routes what comes for phone `id` to the session; `limited`: it expires if not done in time. */
  attach(id: number, session: Session, limited: boolean): void {
    this.#sessions.set(id, session);
    if (limited) this.limit(id);
  }

  /** Starts the limit of session `id` now. */
  limit(id: number): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#limit.put({ id, session }, this.nowMs);
  }

  detach(id: number): void {
    this.#sessions.delete(id);
  }

  /** Sends now and again at 500 ms, 1 s, 2 s, 4 s until stopped. */
  repeat(from: Outlet, bytes: Buffer, run: Run): Repeat {
    const repeat = { bytes, from, run, stopped: false };
    from.send(bytes);
    this.#repeats[0]?.put(repeat, this.nowMs);
    return repeat;
  }

  after(delayMs: number, take: () => void): void {
    let line = this.#delays.get(delayMs);
    if (line === undefined) {
      line = new DelayLine<() => void>(delayMs, (due) => due());
      this.#delays.set(delayMs, line);
    }
    line.put(take, this.nowMs);
  }

  /** Starts `count` sessions, `gapMs()` apart, and resolves when the last one is started. */
  arrive(count: number, gapMs: () => number, start: () => void): Promise<void> {
    return new Promise((resolve) => {
      const last = count;
      let begun = 0;
      const startOne = () => {
        start();
        begun += 1;
        if (begun === last) resolve();
      };
      this.#arrivals = { nextMs: performance.now(), start: startOne, gapMs, left: count };
      if (count === 0) resolve();
    });
  }

  close(): void {
    clearInterval(this.#pump);
    for (const socket of this.#sockets) socket.close();
  }

  #tick(): void {
    this.nowMs = performance.now();
    for (const line of this.#repeats) line.run(this.nowMs);
    for (const line of this.#delays.values()) line.run(this.nowMs);
    this.#limit.run(this.nowMs);
    this.#startDue();
  }

  #startDue(): void {
    const arrivals = this.#arrivals;
    if (arrivals === undefined) return;
    if (arrivals.left > 0) this.latestMs = Math.max(this.latestMs, this.nowMs - arrivals.nextMs);
    while (arrivals.left > 0 && arrivals.nextMs <= this.nowMs) {
      arrivals.left -= 1;
      arrivals.nextMs += arrivals.gapMs();
      this.nowMs = performance.now();
      arrivals.start();
    }
  }

  #again(repeat: Repeat, step: number): void {
    if (repeat.stopped) return;
    repeat.run.retransmits += 1;
    repeat.from.send(repeat.bytes);
    this.#repeats[step]?.put(repeat, this.nowMs);
  }

  #expire({ id, session }: Limited): void {
    // Its device may be in another session by now.
    if (this.#sessions.get(id) === session) this.#sessions.delete(id);
    session.expired();
  }

  async #outlet(servicePort: number): Promise<Outlet> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: SOCKET_BUFFER_BYTES, sendBufferSize: SOCKET_BUFFER_BYTES });
    this.#sockets.push(socket);
    // A service that was stopped refuses what is still under way: the sessions notice by their limit.
    socket.on('error', () => {});
    socket.on('message', (bytes) => this.#received(bytes.toString('latin1')));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.connect(servicePort, '127.0.0.1');
    await once(socket, 'connect');
    const ignore = () => {};
    return { port: socket.address().port, send: (bytes) => socket.send(bytes, ignore) };
  }

  #received(text: string): void {
    this.nowMs = performance.now();
    const isResponse = text.startsWith('SIP/2.0 ');
    const party = isResponse ? field(text, 'Call-ID') : requestUser(text);
    const session = this.#sessions.get(Number.parseInt(party.slice(1), 10));
    if (isResponse) session?.response(party.charAt(0), text);
    else session?.request(party.charAt(0), text);
  }
}

/** Drops the kernel counted at UDP sockets on 127.0.0.1 with those ports. */
export function udpDrops(ofPort: (port: number) => boolean): number {
  let drops = 0;
  for (const line of readFileSync('/proc/net/udp', 'utf8').split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const port = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16);
    if (ofPort(port)) drops += Number(columns.at(-1));
  }
  return drops;
}

function never(): never {
  throw new Error('no socket open');
}
