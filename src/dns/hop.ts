import type { SipUri } from '../sip/uri.ts';
import type { TransportName } from '../transport/transport.ts';

/** One server that a request may be sent to. */
export interface Hop {
  readonly transport: TransportName;
  /** IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The domain that was looked up, whose certificate a TLS server has to show (RFC 5922 §7.1); none for an address. */
  readonly serverName: string | undefined;
}

/** Hears which servers there are, in the order in which they are to be tried; none if there is no way. */
export type Found = (hops: readonly Hop[]) => void;

/** Finds the servers for a URI (RFC 3263 §4). */
export interface Locator {
  /** Calls `found` once, before it returns if nothing has to be asked. The result gives the search up: then `found` is not called. */
  locate(uri: SipUri, found: Found): () => void;
  /** This one did not serve: for a while it is tried after all others. */
  avoid(hop: Hop): void;
}
