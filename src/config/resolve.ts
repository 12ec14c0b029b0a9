import { BlockList } from 'node:net';
import { resolve } from 'node:path';
import type { InCallSettings } from '../../machines/vocabulary/ivr.ts';
import { resolveAdmin } from './admin.ts';
import { resolveHttp } from './http.ts';
import { type AroundCodes, resolveInCallCodes } from './in-call-codes.ts';
import { resolveInspector } from './inspector.ts';
import { type Around, demoIvr, type IvrConfig, resolveIvr } from './ivr.ts';
import { resolveMedia } from './media.ts';
import { parseNetwork } from './network.ts';
import { type PickupConfig, resolvePickup } from './pickup.ts';
import { type ConfigProblem, problemAt } from './problem.ts';
import type { CertificatePaths, Config, ProviderConfig, PushAddress, TlsConfig, UserConfig } from './resolved.ts';
import { type Routing, resolveRouting } from './routing.ts';
import { resolveScenarios } from './scenarios.ts';
import { PASSWORD, type WrittenConfig } from './schema.ts';
import type { Source } from './source.ts';
import { type KeyPath, shown } from './wording.ts';

const MAX_USERS = 1_000_000;
const toMs = (seconds: number): number => Math.round(seconds * 1000);

const demoUser = (name: string, displayName: string): UserConfig => ({
  name,
  displayName,
  password: `${name}-demo`,
  wakeable: undefined,
});
const DEMO_USERS = [demoUser('alice', 'Alice'), demoUser('bob', 'Bob'), demoUser('carol', 'Carol')];
const DEMO_PICKUP: NonNullable<WrittenConfig['pickup']> = {
  groups: { demo: { members: DEMO_USERS.map(({ name }) => name), pickers: [] } },
  codes: { group: '*8', directed: '**' },
  mode: 'join',
  takeOver: [],
  watch: 'group',
};

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
  const http = resolveHttp(written.http, complain);
  const pickup = resolvePickupOf(demo ? DEMO_PICKUP : written.pickup, written, [...users.keys()], routing, complain);
  const media = resolveMedia(written.media, written.listen, cwd);
  const around = {
    users: [...users.keys()],
    prompts: media.prompts,
    everybodyIsUser: users.size === 0 && written.auth === 'none',
  };
  const ivr = resolveIvrOf(demo ? { ...written, ivr: demoIvr() } : written, { ...around, routing }, complain);
  const inCallCodes = resolveCodesOf(written, around, complain);
  checkListeners(written, demo || users.size === 0, complain);
  checkExpires(written.registrar, complain);
  checkTls(written, complain);
  checkSessionExpires(written.calls, complain);
  const domains = written.domains.map((name) => name.toLowerCase());
  const admin = resolveAdmin(written.admin, { domains, hasCertificate: written.tls !== undefined, isLoopback }, complain);
  const inspector = resolveInspector(written.inspector, admin !== undefined, complain);
  if (problems.length > 0) return problems;
  const { registrar, calls, push, dns, nat, store, journal, trace, hep } = written;
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
    codes: routing.codes,
    pickup,
    scenarios: resolveScenarios(written.scenarios, source, cwd),
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
    http,
    media,
    ivr,
    inCallCodes,
    nat: { pingMs: toMs(nat.pingSeconds), removeAfterMissed: nat.removeAfterMissed },
    dns: { servers: dns.servers, timeoutMs: toMs(dns.timeoutSeconds), failoverMs: toMs(dns.failoverSeconds) },
    store: { path: store.path === ':memory:' ? store.path : resolve(cwd, store.path) },
    drain: { limitMs: toMs(written.drain.limitSeconds) },
    records: { path: written.records.path === undefined ? undefined : resolve(cwd, written.records.path) },
    journal: {
      path: journal.path === undefined ? undefined : resolve(cwd, journal.path),
      calls: journal.calls,
      users: journal.users,
      maxBytes: journal.maxMegabytes * 1024 * 1024,
    },
    trace: {
      path: trace.path === undefined ? undefined : resolve(cwd, trace.path),
      users: trace.users,
      callIds: [],
      maxBytes: trace.maxMegabytes * 1024 * 1024,
      atStart: trace.atStart,
    },
    hep: hep && { collector: endpointOf(hep.address), captureId: hep.captureId, password: hep.password ?? '' },
    admin,
    inspector,
    log: written.log,
    limits: resolveLimits(written.limits),
  };
}

function resolvePickupOf(
  pickup: WrittenConfig['pickup'],
  { numbers, auth }: WrittenConfig,
  users: readonly string[],
  routing: Routing,
  complain: Complain,
): PickupConfig | undefined {
  if (pickup === undefined) return undefined;
  const everybodyIsUser = users.length === 0 && auth === 'none';
  return resolvePickup(pickup, { users, routing, matches: numbers.map(({ match }) => match), everybodyIsUser }, complain);
}

function resolveIvrOf(
  { ivr, pickup, codes }: WrittenConfig,
  around: Omit<Around, 'codes'>,
  complain: Complain,
): IvrConfig | undefined {
  if (ivr === undefined) return undefined;
  const ofPickup = Object.values(pickup?.codes ?? {}).filter((code) => code !== false);
  return resolveIvr(ivr, { ...around, codes: [...codes, ...ofPickup] }, complain);
}

const resolveCodesOf = ({ inCallCodes }: WrittenConfig, around: AroundCodes, complain: Complain): InCallSettings | undefined =>
  inCallCodes && resolveInCallCodes(inCallCodes, around, complain);

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
    checkPassword(name, user, complain);
    const base = { name, password: user.password ?? '', displayName: user.displayName, wakeable };
    users.set(name, routes === undefined ? base : { ...base, routing: routes });
  }
  return users;
}

function checkPassword(name: string, { password, phone }: WrittenUser, complain: Complain): void {
  const path = ['users', name, 'password'];
  if (phone && password === undefined) complain(path, 'missing', `write ${PASSWORD}`);
  if (!phone && password !== undefined)
    complain(path, '***', 'remove it, or write phone: true: nobody registers without a phone');
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
