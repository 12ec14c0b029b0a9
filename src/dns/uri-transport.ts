import type { SipUri } from '../sip/uri.ts';
import type { TransportName } from '../transport/transport.ts';

/** The port where a URI names none (RFC 3261 §19.1.2, RFC 7118 §5.2.4). */
export const DEFAULT_PORT: Readonly<Record<TransportName, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 };
const PLAIN: Readonly<Record<string, TransportName>> = { udp: 'udp', tcp: 'tcp', tls: 'tls', ws: 'ws', wss: 'wss' };
/** The same over TLS, where there is such a thing (RFC 5630 §3.1.1.3). */
const SECURE: Readonly<Record<string, TransportName>> = { tcp: 'tls', tls: 'tls', ws: 'wss', wss: 'wss' };

/** The transport that a URI asks for, UDP by default, TLS for a SIPS URI; `undefined` for one that there is not. */
export function transportOf({ scheme, params }: SipUri): TransportName | undefined {
  if (scheme === 'tel') return undefined;
  const named = params.transport?.toLowerCase();
  if (scheme === 'sips') return named === undefined ? 'tls' : SECURE[named];
  return named === undefined ? 'udp' : PLAIN[named];
}
