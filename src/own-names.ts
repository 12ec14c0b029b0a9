/** By which names and addresses the service is reached, and what follows from that. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Config } from './config.ts';
import { DEFAULT_PORT, transportOf } from './dns/uri-transport.ts';
import type { SipUri } from './sip/uri.ts';
import type { Transports } from './transport/transport.ts';

const isWildcard = ({ host }: { readonly host: string }): boolean => host === '0.0.0.0' || host === '::';
const endpointKey = (host: string, port: number): string => `${host} ${port}`;

/** The service's own names: domains, what its listeners are bound to, and what they advertise. */
export class OwnNames {
  /** Hosts that count as domains of ours: lower-case, IPv6 without brackets. */
  readonly hosts: ReadonlySet<string>;
  readonly #origins: readonly string[] | undefined;
  readonly #endpoints: ReadonlySet<string>;
  readonly #ports: ReadonlySet<number>;

  constructor({ domains, listen, websocket }: Pick<Config, 'domains' | 'listen' | 'websocket'>, { listening }: Transports) {
    // A listener on all addresses names one of them to peers, and is reached at each.
    const interfaces = listen.some(isWildcard) ? Object.values(networkInterfaces()) : [];
    const everywhere = interfaces.flatMap((ones) => ones?.map(({ address }) => address) ?? []);
    const named = listening.flatMap(({ local, advertised }) => [local, advertised]);
    this.hosts = new Set(
      [...domains, 'localhost', ...named.map(({ host }) => host), ...everywhere].map((host) => host.toLowerCase()),
    );
    this.#ports = new Set(named.map(({ port }) => port));
    this.#origins = websocket.origins;
    this.#endpoints = new Set([
      ...named.map(({ host, port }) => endpointKey(host.toLowerCase(), port)),
      ...everywhere.flatMap((host) => listening.map(({ local }) => endpointKey(host, local.port))),
    ]);
  }

  /** Whether a URI leads to one of our own listeners. */
  isOwn(uri: SipUri): boolean {
    const host = uri.host.toLowerCase().replace(/\.$/, '');
    if (this.#endpoints.has(endpointKey(host, uri.port ?? DEFAULT_PORT[transportOf(uri) ?? 'udp']))) return true;
    // Whoever resolves a domain of ours comes here, whatever port the DNS names.
    return isIP(host) === 0 && this.hosts.has(host) && (uri.port === undefined || this.#ports.has(uri.port));
  }

  /** Whether one of our own listeners has that address. */
  isOwnAddress(host: string, port: number): boolean {
    return this.#endpoints.has(endpointKey(host, port));
  }

  /**
   * Whether a page of that origin may open a WebSocket. Where nobody said which, pages of our own hosts alone: a stranger's
   * page could otherwise reach a service behind the firewall of whoever looks at it.
   */
  admitsOrigin(origin: string): boolean {
    const written = origin.toLowerCase();
    if (this.#origins !== undefined) return this.#origins.includes('*') || this.#origins.includes(written);
    return URL.canParse(written) && this.hosts.has(new URL(written).hostname.replace(/^\[|\]$/g, ''));
  }
}
