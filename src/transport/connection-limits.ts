/** Bounds of all connections; times in milliseconds. */
export interface StreamSettings {
  /** Of all listeners together, those opened by us too. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** A connection is closed when it has sent no whole message, or half of one, for so long. */
  readonly stallMs: number;
  readonly connectMs: number;
  /** For the handshakes of TLS and WebSocket, both in one. */
  readonly handshakeMs: number;
  /** A peer that sends no more may have closed all or only its half: for so long it still gets its answers. */
  readonly lingerMs: number;
  /** What may wait for a peer that does not read. */
  readonly maxQueuedBytes: number;
  readonly keepAliveMs: number;
  /** How often a WebSocket is asked whether its peer is still there; one that said nothing since is closed. */
  readonly pingMs: number;
}
export const DEFAULT_STREAM: StreamSettings = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: 256,
  stallMs: 10_000,
  connectMs: 5_000,
  handshakeMs: 10_000,
  lingerMs: 1_000,
  maxQueuedBytes: 1024 * 1024,
  keepAliveMs: 60_000,
  pingMs: 30_000,
};

/** Counts connections, in all and by address, over all listeners. */
export class ConnectionLimits {
  readonly #settings: StreamSettings;
  readonly #perAddress = new Map<string, number>();
  #size = 0;

  constructor(settings: StreamSettings) {
    this.#settings = settings;
  }

  get isFull(): boolean {
    return this.#size >= this.#settings.maxConnections;
  }

  /** Whether one more may be accepted from that address. */
  admits(host: string): boolean {
    return !this.isFull && (this.#perAddress.get(host) ?? 0) < this.#settings.maxConnectionsPerAddress;
  }

  /** Counts one in. Each is given back once. */
  take(host: string): void {
    this.#size += 1;
    this.#perAddress.set(host, (this.#perAddress.get(host) ?? 0) + 1);
  }

  giveBack(host: string): void {
    this.#size -= 1;
    const left = (this.#perAddress.get(host) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(host);
    else this.#perAddress.set(host, left);
  }
}
