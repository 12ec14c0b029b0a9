/** Sockets for media: pairs of UDP ports, RTP on an even one and RTCP on the next (RFC 3550 §11). */

/** Hears what comes to a pair. The bytes are its own from then on; the port is never 0. */
export interface RtpHearer {
  rtp(bytes: Buffer, host: string, port: number): void;
  rtcp(bytes: Buffer, host: string, port: number): void;
}

/** Two bound ports of ours. */
export interface RtpPair {
  readonly host: string;
  /** Even; RTCP has the next one. */
  readonly port: number;
  /** Nobody hears what comes before it is set. */
  hearer: RtpHearer | undefined;
  /** To an IP address. Never throws; what cannot be sent is lost. */
  sendRtp(bytes: Uint8Array, host: string, port: number): void;
  sendRtcp(bytes: Uint8Array, host: string, port: number): void;
  /** Idempotent. */
  close(): void;
}

/** Where pairs come from. */
export interface RtpSockets {
  /** A bound pair at that address of ours; `undefined` if none is free, or the machine has no such address. */
  take(host: string): RtpPair | undefined;
  /** Pairs that are open. */
  readonly size: number;
  close(): void;
}

/** Ports that pairs are taken from, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The pairs of a range at one address, in turn from a random one on: a port that was given back comes again as late as can be,
 * so that late packets of its last call find nobody.
 */
export class PortCycle {
  readonly #first: number;
  readonly #pairs: number;
  #next: number;

  /** `fraction` in [0, 1) chooses where it begins. */
  constructor({ first, last }: PortRange, fraction: number) {
    this.#first = first + (first % 2);
    this.#pairs = Math.max(0, Math.floor((last - this.#first + 1) / 2));
    this.#next = Math.floor(fraction * this.#pairs);
  }

  /** How many pairs there are. */
  get size(): number {
    return this.#pairs;
  }

  /** The even port of the next pair. */
  next(): number {
    const port = this.#first + 2 * this.#next;
    this.#next = (this.#next + 1) % this.#pairs;
    return port;
  }
}
