import type { Target } from '../../../machines/vocabulary/binding.ts';
import { DEFAULT_PORT, transportOf } from '../../dns/uri-transport.ts';
import type { Dialog } from '../../sip/dialog.ts';
import { isSipsUri, parseUri } from '../../sip/uri.ts';
import type { Flow } from '../../transport/transport.ts';
import type { Way } from './attempt.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';

/**
 * The way to a device: the flow it registered on (RFC 5626 §5.3), else its first Path hop (RFC 3327 §5.3) or its Contact,
 * found by RFC 3263. No switch from UDP to TCP above 1300 bytes (departs from RFC 3261 §18.1.1: phones behind NAT cannot
 * be reached by TCP).
 */
export function wayTo(context: SipContext, { flow, path, contact }: Target): Way {
  const registered = context.transports.flowById(flow);
  const [edge] = path;
  if (edge !== undefined) return along(registered, edge);
  return registered?.open ? registered : contact;
}

/** What a way to the party of a dialog depends on. */
type OneEnd = Pick<LegSide, 'aor' | 'device' | 'contact' | 'flow'>;

/**
 * Where requests inside a leg's dialog go now: to the first of its route set if it has one (RFC 3261 §12.2.1.1); else along
 * the flow of its device's latest REGISTER if it registered anew since (RFC 5626 §5.3), or that where its party was heard
 * last, whatever its Contact claims (departs from RFC 3261 §12.2.1.1: a Contact behind NAT lies); and to its Contact only
 * if that flow is closed.
 */
export function wayIn(context: SipContext, side: OneEnd, dialog: Dialog): Way {
  const way = plainWayIn(context, side, dialog);
  return isSipsLeg(side) ? secureWay(way) : way;
}

function plainWayIn(context: SipContext, side: OneEnd, dialog: Dialog): Way {
  if (dialog.routes.length > 0) return routed(side.flow, dialog);
  const flow = registeredFlow(context, side) ?? side.flow;
  return flow.open ? flow : dialog.target;
}

/** The same way if nobody can read along on it, else none: what came for a SIPS URI goes on so (RFC 5630 §3.1.3). */
export function secureWay(way: Way): Way {
  if (typeof way !== 'string') return way.secure ? way : NO_WAY;
  return isSipsUri(way) ? way : way.replace(/^sip:/i, 'sips:');
}
/** No URI, so that nothing is found. */
const NO_WAY = '';

/** Whether a leg is one of a call to a SIPS URI: then our Contact on it is one. */
export const isSipsLeg = ({ contact }: Pick<LegSide, 'contact'>): boolean => isSipsUri(contact[0]?.uri ?? '');

/** The way to the first of a dialog's route set; with none, that flow. */
export function routed(flow: Flow, { routes: [first] }: Dialog): Way {
  return first === undefined ? flow : along(flow, first.uri);
}

function registeredFlow(context: SipContext, { aor, device, flow }: OneEnd): Flow | undefined {
  if (device === '') return undefined;
  const bound = context.location.of(aor).find((one) => one.device === device)?.binding.target;
  if (bound === undefined || bound.flow === flow.id || bound.path.length > 0) return undefined;
  const current = context.transports.flowById(bound.flow);
  return current?.open ? current : undefined;
}

/** That flow if it leads where the URI does, else the URI: a proxy's connection to us is used both ways, and a WebSocket always. */
function along(flow: Flow | undefined, uri: string): Way {
  if (!flow?.open) return uri;
  if (flow.transport === 'ws' || flow.transport === 'wss') return flow;
  const parsed = parseUri(uri);
  const transport = parsed && transportOf(parsed);
  if (parsed?.host !== flow.remote.host || transport !== flow.transport) return uri;
  return flow.reliable || (parsed.port ?? DEFAULT_PORT.udp) === flow.remote.port ? flow : uri;
}
