import { sourceOf } from './source.ts';

/** What is remembered of one source. */
export interface Source {
  /** IPv4 address or IPv6 prefix. */
  readonly name: string;
  readonly trusted: boolean;
  /** Messages it may send now, and when that was counted. */
  tokens: number;
  filledMs: number;
  /** Failures that only this source can have caused, since when. */
  failures: number;
  failuresSinceMs: number;
  /** Failures over UDP that somebody else may have caused under its address, since when. */
  doubtful: number;
  doubtfulSinceMs: number;
  /** Nothing is heard from it until then; the second over UDP alone. */
  bannedUntilMs: number;
  udpBannedUntilMs: number;
  /** It proved to know a password, which is remembered until then. */
  provenUntilMs: number;
  dropped: number;
  /** When the log last named it. */
  toldMs: number;
}

/**
 * Sources in a bounded number, each found in one look-up. In two generations, as flows are: what is heard of stays in
 * the young one, and what was not heard of for a whole generation is forgotten.
 */
export class SourceTable {
  readonly #halfSize: number;
  readonly #make: (name: string, host: string) => Source;
  #young = new Map<string, Source>();
  #old = new Map<string, Source>();

  constructor(maxSources: number, make: (name: string, host: string) => Source) {
    this.#halfSize = Math.max(1, Math.floor(maxSources / 2));
    this.#make = make;
  }

  /** At most the bound; a source that is in both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  of(host: string): Source {
    // Only IPv6 has to be cut to its prefix first.
    const name = host.includes(':') ? sourceOf(host) : host;
    return this.#young.get(name) ?? this.#adopt(name, host);
  }

  /** The source of that name, if it is remembered. */
  known(name: string): Source | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #adopt(name: string, host: string): Source {
    const source = this.#old.get(name) ?? this.#make(name, host);
    if (this.#young.size >= this.#halfSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, source);
    return source;
  }
}
