import { createSocket, type Socket } from 'node:dgram';
import { isV6 } from './endpoint.ts';
import { PortCycle, type PortRange, type RtpHearer, type RtpPair, type RtpSockets } from './rtp.ts';

/** Ports that others have are passed over, so many of them for one pair. */
const MAX_TRIES = 64;

/** Only addresses are ever bound and sent to: a name must not reach the resolver from here, and an address needs no turn of it. */
const noLookup = (address: string, _options: object, found: (error: null, address: string, family: number) => void): void =>
  found(null, address, isV6(address) ? 6 : 4);

/**
 * A bound socket, or nothing. An address that is looked up at once is bound at once, before `bind` returns: so a description
 * never names a port that is not ours yet, and no stock of ports has to be kept.
 */
function bound(host: string, port: number): Socket | undefined {
  const v6 = isV6(host);
  const socket = createSocket({ type: v6 ? 'udp6' : 'udp4', ipv6Only: v6, lookup: noLookup });
  let isBound = false;
  // What fails later is one packet; the party's silence is seen by who counts them.
  socket.on('error', () => undefined);
  socket.bind({ address: host, port, exclusive: true }, () => {
    isBound = true;
  });
  if (isBound) return socket;
  socket.close();
  return undefined;
}

class UdpPair implements RtpPair {
  readonly host: string;
  readonly port: number;
  hearer: RtpHearer | undefined;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #closed: (pair: UdpPair) => void;
  #isOpen = true;

  constructor(host: string, port: number, rtp: Socket, rtcp: Socket, closed: (pair: UdpPair) => void) {
    this.host = host;
    this.port = port;
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#closed = closed;
    rtp.on('message', (bytes, from) => {
      if (from.port !== 0) this.hearer?.rtp(bytes, from.address, from.port);
    });
    rtcp.on('message', (bytes, from) => {
      if (from.port !== 0) this.hearer?.rtcp(bytes, from.address, from.port);
    });
  }

  sendRtp(bytes: Uint8Array, host: string, port: number): void {
    if (this.#isOpen) send(this.#rtp, bytes, host, port);
  }

  sendRtcp(bytes: Uint8Array, host: string, port: number): void {
    if (this.#isOpen) send(this.#rtcp, bytes, host, port);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.hearer = undefined;
    this.#rtp.close();
    this.#rtcp.close();
    this.#closed(this);
  }
}

function send(socket: Socket, bytes: Uint8Array, host: string, port: number): void {
  try {
    socket.send(bytes, port, host);
  } catch {
    // An address that cannot be: one packet less.
  }
}

/** The machine's own. */
export class UdpRtpSockets implements RtpSockets {
  readonly #range: PortRange;
  readonly #fraction: () => number;
  readonly #cycles = new Map<string, PortCycle>();
  readonly #open = new Set<UdpPair>();
  readonly #gone = (pair: UdpPair): void => void this.#open.delete(pair);

  /** `fraction` in [0, 1): where the ports begin at each address. */
  constructor(range: PortRange, fraction: () => number) {
    this.#range = range;
    this.#fraction = fraction;
  }

  get size(): number {
    return this.#open.size;
  }

  take(host: string): RtpPair | undefined {
    const cycle = this.#cycleOf(host);
    for (let tries = 0; tries < Math.min(MAX_TRIES, cycle.size); tries++) {
      const port = cycle.next();
      const rtp = bound(host, port);
      if (rtp === undefined) continue;
      const rtcp = bound(host, port + 1);
      if (rtcp !== undefined) {
        const pair = new UdpPair(host, port, rtp, rtcp, this.#gone);
        this.#open.add(pair);
        return pair;
      }
      rtp.close();
    }
    return undefined;
  }

  close(): void {
    for (const pair of [...this.#open]) pair.close();
  }

  #cycleOf(host: string): PortCycle {
    let cycle = this.#cycles.get(host);
    if (cycle === undefined) {
      cycle = new PortCycle(this.#range, this.#fraction());
      this.#cycles.set(host, cycle);
    }
    return cycle;
  }
}
