/** Locating SIP servers: RFC 3263 §4 over an injected resolver. */
import { isIP } from 'node:net';
import type { Random } from '../random.ts';
import type { SipUri } from '../sip/uri.ts';
import type { TimerQueue } from '../timers.ts';
import type { Endpoint, TransportName } from '../transport/transport.ts';
import { Avoided } from './avoided.ts';
import type { DnsCache } from './cache.ts';
import type { Found, Hop, Locator } from './hop.ts';
import type { Naptr, Srv } from './resolver.ts';
import { DEFAULT_PORT, transportOf } from './uri-transport.ts';
import { ordered } from './weight.ts';

/** What a locator is made of. */
export interface LocatorParts {
  readonly cache: DnsCache;
  readonly timers: TimerQueue;
  readonly random: Random;
  readonly listening: readonly { readonly transport: TransportName; readonly local: Endpoint }[];
  /** Whether an address is one where we listen ourselves. */
  readonly isOwn: (host: string, port: number) => boolean;
}

const MAX_HOPS = 8;
const MAX_SERVICES = 4;
const MAX_TARGETS = 8;
const MAX_ADDRESSES = 4;
/** Longest domain name (RFC 1035 §2.3.4). */
const MAX_NAME = 253;
const NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
const isName = (name: string): boolean => name.length <= MAX_NAME && NAME.test(name);

/** RFC 3263 §4.1, §4.2: the service of each transport that servers can be reached by. */
const SERVICES = [
  { transport: 'udp', service: 'sip+d2u', label: '_sip._udp' },
  { transport: 'tcp', service: 'sip+d2t', label: '_sip._tcp' },
  { transport: 'tls', service: 'sips+d2t', label: '_sips._tcp' },
] as const;
type Service = (typeof SERVICES)[number];

/** Where the SRV records of a transport stand. */
interface Place {
  readonly transport: TransportName;
  readonly name: string;
}
type Hear<T> = (found: T) => void;
const NOTHING_ASKED = (): void => undefined;
/** What no SRV record was found for, as opposed to one that says that there is no server. */
const NO_SERVICE = undefined;

export class DnsLocator implements Locator {
  readonly #parts: LocatorParts;
  readonly #avoided: Avoided;

  constructor(parts: LocatorParts) {
    this.#parts = parts;
    this.#avoided = new Avoided(parts.timers);
  }

  locate(uri: SipUri, found: Found): () => void {
    const transport = transportOf(uri);
    // RFC 3263 §4: TARGET is the maddr parameter if there is one.
    const target = uri.params.maddr ?? uri.host;
    if (transport === undefined) found([]);
    else if (isIP(target) !== 0) found(this.#usable([hop(transport, target, uri.port, undefined)]));
    else if (!isName(target)) found([]);
    else return this.#search(uri, transport, target, found);
    return NOTHING_ASKED;
  }

  avoid(one: Hop): void {
    this.#avoided.add(one);
  }

  #search(uri: SipUri, transport: TransportName, target: string, found: Found): () => void {
    let isGivenUp = false;
    const finish = (hops: readonly Hop[]): void => {
      if (!isGivenUp) found(this.#usable(hops));
    };
    if (uri.port !== undefined) this.#hosts(transport, target, uri.port, target, finish);
    else this.#services(uri, target, (places) => this.#fromServices(places, transport, target, finish));
    return () => {
      isGivenUp = true;
    };
  }

  /** RFC 3263 §4.1: which transports the domain's servers have, the best first. */
  #services(uri: SipUri, target: string, hear: Hear<readonly Place[]>): void {
    const usable = SERVICES.filter(({ transport }) => this.#has(transport) && (uri.scheme === 'sip' || transport === 'tls'));
    const places = usable.map(({ transport, label }) => ({ transport, name: `${label}.${target}` }));
    if (uri.params.transport !== undefined) {
      const named = transportOf(uri);
      hear(places.filter(({ transport }) => transport === named));
    } else {
      this.#parts.cache.ask('NAPTR', target, (records) => {
        const named = chosen(records, usable);
        hear(named.length > 0 ? named : places);
      });
    }
  }

  /** RFC 3263 §4.2: their SRV records, and without any the addresses of the domain itself. */
  #fromServices(places: readonly Place[], transport: TransportName, target: string, finish: Found): void {
    collect(
      places,
      (place, hear: Hear<readonly Hop[] | undefined>) => this.#fromService(place, target, hear),
      (found) => {
        const known = found.filter((hops) => hops !== NO_SERVICE);
        if (known.length > 0) finish(known.flat());
        else this.#hosts(transport, target, undefined, target, finish);
      },
    );
  }

  #fromService({ transport, name }: Place, domain: string, hear: Hear<readonly Hop[] | undefined>): void {
    this.#parts.cache.ask('SRV', name, (records) => {
      if (records.length === 0) hear(NO_SERVICE);
      else {
        const servers = ordered(records.filter(isServer), this.#parts.random).slice(0, MAX_TARGETS);
        collect(
          servers,
          (server, hearHops: Hear<readonly Hop[]>) => this.#hosts(transport, server.target, server.port, domain, hearHops),
          (found) => hear(found.flat()),
        );
      }
    });
  }

  /** The addresses of a host, of the families in which we have a listener. */
  #hosts(transport: TransportName, host: string, port: number | undefined, domain: string, hear: Found): void {
    if (isIP(host) !== 0) {
      hear([hop(transport, host, port, domain)]);
      return;
    }
    collect(
      this.#familiesOf(transport),
      (family, hearAddresses: Hear<readonly string[]>) => this.#parts.cache.ask(family, host, hearAddresses),
      (found) => {
        const addresses = found.flatMap((some) => some.filter((address) => isIP(address) !== 0).slice(0, MAX_ADDRESSES));
        hear(addresses.map((address) => hop(transport, address, port, domain)));
      },
    );
  }

  #familiesOf(transport: TransportName): ('A' | 'AAAA')[] {
    const ours = this.#parts.listening.filter((one) => one.transport === transport).map(({ local }) => isIP(local.host));
    return [...(ours.includes(4) ? (['A'] as const) : []), ...(ours.includes(6) ? (['AAAA'] as const) : [])];
  }

  #has(transport: TransportName): boolean {
    return this.#parts.listening.some((one) => one.transport === transport);
  }

  /** Each server once, none that is ourselves, and those that just failed last. */
  #usable(hops: readonly Hop[]): readonly Hop[] {
    const seen = new Set<string>();
    const usable = hops.filter(({ transport, host, port }) => {
      const name = `${transport} ${host} ${port}`;
      if (seen.has(name) || this.#parts.isOwn(host, port)) return false;
      return seen.add(name);
    });
    return this.#avoided.last(usable).slice(0, MAX_HOPS);
  }
}

const hop = (transport: TransportName, host: string, port: number | undefined, serverName: string | undefined): Hop => ({
  transport,
  host,
  port: port ?? DEFAULT_PORT[transport],
  serverName,
});

/** RFC 2782: a target of "." says that there is none. Some zones name an address where a name belongs. */
const isServer = ({ target, port }: Srv): boolean =>
  Number.isInteger(port) && port >= 1 && port <= 65_535 && (isIP(target) !== 0 || isName(target));

/** RFC 3263 §4.1, RFC 3403 §4.1: of the services that we have, by order and preference. */
function chosen(records: readonly Naptr[], usable: readonly Service[]): readonly Place[] {
  return records
    .filter(({ flags, replacement }) => flags.toLowerCase() === 's' && isName(replacement))
    .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ service, replacement }) =>
      usable.filter((ours) => ours.service === service.toLowerCase()).map(({ transport }) => ({ transport, name: replacement })),
    )
    .slice(0, MAX_SERVICES);
}

/** Asks for each item at once, and hears all answers in the order of the items. */
function collect<A, B>(items: readonly A[], ask: (item: A, hear: Hear<B>) => void, done: Hear<readonly B[]>): void {
  const found: B[] = [];
  let waiting = items.length;
  if (waiting === 0) done(found);
  items.forEach((item, index) => {
    ask(item, (answer) => {
      found[index] = answer;
      waiting -= 1;
      if (waiting === 0) done(found);
    });
  });
}
