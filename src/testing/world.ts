import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { TimerHeap } from '../timer-heap.ts';
import type { TimerQueue } from '../timers.ts';
import type { Endpoint, Flow, TransportListener, TransportName, Transports } from '../transport/transport.ts';
import { type Conditions, endpointName, type Packet, SimulatedNetwork } from './network.ts';
import { Phone, type PhoneOptions } from './phone.ts';
import { type Push, PushService } from './push-service.ts';
import { SeededRandom } from './seeded-random.ts';
import { SharedClock } from './shared-clock.ts';
import { SimulatedHttp } from './simulated-http.ts';
import { type Listening, SimulatedTransports } from './simulated-transports.ts';
import { VirtualTime } from './virtual-time.ts';
import { simulatedStreamWire, simulatedUdpWire, type Wire } from './wire.ts';

/** Where the service listens in a world, and phones send to. */
export const SERVICE_HOST = '10.0.0.1';
/** The port of each transport's listener; ws and wss have ports of their own. */
export const SERVICE_PORT: Readonly<Record<TransportName, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 8080, wss: 8443 };
const EVERYWHERE: readonly Listening[] = (['udp', 'tcp', 'tls', 'ws', 'wss'] as const).map((transport) => ({
  transport,
  local: { host: SERVICE_HOST, port: SERVICE_PORT[transport] },
}));

/** What a service is made of here, instead of sockets, disk and the machine's clock. */
export interface ServiceParts<Config> {
  readonly config: Config;
  readonly clock: Clock;
  readonly timers: TimerHeap;
  readonly random: Random;
  readonly transports: (listener: TransportListener) => Transports;
  /** The sender for every provider. */
  readonly push: PushService;
  /** The web servers that scenarios ask. */
  readonly http: SimulatedHttp;
}
/** Builds the service under test from its parts, and starts it. */
export type StartService<Config, Service> = (parts: ServiceParts<Config>) => Service;

export interface WorldOptions<Config, Service> {
  readonly seed: number;
  readonly config: Config;
  readonly startService: StartService<Config, Service>;
  readonly network?: Partial<Conditions>;
  /** Default: `SERVICE_HOST`, port 5060 for UDP and TCP, 5061 for TLS, 8080 for ws, 8443 for wss. */
  readonly listening?: readonly Listening[];
  /** Instant at which the world begins, milliseconds since the epoch; default 0. */
  readonly startMs?: number;
  /** How many packets and pushes the world remembers, the latest ones; default: all. A long walk would fill the memory. */
  readonly remembers?: number;
}

/** Who watches a world; what it does must change nothing in it. */
export interface WorldWatcher {
  /** A message as it was sent. */
  sent?(packet: Packet): void;
  /** A message has reached the service, which hears of it next. */
  came?(text: string, flow: Flow): void;
  pushed?(push: Push): void;
  /** A line that the service logs. */
  logged?(message: string, fields: object): void;
  /** Another service runs now on the same addresses. */
  restarted?(): void;
}

/** How a phone of a world differs from the next one. */
export type WorldPhone = Omit<PhoneOptions, 'wire' | 'random' | 'user' | 'domain' | 'proxy'> & {
  readonly transport?: TransportName;
  readonly user?: string;
  readonly domain?: string;
  /** Where requests go; the service by default. */
  readonly proxy?: Endpoint;
  /** The phone's host; by default each phone has its own. */
  readonly host?: string;
  /** The phone's sockets, instead of new ones on its host. */
  readonly wire?: Wire;
};

const DOMAIN = 'example.com';

/** The whole service with its network and its phones, in virtual time: the same seed gives the same history. */
export class World<Config = unknown, Service = unknown> {
  readonly time: VirtualTime;
  /** The timers of phones and network; the service has a queue of its own, `serviceTimers`. */
  readonly timers: TimerQueue;
  /** The timers of the service: when nothing goes on any more, it shall hold none. */
  serviceTimers: TimerHeap;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly push: PushService;
  /** Every web server there is. */
  readonly http: SimulatedHttp;
  readonly phones: Phone[] = [];
  /** Every message as it was sent, from the newest restart on; the latest ones where `remembers` bounds them. */
  readonly packets: Packet[] = [];
  service: Service;
  /** What those who watch it keep with it, by whatever they choose. */
  readonly notes = new Map<unknown, unknown>();
  readonly #options: WorldOptions<Config, Service>;
  readonly #errors: unknown[] = [];
  readonly #clock: SharedClock;
  readonly #watchers: WorldWatcher[] = [];
  #serviceClock: Clock;
  #transports: SimulatedTransports | undefined;
  #hosts = 10;
  #ports = 5060;

  constructor(options: WorldOptions<Config, Service>) {
    this.#options = options;
    this.time = new VirtualTime(options.startMs ?? 0);
    this.#clock = new SharedClock(this.time);
    this.random = new SeededRandom(options.seed);
    const worldTimers = new TimerHeap(this.#clock.face(), (error) => this.#errors.push(error));
    this.timers = worldTimers;
    this.network = new SimulatedNetwork({
      timers: worldTimers,
      random: this.random.fork('network'),
      ...(options.network === undefined ? {} : { conditions: options.network }),
    });
    this.network.tap = (packet) => this.#sent(packet);
    this.push = new PushService({
      now: () => worldTimers.now(),
      after: (delayMs, fire) => worldTimers.set(delayMs, fire),
    });
    this.push.tap = (push) => this.#pushed(push);
    this.http = new SimulatedHttp(worldTimers);
    this.#serviceClock = this.#clock.face();
    this.serviceTimers = this.#newServiceTimers();
    this.service = this.#start();
  }

  now(): number {
    return this.time.now();
  }

  /** Lets time pass. Throws the first error that anything in the world threw meanwhile. */
  run(ms: number): void {
    this.time.advance(ms);
    if (this.#errors.length > 0) throw this.#errors.shift();
  }

  /** Shows all that happens from now on to one more watcher. */
  watch(watcher: WorldWatcher): void {
    this.#watchers.push(watcher);
  }

  /** Tells the watchers what the service logs. */
  logged(message: string, fields: object): void {
    for (const watcher of this.#watchers) watcher.logged?.(message, fields);
  }

  /** Hosts that the service listens on. */
  get serviceHosts(): ReadonlySet<string> {
    return new Set((this.#options.listening ?? EVERYWHERE).map(({ local }) => local.host));
  }

  /** A phone with a host of its own, UDP by default, user `name`. It has not registered. */
  phone(name: string, how: WorldPhone = {}): Phone {
    const { transport = 'udp', host, ...options } = how;
    this.#hosts += 1;
    const wire = how.wire ?? this.wire(host ?? `10.0.${this.#hosts >> 8}.${this.#hosts & 0xff}`, transport);
    const phone = new Phone({
      name,
      user: name,
      domain: DOMAIN,
      proxy: { host: SERVICE_HOST, port: SERVICE_PORT[transport] },
      password: `${how.user ?? name}-secret`,
      ...options,
      random: this.random.fork(name),
      wire,
    });
    this.phones.push(phone);
    return phone;
  }

  /** A free address on a host. */
  wire(host: string, transport: TransportName = 'udp'): Wire {
    this.#ports += 2;
    const local = { host, port: this.#ports };
    return transport === 'udp'
      ? simulatedUdpWire(this.network, this.timers, local)
      : simulatedStreamWire(this.network, this.timers, local, transport);
  }

  /** The app behind a push token: woken, it starts on a new port and registers. Until then it sleeps. */
  sleepUntilPushed(phone: Phone, prid: string, how: { readonly afterMs?: number; readonly times?: number } = {}): void {
    const { transport, local } = phone.wire;
    let asleep = true;
    phone.sleep();
    const wake = (): void => {
      if (asleep) phone.relaunch(this.wire(local.host, transport));
      asleep = false;
      phone.register();
    };
    this.push.subscribe(prid, wake, how);
  }

  /** Ends the service as `kill -9` does, and starts another on the same addresses. Its store must be in `config` to survive. */
  restart(): void {
    this.#transports?.crash();
    this.#clock.drop(this.#serviceClock);
    this.#serviceClock = this.#clock.face();
    this.serviceTimers = this.#newServiceTimers();
    this.push.reopen();
    this.packets.length = 0;
    this.service = this.#start();
    for (const watcher of this.#watchers) watcher.restarted?.();
  }

  /** What all phones complain of. */
  get complaints(): string[] {
    return this.phones.flatMap((phone) => phone.complaints);
  }

  /** The name of the phone, or of the service, at an address; the address where nobody is known. */
  nameOf(endpoint: Endpoint): string {
    if (endpoint.host === SERVICE_HOST) return 'callweave';
    return this.phones.find((phone) => phone.wire.local.host === endpoint.host)?.name ?? endpointName(endpoint);
  }

  #sent(packet: Packet): void {
    remember(this.packets, packet, this.#options.remembers);
    for (const watcher of this.#watchers) watcher.sent?.(packet);
  }

  #pushed(push: Push): void {
    const { remembers } = this.#options;
    if (remembers !== undefined) keepLatest(this.push.pushes, remembers);
    for (const watcher of this.#watchers) watcher.pushed?.(push);
  }

  #newServiceTimers(): TimerHeap {
    return new TimerHeap(this.#serviceClock, (error) => this.#errors.push(error));
  }

  #start(): Service {
    const listening = this.#options.listening ?? EVERYWHERE;
    return this.#options.startService({
      config: this.#options.config,
      clock: this.#serviceClock,
      timers: this.serviceTimers,
      random: this.random.fork('service'),
      push: this.push,
      http: this.http,
      transports: (listener) => {
        this.#transports = new SimulatedTransports(this.network, listening, listener);
        this.#transports.came = (text, flow) => {
          for (const watcher of this.#watchers) watcher.came?.(text, flow);
        };
        return this.#transports;
      },
    });
  }
}

/** Forgets the oldest, now and then. */
function keepLatest<T>(list: T[], count: number): void {
  if (list.length > 2 * count) list.splice(0, list.length - count);
}

/** Adds to a list that keeps only its latest, if it is bounded. */
export function remember<T>(list: T[], one: T, count: number | undefined): void {
  if (count === 0) return;
  list.push(one);
  if (count !== undefined) keepLatest(list, count);
}

/** A world with its service running. */
export const createWorld = <Config, Service>(options: WorldOptions<Config, Service>): World<Config, Service> =>
  new World(options);
