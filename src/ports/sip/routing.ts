import { isIP } from 'node:net';
import type { Target } from '../../../machines/vocabulary/binding.ts';
import { parseUri } from '../../sip/uri.ts';
import type { Flow } from '../../transport/transport.ts';
import type { SipContext } from './context.ts';

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
