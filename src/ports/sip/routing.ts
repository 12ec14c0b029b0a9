import { isIP } from 'node:net';
import type { Target } from '../../../machines/vocabulary/binding.ts';
import { parseUri } from '../../sip/uri.ts';
import type { Flow } from '../../transport/transport.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';

const SIP_PORT = 5060;

/**
 * The way to a device: the flow it registered on, else its first Path hop or its Contact, if that is an IP address
 * (names are not resolved yet, RFC 3263). No switch from UDP to TCP above 1300 bytes (departs from RFC 3261 §18.1.1:
 * phones behind NAT cannot be reached by TCP).
 */
export function flowTo(context: SipContext, target: Target): Flow | undefined {
  const registered = context.transports.flowById(target.flow);
  if (registered?.open) return registered;
  const uri = parseUri(target.path[0] ?? target.contact);
  if (uri === undefined || uri.scheme !== 'sip' || isIP(uri.host) === 0) return undefined;
  const transport = uri.params.transport?.toLowerCase() ?? 'udp';
  if (transport !== 'udp' && transport !== 'tcp') return undefined;
  return context.transports.flowTo(transport, { host: uri.host, port: uri.port ?? SIP_PORT });
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
