/** The records of which SIP servers are made (RFC 3263), by type. */
export interface Records {
  readonly NAPTR: Naptr;
  readonly SRV: Srv;
  /** IP addresses. */
  readonly A: string;
  readonly AAAA: string;
}

/** RFC 3403 §4.1, without the regular expression, which SIP does not use. */
export interface Naptr {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly replacement: string;
}

/** RFC 2782. */
export interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** What a name server says: no records where it says that there are none, `failed` where it says nothing of use. */
export type Answer<R> = { readonly records: readonly R[]; readonly ttlMs: number } | 'failed';

/** Asks name servers. */
export interface Resolver {
  /** Calls `done` once or never; a record it hands over may be malformed. */
  ask<K extends keyof Records>(kind: K, name: string, done: (answer: Answer<Records[K]>) => void): void;
}
