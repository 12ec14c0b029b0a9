import type { Params, SipRequest, Via } from '../sip/message.ts';
import { copiedParams, newParams } from '../sip/params.ts';
import type { Flow, TransportName } from '../transport/transport.ts';

const DEFAULT_PORT = 5060;

/** The names of the transports in Via (RFC 3261 §20.42, RFC 7118 §5.2). */
const PROTOCOL: Readonly<Record<TransportName, string>> = { udp: 'UDP', tcp: 'TCP', tls: 'TLS', ws: 'WS', wss: 'WSS' };

/** The Via of a request of ours: where we are reached, and over UDP the wish for the port that the peer sees (RFC 3581 §3). */
export function ownVia(flow: Flow, branch: string): Via {
  const { host, port } = flow.advertised;
  const params = newParams();
  params.branch = branch;
  if (!flow.reliable) params.rport = null;
  return { transport: PROTOCOL[flow.transport], host, port, params };
}

/** The request with what its top Via says about its source replaced by what we saw (RFC 3261 §18.2.1, RFC 3581 §4). */
export function stamped(request: SipRequest, { remote }: Flow): SipRequest {
  const [top, ...below] = request.via;
  if (top === undefined) return request;
  const wanted = top.params.rport !== undefined;
  const params = seen(top.params, wanted || top.host !== remote.host ? remote.host : undefined, wanted ? remote.port : undefined);
  return params === top.params ? request : { ...request, via: [{ ...top, params }, ...below] };
}

/** Parameters with `received` and `rport` as given, and without what the sender claims of them. */
function seen(params: Params, received: string | undefined, rport: number | undefined): Params {
  if (received === undefined && params.received === undefined) return params;
  const next = copiedParams(params);
  if (received === undefined) delete next.received;
  else next.received = received;
  if (rport !== undefined) next.rport = String(rport);
  return next;
}

/** The port to which a response goes over UDP: the source's where rport asks for it, else sent-by's (RFC 3261 §18.2.2, RFC 3581 §4). */
export function responsePort(top: Via | undefined, { remote }: Flow): number {
  return top === undefined || top.params.rport !== undefined ? remote.port : (top.port ?? DEFAULT_PORT);
}
