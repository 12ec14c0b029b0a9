import { type NaptrRecord, Resolver as NodeResolver, type RecordWithTtl, type SrvRecord } from 'node:dns';
import type { Answer, Records, Resolver } from './resolver.ts';

/** How name servers are asked. */
export interface ResolverSettings {
  /** `192.0.2.1` or `192.0.2.1:5353`; empty: those of the system. */
  readonly servers: readonly string[];
  readonly timeoutMs: number;
}

/** What Node does not tell the time to live of. */
const UNTOLD_TTL_MS = 60_000;
const LONGEST_TTL_SECONDS = 86_400;
/** There is no such name, or none of this type: an answer too. */
const NONE = new Set(['ENOTFOUND', 'ENODATA']);
const LOCALHOST = /(^|\.)localhost$/;

type Done<R> = (answer: Answer<R>) => void;
type Heard<T> = (error: { code?: string | undefined } | null, records: T) => void;

/** Asks name servers by Node's resolver, without threads; files such as `/etc/hosts` are not read. */
export class SystemResolver implements Resolver {
  readonly #node: NodeResolver;

  constructor({ servers, timeoutMs }: ResolverSettings) {
    this.#node = new NodeResolver({ timeout: Math.ceil(timeoutMs / 2), tries: 2 });
    if (servers.length > 0) this.#node.setServers(servers);
  }

  ask<K extends keyof Records>(kind: K, name: string, done: Done<Records[K]>): void {
    // Each branch hands over the records of its own kind.
    if (kind === 'NAPTR') this.#node.resolveNaptr(name, heard(done as Done<Records['NAPTR']>, naptrs));
    else if (kind === 'SRV') this.#node.resolveSrv(name, heard(done as Done<Records['SRV']>, srvs));
    else if (kind === 'A') this.#addresses('resolve4', name, done as Done<string>);
    else this.#addresses('resolve6', name, done as Done<string>);
  }

  #addresses(how: 'resolve4' | 'resolve6', name: string, done: Done<string>): void {
    // RFC 6761 §6.3: its address is no question for name servers.
    const asked = LOCALHOST.test(name) ? [how === 'resolve4' ? '127.0.0.1' : '::1'] : undefined;
    if (asked !== undefined) done({ records: asked, ttlMs: UNTOLD_TTL_MS });
    else this.#node[how](name, { ttl: true }, heard(done, addresses));
  }

  close(): void {
    this.#node.cancel();
  }
}

const heard =
  <R, T>(done: Done<R>, read: (records: T) => Answer<R>): Heard<T> =>
  (error, records) => {
    if (error === null) done(read(records));
    else done(NONE.has(error.code ?? '') ? { records: [], ttlMs: 0 } : 'failed');
  };

const naptrs = (records: NaptrRecord[]): Answer<Records['NAPTR']> => ({ records, ttlMs: UNTOLD_TTL_MS });
const srvs = (records: SrvRecord[]): Answer<Records['SRV']> => ({
  records: records.map(({ name, ...rest }) => ({ ...rest, target: name })),
  ttlMs: UNTOLD_TTL_MS,
});
const addresses = (records: RecordWithTtl[]): Answer<string> => ({
  records: records.map(({ address }) => address),
  ttlMs: 1000 * Math.min(...records.map(({ ttl }) => ttl), LONGEST_TTL_SECONDS),
});
