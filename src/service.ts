/** The composition root: builds the ports and the engine, and connects them. */
import type { CallEnd } from '../machines/vocabulary/commands.ts';
import { chartOf } from './charts/definition.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { Histories } from './correlation/history.ts';
import { Location } from './correlation/location.ts';
import { type CallRecord, recordOf } from './correlation/record.ts';
import { type Story, storyOf } from './correlation/story.ts';
import { TrunkStates } from './correlation/trunk-states.ts';
import { DnsCache } from './dns/cache.ts';
import { DnsLocator } from './dns/locator.ts';
import type { Resolver } from './dns/resolver.ts';
import { drain } from './drain.ts';
import { Engine } from './engine/engine.ts';
import { viewOf } from './engine/port.ts';
import { isProblem, reasonOf } from './errors.ts';
import type { OpenHttpClient } from './http/client.ts';
import type { Wire } from './insight/call-views.ts';
import type { Insight, InsightWishes } from './insight/insight.ts';
import { endpointText } from './insight/messages.ts';
import { ServiceInsight } from './insight/service-insight.ts';
import { catalogueOf, installOwn, type UserScenario, type UserScenarios, viewsFor } from './installing.ts';
import type { CallJournal, RunScenario } from './journal/format.ts';
import { SecretsOf } from './journal/secrets.ts';
import { Journals, type JournalWishes } from './journals.ts';
import type { Log } from './log.ts';
import { type OpenMedia, ServiceMedia } from './media-service.ts';
import type { Metrics } from './metrics/metrics.ts';
import { Overload } from './overload.ts';
import { OwnNames } from './own-names.ts';
import { ownScenarios } from './own-scenarios.ts';
import { HttpPort } from './ports/http/port.ts';
import { PushPort } from './ports/push/port.ts';
import type { PushSender } from './ports/push/senders/push-sender.ts';
import { Authenticator } from './ports/sip/authenticator.ts';
import type { SipContext } from './ports/sip/context.ts';
import { Domains } from './ports/sip/domains.ts';
import { Keepalive } from './ports/sip/keepalive.ts';
import type { LegSide } from './ports/sip/leg-side.ts';
import { LegTable } from './ports/sip/leg-table.ts';
import { SipPort } from './ports/sip/port.ts';
import { CallsAndBindings } from './ports/sip/standing.ts';
import { Trunks } from './ports/sip/trunks.ts';
import type { BindingStore } from './ports/store/binding-store.ts';
import { StoreView } from './ports/store/store-view.ts';
import { type Offence, Protection } from './protection/protection.ts';
import { trunkNetworks } from './protection/trunk-networks.ts';
import type { Random } from './random.ts';
import { RefusedCalls } from './refused-calls.ts';
import { header } from './sip/headers.ts';
import { sipSettings } from './sip-settings.ts';
import type { TimerHeap } from './timer-heap.ts';
import { messageLog } from './trace/message-log.ts';
import { Wiretap } from './trace/wiretap.ts';
import { type Gate, Transactions } from './transaction/layer.ts';
import type { Flow, TransportListener, Transports } from './transport/transport.ts';

export type { UserScenario, UserScenarios };

/** Everything of the outside world that the service needs; the virtual world has its own of each. */
export interface ServiceParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly timers: TimerHeap;
  readonly random: Random;
  readonly store: BindingStore;
  readonly resolver: Resolver;
  /** By pn-provider, lower-case. */
  readonly senders: ReadonlyMap<string, PushSender>;
  /** The way to the systems that scenarios ask. */
  readonly openHttp: OpenHttpClient;
  readonly log: Log;
  /** Milliseconds that the process has been busy since it began. */
  readonly busyMs: () => number;
  /** The engine that media passes through; without it, all media passes from one party to the other. */
  readonly openMedia?: OpenMedia | undefined;
  /** Scenarios beside the service's own. */
  readonly scenarios?: UserScenarios | undefined;
  /** Takes the record of each call that is over. */
  readonly record?: ((record: CallRecord) => void) | undefined;
  /** Which calls' journals are kept, and where; none by default. */
  readonly journal?: JournalWishes | undefined;
  /** How much is kept for those who look at calls; without it nobody can. */
  readonly insight?: InsightWishes | undefined;
  /** Counts what happens; it is read by way of `insight`. */
  readonly metrics?: Metrics | undefined;
  /** Milliseconds that the engine goes on before I/O has its turn; 0: one entry of its mailbox at a time. */
  readonly sliceMs?: number | undefined;
}

const KEY_BYTES = 32;
const NO_CONNECTIONS: ReadonlyMap<string, number> = new Map();

/** One running service. */
export class Service {
  readonly engine: Engine;
  readonly location = new Location();
  readonly transactions: Transactions;
  /** Where transports report to. */
  readonly listener: TransportListener;
  readonly #parts: ServiceParts;
  readonly #overload: Overload;
  readonly #protection: Protection;
  readonly #histories: Histories;
  readonly #legs = new LegTable();
  readonly #storeView: StoreView;
  readonly #refusedCalls: RefusedCalls;
  /** Where those who watch messages are let in. */
  readonly wiretap: Wiretap;
  readonly #keepalive: Keepalive | undefined;
  readonly #journals: Journals | undefined;
  readonly #insight: ServiceInsight | undefined;
  #isDraining = false;
  #sip: SipPort | undefined;
  #http: HttpPort | undefined;
  #media: ServiceMedia | undefined;
  #ownNames: OwnNames | undefined;
  #transports: Transports | undefined;

  /** Throws a `ScenarioError` where one of the users' scenarios cannot work. */
  constructor(parts: ServiceParts, hear?: (story: Story) => void) {
    const { config, clock, timers, random, log } = parts;
    this.#parts = parts;
    this.#refusedCalls = new RefusedCalls(log, timers);
    this.#storeView = new StoreView(parts.store);
    this.#overload = new Overload({ timers, random, busyMs: parts.busyMs, lagLimitMs: config.limits.overloadLagMs });
    const trunkStates = new TrunkStates(({ trunk: name, isUp, status, reason }) => {
      if (isUp) log.info({ trunk: name }, 'registered with a trunk');
      else log.warn({ trunk: name, status, reason }, 'not registered with a trunk');
    });
    this.#insight = parts.insight && new ServiceInsight(parts.insight, () => clock.now());
    this.#histories = new Histories((history) => {
      this.#insight?.ended(history);
      parts.metrics?.ended(history);
      if (hear !== undefined || log.enabled('info')) {
        const story = storyOf(history);
        log.info({ ...story }, 'call ended');
        hear?.(story);
      }
      parts.record?.(recordOf(history));
    });
    this.#keepalive = config.nat.pingMs > 0 ? new Keepalive(config.nat) : undefined;
    const views = [
      viewOf(this.location),
      viewOf(this.#storeView),
      viewOf(this.#histories),
      viewOf(trunkStates),
      ...viewsFor(parts.scenarios, config),
      ...(this.#insight === undefined ? [] : [this.#insight.view]),
      ...(parts.metrics?.views ?? []),
    ];
    this.engine = new Engine({
      limits: parts.sliceMs === undefined ? {} : { sliceMs: parts.sliceMs },
      clock,
      timers,
      catalogue: catalogueOf(parts.scenarios),
      views: this.#keepalive === undefined ? views : [...views, viewOf(this.#keepalive)],
      report: ({ problem, address }) => {
        parts.metrics?.problem();
        log.error({ problem, ...(address === undefined ? {} : { address }) }, 'engine problem');
      },
    });
    this.#protection = new Protection({
      settings: { ...config.limits, trusted: [...config.limits.trusted, ...trunkNetworks(config.trunks.values())] },
      timers,
      log,
      standing: new CallsAndBindings(this.#legs, this.location),
    });
    const settings = { maxServerTransactions: config.limits.transactions };
    this.transactions = new Transactions({ timers, random, settings, gate: this.#gate() });
    this.wiretap = new Wiretap({
      now: () => timers.now(),
      attach: (tap) => this.#attach(tap),
      openLegs: (told) => {
        for (const side of this.#legs.all()) told(...named(side));
      },
      report: (line) => log.error({ problem: line }, 'messages are not watched any more'),
    });
    if (log.enabled('debug')) this.wiretap.add(messageLog(log));
    this.listener = this.#guarded(this.transactions);
    this.#install();
    this.#journals = parts.journal || this.#insight ? this.#keepJournals(parts.journal) : undefined;
    this.#openInsight();
  }

  /** What can be seen of it; undefined where nothing is kept to be seen. */
  get insight(): Insight | undefined {
    return this.#insight;
  }

  /** What it counts; undefined where nobody counts. */
  get metrics(): Metrics | undefined {
    return this.#parts.metrics;
  }

  #openInsight(): void {
    const { config, timers, scenarios } = this.#parts;
    if (this.#insight === undefined || this.#journals === undefined) return;
    this.#insight.open({
      ...{ engine: this.engine, timers, location: this.location, journals: this.#journals },
      secrets: new SecretsOf(catalogueOf(scenarios)),
      scenarios: this.#scenarios().map(({ name }) => name),
      users: knownUsers(config),
      openHistory: (call) => this.#histories.of(call),
      wireOf: (leg) => this.#wireOf(leg),
      charts: () => [
        ...ownScenarios(config).map(({ scenario }) => chartOf(scenario, true)),
        ...(scenarios?.scenarios ?? []).map(({ scenario }) => chartOf(scenario, false)),
      ],
      load: () => ({ lagMs: this.#overload.lagMs, refusing: this.#overload.refusing, isDraining: this.#isDraining }),
    });
    if (this.#insight.observer !== undefined) this.wiretap.add(this.#insight.observer);
    this.#openMetrics(this.#insight);
  }

  #openMetrics(insight: Insight): void {
    this.#parts.metrics?.open(
      {
        nowMs: () => this.engine.now(),
        now: () => insight.now(),
        actors: () => this.engine.actors(),
        mediaSessions: () => this.mediaSessions,
        bannedSources: () => this.#protection.banned,
        connections: () => this.#transports?.connections() ?? NO_CONNECTIONS,
        rejectedMessages: () => this.transactions.counters,
      },
      this.#scenarios().map(({ name }) => name),
    );
  }

  /** Scanners are told nothing, and what cannot be read counts against its sender. */
  #gate(): Gate {
    return {
      admits: (request, flow) => {
        if (!this.#protection.isScanner(header(request, 'user-agent'))) return true;
        this.#offended(flow, 'scanner');
        return false;
      },
      malformed: (flow) => this.#offended(flow, 'malformed'),
    };
  }

  #offended(flow: Flow, offence: Offence): void {
    this.#parts.metrics?.offended(offence);
    this.#protection.offended(flow, offence);
  }

  #isOverloaded(method: string): boolean {
    const isRefused = this.#overload.refuses(method);
    if (isRefused) this.#parts.metrics?.overloaded(method);
    return isRefused;
  }

  #wireOf(leg: string): Wire | undefined {
    const side = this.#legs.at(leg);
    return side && { callId: side.invite.callId, remote: endpointText(side.flow.remote) };
  }

  #scenarios(): readonly RunScenario[] {
    const { config, scenarios } = this.#parts;
    return [
      ...ownScenarios(config).map(({ scenario, settings }) => ({ name: scenario.name, settings })),
      ...(scenarios?.scenarios ?? []).map(({ scenario }) => ({ name: scenario.name })),
    ];
  }

  #attach(tap: Wiretap | undefined): void {
    this.transactions.tap = tap;
    this.#legs.watch(tap && ((side) => tap.legAdded(...named(side))));
  }

  /** No packet ends the process: what one breaks is reported, and the next one is taken. */
  #guarded(layer: Transactions): TransportListener {
    const { metrics } = this.#parts;
    const guard = (what: string, act: () => void): void => {
      try {
        act();
      } catch (error) {
        this.#parts.log.error({ problem: reasonOf(error), stack: error instanceof Error ? error.stack : undefined }, what);
      }
    };
    return {
      received: (message, flow) => {
        const isAdmitted = this.#protection.admits(flow);
        metrics?.received(flow.transport, isAdmitted);
        if (isAdmitted) guard('a message broke something', () => layer.received(message, flow));
      },
      admitsConnection: (host) => this.#protection.admitsConnection(host),
      malformed: (defect, flow) => {
        metrics?.received(flow.transport, true);
        guard('a malformed message broke something', () => layer.malformed(defect, flow));
      },
      failed: (flow, why) =>
        guard('a closed flow broke something', () => {
          layer.failed(flow, why);
          this.#sip?.flowClosed(flow);
        }),
    };
  }

  #keepJournals(wishes: JournalWishes | undefined): Journals {
    return new Journals({
      engine: this.engine,
      kinds: catalogueOf(this.#parts.scenarios),
      scenarios: this.#scenarios(),
      bindingsOf: (aor) => this.location.of(aor),
      wishes,
      shelf: this.#insight?.shelf,
    });
  }

  /** The journal of a call that goes on; undefined where it is not recorded. */
  journalOf(call: string): CallJournal | undefined {
    return this.#journals?.of(call);
  }

  #install(): void {
    installOwn(this.engine, this.#parts.config);
    for (const { scenario, settings, maxCases } of this.#parts.scenarios?.scenarios ?? [])
      this.engine.install(scenario, settings, { maxActors: maxCases });
  }

  /** Whether a page of that origin may connect; none before the service has started. */
  readonly admitsOrigin = (origin: string): boolean => this.#ownNames?.admitsOrigin(origin) === true;

  /** Begins to serve over these transports. Returns how many bindings were restored from the store. */
  start(transports: Transports): number {
    const { config, timers, random, senders, clock } = this.#parts;
    const ownNames = new OwnNames(config, transports);
    this.#ownNames = ownNames;
    this.#transports = transports;
    const domains = new Domains(config.domains[0] ?? config.realm, ownNames.hosts);
    const settings = sipSettings(config);
    const authenticator = new Authenticator(settings, () => clock.now(), Buffer.from(random.hex(KEY_BYTES), 'hex'));
    const { openMedia } = this.#parts;
    this.#media = openMedia && new ServiceMedia(this.engine, openMedia, { timers, random }, config);
    const context: SipContext = {
      settings,
      engine: this.engine.sink('port:sip'),
      layer: this.transactions,
      transports,
      locator: this.#locator(transports, ownNames),
      timers,
      random,
      location: this.location,
      legs: this.#legs,
      farewell: { reason: '' },
      trunks: new Trunks(config.trunks.values(), random),
      media: this.#media?.plane,
      tell: {
        unreachable: (aor, missed, isRemoved) =>
          this.#parts.log.warn({ aor, missed, isRemoved }, 'a phone behind NAT does not answer'),
        refusedCredentials: (trunk, status) =>
          this.#parts.log.warn({ trunk, status }, 'a trunk refuses its user name or password'),
      },
    };
    this.#sip = new SipPort(context, {
      domains,
      authenticator,
      isOverloaded: (method) => this.#isOverloaded(method),
      callRefused: (refused) => {
        this.#parts.metrics?.refused(refused.status);
        this.#refusedCalls.note(refused);
      },
      flushBindings: () => this.#flush(),
      isOwn: (uri) => ownNames.isOwn(uri),
      offended: (flow, offence) => this.#offended(flow, offence),
      vouched: (flow) => this.#protection.vouched(flow),
    });
    this.engine.connect(this.#sip);
    this.engine.connect(new PushPort(this.engine.sink('port:push'), senders));
    this.#http = this.#openHttp();
    this.engine.connect(this.#http);
    const restored = this.#storeView.restore(this.engine.sink('port:store'));
    this.#keepalive?.start(context);
    this.#overload.start();
    this.transactions.serve(this.#sip, transports);
    this.#sip.start();
    return restored;
  }

  #openHttp(): HttpPort {
    const { config, timers, openHttp: openClient, log } = this.#parts;
    return new HttpPort(this.engine.sink('port:http'), {
      ...config.http,
      ...{ openClient, timers },
      tell: (target, isDown, why) => {
        if (isDown) log.warn({ target, why }, 'an HTTP target does not answer');
        else log.info({ target }, 'an HTTP target answers again');
      },
      refused: (target, status) => log.warn({ target, status }, 'an HTTP target refuses requests'),
    });
  }

  #locator({ listening }: Transports, ownNames: OwnNames): DnsLocator {
    const { config, timers, random, resolver } = this.#parts;
    const cache = new DnsCache(resolver, timers, { timeoutMs: config.dns.timeoutMs });
    return new DnsLocator({ cache, timers, random, listening, isOwn: (host, port) => ownNames.isOwnAddress(host, port) });
  }

  #flush(): void {
    const failed = this.#parts.store.flush();
    if (isProblem(failed)) this.#parts.log.error({ problem: failed.problem }, 'bindings could not be stored');
  }

  /** Takes no new calls, lets the running ones finish within the limit, ends the rest, then calls `done`. */
  drain(done: () => void): void {
    const { config, timers, log } = this.#parts;
    this.#isDraining = true;
    this.#sip?.drain();
    const countCalls = (): number => this.calls;
    drain({ timers, log, limitMs: config.drain.limitMs, countCalls, endCalls: () => this.#endCalls() }, done);
  }

  #endCalls(): void {
    this.#sip?.sayFarewell();
    for (const { scenario, address } of this.engine.actors()) {
      if (scenario !== 'call') continue;
      const end: CallEnd = { type: 'call.end', to: address, status: 503, reason: 'Service Stopping' };
      this.engine.order(end, 'service');
    }
  }

  /** Ends all that goes on by itself; the transports are the caller's to close. */
  stop(): void {
    this.#sip?.drain();
    this.#sip?.stop();
    this.#sip?.tellOpenLegs();
    this.#histories.close(this.engine.now());
    this.#journals?.close();
    this.#keepalive?.stop();
    this.#overload.stop();
    this.#protection.stop();
    this.#http?.stop();
    this.#media?.close();
    for (const sender of this.#parts.senders.values()) sender.close();
    this.#parts.store.close();
  }

  /** Takes no new calls any more. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Calls that are not over. */
  get calls(): number {
    return this.engine.countActors('call');
  }

  /** Legs of calls that are open now. */
  get openLegs(): number {
    return this.#sip?.openLegs ?? 0;
  }

  /** Requests to other systems that have no outcome yet; none when all is quiet. */
  get httpRequests(): number {
    return this.#http?.size ?? 0;
  }

  /** Registered devices behind NAT that are pinged. */
  get pinged(): number {
    return this.#keepalive?.size ?? 0;
  }

  /** Media sessions that are open; none when all is quiet. */
  get mediaSessions(): number {
    return this.#media?.size ?? 0;
  }

  /** What the SIP port keeps for legs and unanswered requests; none when all is quiet. */
  get kept(): number {
    return this.#sip?.kept ?? 0;
  }
}

/** Call, Call-ID and user of a leg, as who watches messages hears of it. */
const named = ({ address, call, invite, aor }: LegSide): [call: string, callId: string, user: string, leg: string] => [
  call,
  invite.callId,
  aor === '' ? '' : Domains.userOf(aor),
  address,
];

/** Users by the config, as they are named and where they are reached. */
const knownUsers = ({ users, domains, realm }: Config) => ({
  displayName: (user: string): string | undefined => users.get(user)?.displayName,
  aors: (): string[] => [...users.keys()].map((name) => `sip:${name}@${domains[0] ?? realm}`),
});
