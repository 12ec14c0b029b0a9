import type { Target } from '../../../machines/vocabulary/binding.ts';
import type { Flow } from '../../transport/transport.ts';
import type { Way } from './attempt.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';

/**
 * The way to a device: the flow it registered on (RFC 5626 §5.3), else its first Path hop (RFC 3327 §5.3) or its Contact,
 * found by RFC 3263. No switch from UDP to TCP above 1300 bytes (departs from RFC 3261 §18.1.1: phones behind NAT cannot
 * be reached by TCP).
 */
export function wayTo(context: SipContext, target: Target): Way {
  const registered = context.transports.flowById(target.flow);
  return registered?.open ? registered : (target.path[0] ?? target.contact);
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
