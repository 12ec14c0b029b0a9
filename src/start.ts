/** The service on this machine: its clock, sockets, disk and push gateways, opened and closed together. */
import { SystemClock } from './clock.ts';
import type { Config } from './config.ts';
import type { CallRecord } from './correlation/record.ts';
import type { Story } from './correlation/story.ts';
import { SystemResolver } from './dns/system-resolver.ts';
import { keptFor, metricsFor, openOwnDoor } from './door.ts';
import { isProblem, type Problem, problem, reasonOf } from './errors.ts';
import { AppendFile } from './files/append-file.ts';
import { nodeHttpClient } from './http/client.ts';
import { openJournal, wishesOf } from './journal-file.ts';
import type { Log } from './log.ts';
import { prepareMedia } from './media-engine.ts';
import { openNotifier } from './notify.ts';
import { startObserving } from './observing.ts';
import type { PushSender } from './ports/push/senders/push-sender.ts';
import { createSenders } from './ports/push/senders.ts';
import { openBindingStore } from './ports/store/binding-store.ts';
import { CryptoRandom } from './random.ts';
import { Service, type UserScenarios } from './service.ts';
import { TimerHeap } from './timer-heap.ts';
import { Certificates } from './transport/certificates.ts';
import { endpointName } from './transport/endpoint.ts';
import { probe } from './transport/probe.ts';
import { openSockets, Sockets } from './transport/sockets.ts';
import type { Listening } from './transport/transport.ts';

/** A service that runs. */
export interface Running {
  readonly service: Service;
  /** Its listeners as bound; `name` is `udp 127.0.0.1:5060`. */
  readonly listening: readonly (Listening & { readonly name: string })[];
  /** Bindings of the last run that still stand. */
  readonly restored: number;
  /** Where the HTTP API and the live page are; undefined: nowhere. */
  readonly door: string | undefined;
  /** Begins the configured trace, or ends the one that goes on. */
  toggleTrace(): void;
  /** Opens the files that only grow anew, after they were moved away (logrotate), and reads certificates that changed. */
  reopen(): void;
  /** Takes no new calls; resolves when the running ones are over, or were ended at the limit. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** What a caller may put in place of the machine's own. */
export interface StartOptions {
  readonly senders?: ReadonlyMap<string, PushSender>;
  readonly hear?: (story: Story) => void;
  /** Scenarios beside the service's own, in which no fault was found. */
  readonly scenarios?: UserScenarios;
  /** Where systemd says how it is told; by default nobody is. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use',
  EACCES: 'ports below 1024 are not for this user',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** Starts the service, or says in one line what is in the way. */
export async function start(config: Config, log: Log, options: StartOptions = {}): Promise<Running | Problem> {
  const clock = new SystemClock();
  const timers = new TimerHeap(clock, (error) => log.error({ problem: reasonOf(error) }, 'a timer broke something'));
  const random = new CryptoRandom();
  // What was opened is closed in the reverse order: at the end, or as soon as something cannot be opened.
  await using opened = new AsyncDisposableStack();
  const store = openBindingStore(config.store.path, {
    clock,
    report: ({ problem: line }) => log.error({ problem: line }, 'bindings could not be stored'),
  });
  if (isProblem(store)) return store;
  opened.defer(() => store.close());
  const records = openRecords(config, timers, log);
  if (isProblem(records)) return records;
  opened.defer(() => closed(records));
  const journal = openJournal(config, timers, log);
  if (isProblem(journal)) return journal;
  opened.defer(() => closed(journal));
  const certificates = readCertificates(config, timers, log);
  if (isProblem(certificates)) return certificates;
  opened.defer(() => certificates?.close());
  const media = await prepareMedia(config, log);
  if (isProblem(media)) return media;
  opened.defer(() => media.close());
  const senders = options.senders ?? createSenders(config.push.providers, { log, timers, random });
  const resolver = new SystemResolver(config.dns);
  opened.defer(() => resolver.close());
  const record = records && ((one: CallRecord) => records.write(`${JSON.stringify(one)}\n`));
  const parts = {
    ...{ config, clock, timers, random, store, resolver, senders, log, record },
    openHttp: nodeHttpClient,
    openMedia: media.open,
    busyMs: () => clock.busyMs(),
    scenarios: options.scenarios,
    journal: journal && wishesOf(config, journal),
    insight: keptFor(config),
    metrics: await metricsFor(config),
  };
  const service = new Service(parts, options.hear);
  const sockets = await openSockets({
    listeners: config.listen,
    listener: service.listener,
    timers,
    streams: { maxConnections: config.limits.tcpConnections, maxConnectionsPerAddress: config.limits.tcpConnectionsPerSource },
    certificates,
    websocket: { path: config.websocket.path, admitsOrigin: service.admitsOrigin },
    report: (listener, error) => log.error({ listener, problem: error.message }, 'a listener failed'),
  });
  if (!(sockets instanceof Sockets)) {
    const found = sockets.map(({ listener, why }) => `${listener}: ${WHY[why] ?? why}`).join(', ');
    return problem(`cannot listen on ${found}; stop what uses the address, or set listen to one that is free`);
  }
  opened.defer(() => sockets.close());
  const observing = startObserving({ config, wiretap: service.wiretap, timers, log });
  if (isProblem(observing)) return observing;
  opened.defer(() => closed(observing));
  const restored = service.start(sockets);
  opened.defer(() => service.stop());
  const { scenarios } = options;
  const facts = scenarios?.facts.map(({ fact }) => fact) ?? [];
  const door = await openOwnDoor({ config, service, scenarios, certificates, facts, timers, random, log });
  if (isProblem(door)) return door;
  opened.defer(() => door?.close());
  const notifier = openNotifier({
    env: options.env ?? {},
    pid: process.pid,
    timers,
    log,
    status: () => `${service.calls} calls, ${service.location.size} users registered`,
  });
  opened.defer(() => notifier.close());
  notifier.ready();
  const open = opened.move();
  return {
    service,
    restored,
    door: door?.url,
    listening: sockets.listening.map((one) => ({ ...one, name: `${one.transport} ${endpointName(one.local)}` })),
    reopen: () => {
      records?.reopen();
      journal?.reopen();
      certificates?.reload();
    },
    toggleTrace: () => observing.toggleTrace(),
    drain: () => {
      notifier.stopping();
      return new Promise<void>((done) => service.drain(done));
    },
    stop: () => open.disposeAsync(),
  };
}

/** Resolves when what closes by calling back has closed. */
const closed = (one: { close(done: () => void): void } | undefined): Promise<void> =>
  new Promise((done) => (one === undefined ? done() : one.close(done)));

function readCertificates({ tls }: Config, timers: TimerHeap, log: Log): Certificates | Problem | undefined {
  if (tls === undefined) return undefined;
  return Certificates.read(tls, { timers, report: (line, level) => log[level]({}, line) });
}

function openRecords({ records }: Config, timers: TimerHeap, log: Log): AppendFile | Problem | undefined {
  if (records.path === undefined) return undefined;
  const file = AppendFile.open({
    path: records.path,
    timers,
    report: ({ problem: line }) => log.error({ problem: line }, 'call records cannot be written'),
  });
  return isProblem(file) ? problem(`records.path: ${file.problem}; set records.path to a file in a folder that is there`) : file;
}

/** Whether the service that this config describes answers on its first listener; from another process. */
export function isAlive({ listen }: Config): Promise<boolean> {
  const clock = new SystemClock();
  const [listener] = listen;
  if (listener === undefined) return Promise.resolve(false);
  const token = new CryptoRandom().hex(8);
  return probe(listener, { token, after: (delayMs, fire) => clock.alarm(clock.now() + delayMs, fire) });
}
