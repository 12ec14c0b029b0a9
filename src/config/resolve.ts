import { BlockList } from 'node:net';
import { resolve } from 'node:path';
import { type Network, parseNetwork } from './network.ts';
import { type ConfigProblem, problemAt } from './problem.ts';
import { type NumberRule, type Routing, resolveRouting, type TrunkConfig, type UserRouting } from './routing.ts';
import type { WrittenConfig } from './schema.ts';
import type { Source } from './source.ts';
import { type KeyPath, shown } from './wording.ts';

/** One address the service listens on; port 0 lets the system choose. */
export interface ListenAddress {
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  /** What peers are told instead; lower-case, without a port the one that is bound. */
  readonly advertise?: { readonly host: string; readonly port: number | undefined } | undefined;
  /** IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A certificate with its key: absolute paths of PEM files. */
export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
}

/** How TLS is spoken. */
export interface TlsConfig extends CertificatePaths {
  /** By the server name that clients ask for, lower-case. */
  readonly names: ReadonlyMap<string, CertificatePaths>;
  readonly clientCertificates: 'none' | 'ask' | 'require';
  readonly ca: string | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly verifyServers: boolean;
}

/** What a device is woken by (RFC 8599 §8.2). */
export interface PushAddress {
  readonly provider: string;
  readonly prid: string;
  readonly param: string | undefined;
}

/** A local user. */
export interface UserConfig {
  readonly name: string;
  readonly password: string;
  readonly displayName: string | undefined;
  /** Set if this user is woken even with no binding at all. */
  readonly wakeable: PushAddress | undefined;
  /** Left out: reached by name alone, and not allowed outside. */
  readonly routing?: UserRouting;
}

/** How pushes of one pn-provider leave. */
export type ProviderConfig =
  | { readonly sender: 'log' }
  | {
      readonly sender: 'http';
      readonly url: string;
      /** Limit of one try. */
      readonly timeoutMs: number;
      readonly retries: number;
      readonly headers: Readonly<Record<string, string>>;
    };

/** Everything that can be set, checked and with presets filled in. */
export interface Config {
  /** The file it came from; `undefined` for the embedded presets. */
  readonly file: string | undefined;
  /** True with the embedded demo users, which exist only where no config file is given. */
  readonly demo: boolean;
  readonly listen: readonly ListenAddress[];
  /** Set if anything is spoken over TLS. */
  readonly tls: TlsConfig | undefined;
  readonly websocket: {
    /** The one path that is served; all where none is set. */
    readonly path: string | undefined;
    /** Pages that may connect, lower-case, `*` for all; those of our own hosts where none are set. */
    readonly origins: readonly string[] | undefined;
  };
  /** Empty: every listener's address counts as the one default domain. Lower-case. */
  readonly domains: readonly string[];
  readonly realm: string;
  readonly auth: 'digest' | 'none';
  readonly digest: { readonly algorithm: 'MD5' | 'SHA-256' | 'SHA-512-256'; readonly nonceMs: number };
  readonly users: ReadonlyMap<string, UserConfig>;
  readonly trunks: ReadonlyMap<string, TrunkConfig>;
  /** In order: the first that stands for a number counts. */
  readonly numbers: readonly NumberRule[];
  readonly registrar: {
    readonly minExpiresMs: number;
    readonly maxExpiresMs: number;
    readonly defaultExpiresMs: number;
    readonly maxContacts: number;
  };
  readonly calls: {
    readonly ringLimitMs: number;
    /** A contact that said nothing at all for this long no longer delays the outcome. */
    readonly silentAfterMs: number;
    readonly maxForks: number;
    readonly earlyDialogs: 'forked' | 'single';
    /** Whether a 603 ends the call at once (RFC 3261 §21.6.2) or only that fork. */
    readonly declineEndsCall: boolean;
    /** Session timer where nobody asked for one (RFC 4028 §8.1); 0: none. */
    readonly sessionExpiresSeconds: number;
    /** Smaller ones get 422. */
    readonly minSessionExpiresSeconds: number;
    /** How often a party without session timer is asked whether it is there; 0: never. */
    readonly aliveCheckMs: number;
    /** Whether a REFER is carried out here or passed to the other phone. */
    readonly transfer: 'local' | 'relay';
    readonly maxCalls: number;
  };
  readonly push: {
    readonly wakeLimitMs: number;
    readonly awakeForMs: number;
    /** What the caller is told while a device wakes. */
    readonly progress: 'none' | 182 | 180;
    /** By pn-provider, lower-case. */
    readonly providers: ReadonlyMap<string, ProviderConfig>;
  };
  readonly dns: {
    /** Addresses of name servers, with or without port; empty: those of the system. */
    readonly servers: readonly string[];
    /** A question that waits so long has failed. */
    readonly timeoutMs: number;
    /** A server that said nothing for so long is given up for the next one. */
    readonly failoverMs: number;
  };
  readonly nat: {
    /** Each device behind NAT is pinged once in so long; 0: none. */
    readonly pingMs: number;
    /** So many unanswered pings in a row remove a binding; 0: none does. */
    readonly removeAfterMissed: number;
  };
  /** Absolute path of the SQLite file, or `:memory:`. */
  readonly store: { readonly path: string };
  /** How long running calls may go on once the service shall stop. */
  readonly drain: { readonly limitMs: number };
  /** Absolute path of the file of call records; undefined: none are kept. */
  readonly records: { readonly path: string | undefined };
  readonly trace: {
    /** Absolute path of the capture file; undefined: no trace. */
    readonly path: string | undefined;
    /** User parts; none: all messages. */
    readonly users: readonly string[];
    readonly callIds: readonly string[];
    readonly maxBytes: number;
    readonly atStart: boolean;
  };
  /** Where messages are sent to as HEPv3. */
  readonly hep:
    | {
        readonly collector: { readonly host: string; readonly port: number };
        readonly captureId: number;
        readonly password: string;
      }
    | undefined;
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
    readonly format: 'auto' | 'pretty' | 'json';
  };
  readonly limits: {
    readonly tcpConnections: number;
    readonly tcpConnectionsPerSource: number;
    readonly transactions: number;
    /** Event loop lag above which new calls get 503. */
    readonly overloadLagMs: number;
    /** Messages of any kind; 0: no limit. */
    readonly requestsPerSecondPerSource: number;
    /** Never limited, never banned. */
    readonly trusted: readonly Network[];
    /** Failures within a minute; 0: nobody is banned. */
    readonly failuresBeforeBan: number;
    readonly banMs: number;
    /** What stands in the User-Agent of scanners. */
    readonly scanners: readonly string[];
  };
}

const MAX_USERS = 1_000_000;
const toMs = (seconds: number): number => Math.round(seconds * 1000);

const demoUser = (name: string, displayName: string): UserConfig => ({
  name,
  displayName,
  password: `${name}-demo`,
  wakeable: undefined,
});
const DEMO_USERS = [demoUser('alice', 'Alice'), demoUser('bob', 'Bob')];

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether an IP address can be reached from this machine only. */
export const isLoopback = (host: string): boolean => LOOPBACK.check(host, host.includes(':') ? 'ipv6' : 'ipv4');

/** Where findings that concern several keys are collected. */
type Complain = (path: KeyPath, what: string, fix: string) => void;

/** Turns what was written into what is used, and checks what concerns several keys at once. */
export function resolveConfig(written: WrittenConfig, source: Source, cwd: string): Config | ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const complain: Complain = (path, what, fix) => problems.push(problemAt(source.locate(path), what, fix));
  const demo = source.file === undefined;
  const providers = resolveProviders(written.push.providers, complain);
  const routing = resolveRouting(written, complain);
  const users = demo
    ? new Map(DEMO_USERS.map((user) => [user.name, user]))
    : resolveUsers(written.users, providers, routing, complain);
  checkListeners(written, demo || users.size === 0, complain);
  checkExpires(written.registrar, complain);
  checkTls(written, complain);
  checkSessionExpires(written.calls, complain);
  if (problems.length > 0) return problems;
  const { registrar, calls, push, dns, nat, store, trace, hep } = written;
  const domains = written.domains.map((name) => name.toLowerCase());
  return {
    file: source.file,
    demo,
    listen: written.listen,
    tls: resolveTls(written.tls, cwd),
    websocket: { path: written.websocket.path, origins: written.websocket.origins?.map((origin) => origin.toLowerCase()) },
    domains,
    realm: written.realm ?? domains[0] ?? 'callweave',
    auth: written.auth,
    digest: { algorithm: written.digest.algorithm, nonceMs: toMs(written.digest.nonceSeconds) },
    users,
    trunks: routing.trunks,
    numbers: routing.numbers,
    registrar: {
      minExpiresMs: toMs(registrar.minExpiresSeconds),
      maxExpiresMs: toMs(registrar.maxExpiresSeconds),
      defaultExpiresMs: toMs(registrar.defaultExpiresSeconds),
      maxContacts: registrar.maxContacts,
    },
    calls: {
      ringLimitMs: toMs(calls.ringLimitSeconds),
      silentAfterMs: toMs(calls.silentAfterSeconds),
      maxForks: calls.maxForks,
      earlyDialogs: calls.earlyDialogs,
      declineEndsCall: calls.declineEndsCall,
      sessionExpiresSeconds: calls.sessionExpiresSeconds,
      minSessionExpiresSeconds: calls.minSessionExpiresSeconds,
      aliveCheckMs: toMs(calls.aliveCheckSeconds),
      transfer: calls.transfer,
      maxCalls: calls.maxCalls,
    },
    push: {
      wakeLimitMs: toMs(push.wakeLimitSeconds),
      awakeForMs: toMs(push.awakeForSeconds),
      progress: push.progress,
      providers,
    },
    nat: { pingMs: toMs(nat.pingSeconds), removeAfterMissed: nat.removeAfterMissed },
    dns: { servers: dns.servers, timeoutMs: toMs(dns.timeoutSeconds), failoverMs: toMs(dns.failoverSeconds) },
    store: { path: store.path === ':memory:' ? store.path : resolve(cwd, store.path) },
    drain: { limitMs: toMs(written.drain.limitSeconds) },
    records: { path: written.records.path === undefined ? undefined : resolve(cwd, written.records.path) },
    trace: {
      path: trace.path === undefined ? undefined : resolve(cwd, trace.path),
      users: trace.users,
      callIds: [],
      maxBytes: trace.maxMegabytes * 1024 * 1024,
      atStart: trace.atStart,
    },
    hep: hep && { collector: endpointOf(hep.address), captureId: hep.captureId, password: hep.password ?? '' },
    log: written.log,
    limits: resolveLimits(written.limits),
  };
}

const resolveLimits = ({ trusted, banSeconds, ...limits }: WrittenConfig['limits']): Config['limits'] => ({
  ...limits,
  banMs: toMs(banSeconds),
  trusted: trusted.map(parseNetwork).filter((network) => network !== undefined),
});

/** Of `192.0.2.9:9060` or `[2001:db8::9]:9060`, which the schema has checked. */
function endpointOf(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

function resolveTls(written: WrittenConfig['tls'], cwd: string): TlsConfig | undefined {
  if (written === undefined) return undefined;
  const paths = ({ certificate, key }: CertificatePaths) => ({ certificate: resolve(cwd, certificate), key: resolve(cwd, key) });
  return {
    ...paths(written),
    names: new Map(Object.entries(written.names ?? {}).map(([name, files]) => [name.toLowerCase(), paths(files)])),
    clientCertificates: written.clientCertificates,
    ca: written.ca === undefined ? undefined : resolve(cwd, written.ca),
    minVersion: `TLSv${written.minVersion}`,
    verifyServers: written.verifyServers,
  };
}

function checkTls({ listen, tls }: WrittenConfig, complain: Complain): void {
  for (const [i, { transport, host, port }] of listen.entries()) {
    if (tls !== undefined || (transport !== 'tls' && transport !== 'wss')) continue;
    complain(
      ['listen', i],
      `${nameOf(transport, host, port)} needs a certificate`,
      'write tls: { certificate: FILE, key: FILE }',
    );
  }
  if (tls !== undefined && tls.clientCertificates !== 'none' && tls.ca === undefined) {
    complain(['tls', 'ca'], 'missing', 'name the file of the authorities whose client certificates you believe');
  }
}

const nameOf = (transport: string, host: string, port: number): string =>
  `${transport}:${host.includes(':') ? `[${host}]` : host}:${port}`;

type WrittenProvider = NonNullable<WrittenConfig['push']['providers']>[string];
const LOGGED: ProviderConfig = { sender: 'log' };

function resolveProviders(written: WrittenConfig['push']['providers'], complain: Complain): Map<string, ProviderConfig> {
  if (written === undefined) return new Map(['apns', 'fcm', 'webpush', 'demo'].map((name) => [name, LOGGED]));
  const providers = new Map<string, ProviderConfig>();
  for (const [name, provider] of Object.entries(written)) {
    providers.set(name.toLowerCase(), resolveProvider(provider, ['push', 'providers', name], complain));
  }
  return providers;
}

function resolveProvider({ sender, url, ...rest }: WrittenProvider, path: KeyPath, complain: Complain): ProviderConfig {
  if (sender === 'http' && url !== undefined) {
    return { sender, url, timeoutMs: toMs(rest.timeoutSeconds), retries: rest.retries, headers: rest.headers ?? {} };
  }
  if (sender === 'http')
    complain([...path, 'url'], 'missing', 'write the address to post to, such as https://push.example.com/wake');
  else if (url !== undefined) complain([...path, 'url'], shown(url, ['url']), 'remove it, or write sender: http');
  return LOGGED;
}

type WrittenUser = NonNullable<WrittenConfig['users']>[string];
type Providers = ReadonlyMap<string, ProviderConfig>;

function resolveUsers(
  written: WrittenConfig['users'],
  providers: Providers,
  { users: routing }: Routing,
  complain: Complain,
): Map<string, UserConfig> {
  const users = new Map<string, UserConfig>();
  const names = Object.keys(written ?? {});
  if (names.length > MAX_USERS) complain(['users'], `${names.length} users`, `write at most ${MAX_USERS}`);
  for (const [name, user] of Object.entries(written ?? {})) {
    const wakeable = resolveWakeable(name, user.wakeable, providers, complain);
    const routes = routing.get(name);
    const base = { name, password: user.password, displayName: user.displayName, wakeable };
    users.set(name, routes === undefined ? base : { ...base, routing: routes });
  }
  return users;
}

function resolveWakeable(
  name: string,
  written: WrittenUser['wakeable'],
  providers: Providers,
  complain: Complain,
): PushAddress | undefined {
  if (written === undefined) return undefined;
  const path = ['users', name, 'wakeable'];
  const { prid, param } = written;
  const provider = written.provider?.toLowerCase();
  if (provider === undefined && prid === undefined && param === undefined) {
    // `true`: the provider is plain if it is the demo one or the only one, and knows the user by name.
    const plain = providers.has('demo') ? 'demo' : providers.size === 1 ? [...providers.keys()][0] : undefined;
    if (plain !== undefined) return { provider: plain, prid: name, param: undefined };
    complain(path, 'true, with several providers to choose from', 'write { provider: apns, prid: "…" }');
    return undefined;
  }
  if (provider === undefined || prid === undefined) {
    complain([...path, provider === undefined ? 'provider' : 'prid'], 'missing', 'write both provider and prid');
    return undefined;
  }
  if (!providers.has(provider)) {
    complain([...path, 'provider'], JSON.stringify(provider), `write one of push.providers: ${[...providers.keys()].join(', ')}`);
  }
  return { provider, prid, param };
}

const OPEN_FIX = 'write users of your own in the config, or auth: none to let everybody in, or listen on 127.0.0.1';

/** Known passwords, or none at all, are for loopback only. */
function checkListeners({ listen, auth }: WrittenConfig, noOwnUsers: boolean, complain: Complain): void {
  const seen = new Set<string>();
  for (const [i, { transport, host, port }] of listen.entries()) {
    const name = nameOf(transport, host, port);
    // All but UDP listen on a TCP port.
    const taken = nameOf(transport === 'udp' ? 'udp' : 'tcp', host, port);
    if (port !== 0 && seen.has(taken)) complain(['listen', i], `${name} again`, 'remove one of the two, or choose another port');
    seen.add(taken);
    if (auth === 'digest' && noOwnUsers && !isLoopback(host)) complain(['listen', i], `${name} is not loopback`, OPEN_FIX);
  }
}

function checkSessionExpires(calls: WrittenConfig['calls'], complain: Complain): void {
  const { sessionExpiresSeconds: preset, minSessionExpiresSeconds: min } = calls;
  if (preset === 0 || preset >= min) return;
  complain(
    ['calls', 'sessionExpiresSeconds'],
    String(preset),
    `write at least minSessionExpiresSeconds, ${min}, or 0 for no session timer`,
  );
}

function checkExpires(registrar: WrittenConfig['registrar'], complain: Complain): void {
  const { minExpiresSeconds: min, defaultExpiresSeconds: preset, maxExpiresSeconds: max } = registrar;
  if (min > max) complain(['registrar', 'minExpiresSeconds'], String(min), `write at most maxExpiresSeconds, ${max}`);
  else if (preset < min || preset > max) {
    complain(
      ['registrar', 'defaultExpiresSeconds'],
      String(preset),
      `write a number from ${min} to ${max}, the bounds set beside it`,
    );
  }
}
