/**
 * Flows by the peer's address and port, found without building a string, in a bounded number. In two generations: what
 * is used is in the young one; when that is full it becomes the old one, and what nobody used since is forgotten.
 */
export class FlowCache<F> {
  readonly #halfSize: number;
  #young = new Map<string, Map<number, F>>();
  #old = new Map<string, Map<number, F>>();
  #youngSize = 0;
  #oldSize = 0;

  constructor(maxFlows: number) {
    this.#halfSize = Math.max(1, Math.floor(maxFlows / 2));
  }

  /** At most the bound; a flow that is in both generations counts twice. */
  get size(): number {
    return this.#youngSize + this.#oldSize;
  }

  get(host: string, port: number): F | undefined {
    const young = this.#young.get(host)?.get(port);
    if (young !== undefined) return young;
    const old = this.#old.get(host)?.get(port);
    if (old !== undefined) this.set(host, port, old);
    return old;
  }

  /** Remembers a flow that `get` did not find. */
  set(host: string, port: number, flow: F): void {
    if (this.#youngSize >= this.#halfSize) {
      this.#old = this.#young;
      this.#oldSize = this.#youngSize;
      this.#young = new Map();
      this.#youngSize = 0;
    }
    const ports = this.#young.get(host);
    if (ports === undefined) this.#young.set(host, new Map([[port, flow]]));
    else ports.set(port, flow);
    this.#youngSize += 1;
  }
}
