import { networkInterfaces } from 'node:os';
import type { Endpoint, TransportName } from './transport.ts';

/** One address to listen on. Port 0 takes a free one. */
export interface ListenerSettings {
  readonly transport: TransportName;
  readonly host: string;
  readonly port: number;
  /** Name or address by which peers reach it, where that is another; without a port, the one that is bound. */
  readonly advertise?: { readonly host: string; readonly port: number | undefined } | undefined;
}

/** What peers are told of a listener: what it advertises, else where it is bound. */
export const advertisedBy = ({ advertise }: ListenerSettings, local: Endpoint): Endpoint =>
  advertise === undefined ? local : { host: advertise.host, port: advertise.port ?? local.port };

/** `127.0.0.1:5060`, `[::1]:5060`. */
export const endpointName = ({ host, port }: Endpoint): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** `udp:127.0.0.1:5060`, as a listener is written in the configuration. */
export const listenerName = ({ transport, host, port }: Omit<ListenerSettings, 'advertise'>): string =>
  `${transport}:${endpointName({ host, port })}`;

/** Of a host that is an IP address; only IPv6 has colons, and the system's own check costs a microsecond. */
export const isV6 = (host: string): boolean => host.includes(':');
const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** The address to name to peers: a listener on all addresses has to choose one, and takes the first that leads outside. */
export function nameable(bound: Endpoint): Endpoint {
  if (!isWildcard(bound.host)) return bound;
  const family = bound.host === '::' ? 'IPv6' : 'IPv4';
  for (const addresses of Object.values(networkInterfaces())) {
    const outside = addresses?.find(
      (address) => address.family === family && !address.internal && !/^fe80:/i.test(address.address),
    );
    if (outside !== undefined) return { host: outside.address, port: bound.port };
  }
  return { host: family === 'IPv6' ? '::1' : '127.0.0.1', port: bound.port };
}

const ENDPOINT = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):(\d{1,5})$/;

/** Reads what `endpointName` writes; `undefined` for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const parts = ENDPOINT.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** An address as the rest of the program writes it: IPv4 that came in over an IPv6 socket loses its prefix. */
export const plainHost = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address);
