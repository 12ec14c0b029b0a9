import type { TimerQueue } from '../timers.ts';
import { PortCycle, type PortRange, type RtpHearer, type RtpPair, type RtpSockets } from '../transport/rtp.ts';
import type { Endpoint } from '../transport/transport.ts';
import { type Conditions, endpointName } from './network.ts';
import type { SeededRandom } from './seeded-random.ts';

type Receive = (bytes: Buffer, from: Endpoint) => void;

/** A bound socket of the simulated network of media. */
export interface MediaSocket {
  send(bytes: Uint8Array, to: Endpoint): void;
  close(): void;
}

interface Rule {
  readonly from: string;
  readonly to: string;
  readonly conditions: Partial<Conditions>;
}

/** The ways out that a NAT has opened for one socket behind it. */
interface Mapping {
  readonly inside: Endpoint;
  readonly outside: Endpoint;
  /** Whom it has sent to: they alone may answer. */
  readonly partners: Set<string>;
}

const CALM: Conditions = { latencyMs: 5, jitterMs: 0, loss: 0, duplication: 0, reordering: 0 };
const OVERTAKEN_MS = 50;
const FIRST_NAT_PORT = 62_000;

/**
 * The network of media, beside that of signalling, in virtual time: packets may be lost, doubled and overtaken, and hosts may
 * stand behind a NAT that lets in only what answers. Nothing is kept of what passes but `sent` and `lost`, its numbers.
 */
export class RtpNetwork {
  sent = 0;
  lost = 0;
  readonly #timers: TimerQueue;
  readonly #random: SeededRandom;
  readonly #sockets = new Map<string, Receive>();
  readonly #nats = new Map<string, string>();
  readonly #mappings = new Map<string, Mapping>();
  #conditions: Conditions;
  #rules: Rule[] = [];
  #natPort = FIRST_NAT_PORT;

  constructor(parts: { readonly timers: TimerQueue; readonly random: SeededRandom; readonly conditions?: Partial<Conditions> }) {
    this.#timers = parts.timers;
    this.#random = parts.random;
    this.#conditions = { ...CALM, ...parts.conditions };
  }

  /** Changes how all paths behave, but those set by `path`. */
  weather(conditions: Partial<Conditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  /** Changes how one direction behaves, by host or `*`; the latest that fits wins. */
  path(from: string, to: string, conditions: Partial<Conditions>): void {
    this.#rules.push({ from, to, conditions });
  }

  /** Takes back all `path` settings and weather. */
  heal(): void {
    this.#rules = [];
    this.#conditions = CALM;
  }

  /** What a host sends from now on seems to come from `outside`, and only those it sent to can reach it there. */
  nat(inside: string, outside: string): void {
    this.#nats.set(inside, outside);
  }

  /** Forgets what the NAT of a host has opened: its next packet seems to come from another port. */
  renewNat(inside: string): void {
    for (const [name, mapping] of this.#mappings) if (mapping.inside.host === inside) this.#mappings.delete(name);
  }

  /** Throws if the address is taken. */
  bind(local: Endpoint, receive: Receive): MediaSocket {
    const name = endpointName(local);
    if (this.#sockets.has(name)) throw new Error(`${name} is in use`);
    this.#sockets.set(name, receive);
    return {
      send: (bytes, to) => {
        if (this.#sockets.get(name) === receive) this.#send(bytes, local, to);
      },
      close: () => {
        if (this.#sockets.get(name) === receive) this.#sockets.delete(name);
      },
    };
  }

  isFree(local: Endpoint): boolean {
    return !this.#sockets.has(endpointName(local));
  }

  #send(bytes: Uint8Array, local: Endpoint, to: Endpoint): void {
    const from = this.#seen(local, to);
    const { latencyMs, jitterMs, loss, duplication, reordering } = this.#on(local.host, to.host);
    this.sent++;
    if (this.#happens(loss)) {
      this.lost++;
      return;
    }
    const copies = this.#happens(duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const lateMs = this.#happens(reordering) ? OVERTAKEN_MS * (0.5 + this.#random.fraction()) : 0;
      const delayMs = latencyMs + lateMs + (jitterMs === 0 ? 0 : jitterMs * this.#random.fraction());
      // A copy: who sends may write the next packet into the same bytes.
      const sent = Buffer.from(bytes);
      this.#timers.set(delayMs, () => this.#arrive(sent, from, to));
    }
  }

  #arrive(bytes: Buffer, from: Endpoint, to: Endpoint): void {
    const mapping = this.#mappings.get(endpointName(to));
    if (mapping === undefined ? this.#nats.has(to.host) : !mapping.partners.has(endpointName(from))) return;
    this.#sockets.get(endpointName(mapping?.inside ?? to))?.(bytes, from);
  }

  #seen(local: Endpoint, to: Endpoint): Endpoint {
    const host = this.#nats.get(local.host);
    if (host === undefined) return local;
    let mapping = [...this.#mappings.values()].find(({ inside }) => inside.host === local.host && inside.port === local.port);
    if (mapping === undefined) {
      mapping = { inside: local, outside: { host, port: this.#natPort++ }, partners: new Set() };
      this.#mappings.set(endpointName(mapping.outside), mapping);
    }
    mapping.partners.add(endpointName(to));
    return mapping.outside;
  }

  #on(from: string, to: string): Conditions {
    let conditions = this.#conditions;
    for (const rule of this.#rules)
      if ((rule.from === '*' || rule.from === from) && (rule.to === '*' || rule.to === to))
        conditions = { ...conditions, ...rule.conditions };
    return conditions;
  }

  /** No draw for what cannot happen, so that switching one fault on does not shift the others' luck. */
  #happens(probability: number): boolean {
    return probability > 0 && this.#random.fraction() < probability;
  }
}

class SimulatedPair implements RtpPair {
  readonly host: string;
  readonly port: number;
  hearer: RtpHearer | undefined;
  readonly #rtp: MediaSocket;
  readonly #rtcp: MediaSocket;
  readonly #closed: (pair: SimulatedPair) => void;

  constructor(network: RtpNetwork, local: Endpoint, closed: (pair: SimulatedPair) => void) {
    this.host = local.host;
    this.port = local.port;
    this.#closed = closed;
    this.#rtp = network.bind(local, (bytes, from) => this.hearer?.rtp(bytes, from.host, from.port));
    const next = { host: local.host, port: local.port + 1 };
    this.#rtcp = network.bind(next, (bytes, from) => this.hearer?.rtcp(bytes, from.host, from.port));
  }

  sendRtp(bytes: Uint8Array, host: string, port: number): void {
    this.#rtp.send(bytes, { host, port });
  }

  sendRtcp(bytes: Uint8Array, host: string, port: number): void {
    this.#rtcp.send(bytes, { host, port });
  }

  close(): void {
    this.hearer = undefined;
    this.#rtp.close();
    this.#rtcp.close();
    this.#closed(this);
  }
}

/** The service's media sockets on that network. */
export class SimulatedRtpSockets implements RtpSockets {
  readonly #network: RtpNetwork;
  readonly #cycle: PortCycle;
  readonly #open = new Set<SimulatedPair>();

  constructor(network: RtpNetwork, range: PortRange) {
    this.#network = network;
    this.#cycle = new PortCycle(range, 0);
  }

  get size(): number {
    return this.#open.size;
  }

  take(host: string): RtpPair | undefined {
    for (let tries = 0; tries < this.#cycle.size; tries++) {
      const port = this.#cycle.next();
      if (!this.#network.isFree({ host, port }) || !this.#network.isFree({ host, port: port + 1 })) continue;
      const pair = new SimulatedPair(this.#network, { host, port }, (gone) => void this.#open.delete(gone));
      this.#open.add(pair);
      return pair;
    }
    return undefined;
  }

  close(): void {
    for (const pair of [...this.#open]) pair.close();
  }
}
