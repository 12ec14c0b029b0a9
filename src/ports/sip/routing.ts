import { isIP } from 'node:net';
import type { Target } from '../../../machines/vocabulary/binding.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import type { Flow, TransportName } from '../../transport/transport.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';

/**
 * The way to a device: the flow it registered on, else its first Path hop or its Contact, if that is an IP address
 * (names are not resolved yet, RFC 3263). No switch from UDP to TCP above 1300 bytes (departs from RFC 3261 §18.1.1:
 * phones behind NAT cannot be reached by TCP).
 */
export function flowTo(context: SipContext, target: Target): Flow | undefined {
  const registered = context.transports.flowById(target.flow);
  if (registered?.open) return registered;
  const uri = parseUri(target.path[0] ?? target.contact);
  const transport = uri && transportOf(uri);
  if (uri === undefined || transport === undefined || isIP(uri.host) === 0) return undefined;
  return context.transports.flowTo(transport, { host: uri.host, port: uri.port ?? DEFAULT_PORT[transport] });
}

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

/**
 * Where requests to this leg's party go now: the flow of its device's latest REGISTER, if it registered anew since
 * (RFC 5626 §5.3), else where it was heard last. Behind a proxy the proxy knows.
 */
export function currentFlow(context: SipContext, side: LegSide): Flow {
  if (side.device === '' || (side.dialog?.routes.length ?? 0) > 0) return side.flow;
  const bound = context.location.of(side.aor).find(({ device }) => device === side.device);
  if (bound === undefined || bound.binding.target.flow === side.flow.id) return side.flow;
  return context.transports.flowById(bound.binding.target.flow) ?? side.flow;
}
