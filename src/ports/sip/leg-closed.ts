/** What is told of a leg when it is over: its part in the record of its call. */
import type { Raw } from '../../../machines/vocabulary/descriptor.ts';
import type { legClosed } from '../../../machines/vocabulary/facts.ts';
import { header } from '../../sip/headers.ts';
import type { SipMessage } from '../../sip/message.ts';
import { unquoted } from '../../sip/name-addr.ts';
import { endpointName } from '../../transport/endpoint.ts';
import type { LegSide } from './leg-side.ts';
import { NO_FLOW } from './no-flow.ts';

const MAX_LENGTH = 256;
const clip = (text: string): string => (text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH) : text);
/** RFC 8599 §14: a push token lets others wake and track the device. */
const withoutPush = (uri: string): string => uri.replace(PUSH_PARAMS, '');
const PUSH_PARAMS = /;pn-[a-z]+(?:=[^;>?]*)?/gi;
const NO_REASON: readonly string[] = [];

/** The Reason header of a message, its lines as one (RFC 3326 §2); empty if there is none. */
export const reasonIn = ({ headers }: SipMessage): string => clip((headers.get('reason') ?? NO_REASON).join(', '));

/** The fact that tells of it. On a fork From and To are the caller's, and no push token is in the URI. */
export function closed(side: LegSide): Raw<typeof legClosed> {
  const { invite, flow } = side;
  const isOnWire = flow !== NO_FLOW;
  return {
    type: 'leg.closed',
    call: side.call,
    leg: side.address,
    callId: isOnWire ? clip(invite.callId) : '',
    transport: isOnWire ? flow.transport : '',
    local: isOnWire ? endpointName(flow.local) : '',
    remote: isOnWire ? endpointName(flow.remote) : '',
    uri: clip(withoutPush(invite.uri)),
    fromUri: clip(invite.from.uri),
    fromName: clip(unquoted(invite.from.name)),
    toUri: clip(invite.to.uri),
    toName: clip(unquoted(invite.to.name)),
    userAgent: side.isCaller ? clip(header(invite, 'user-agent') ?? '') : '',
    reason: side.reason,
  };
}
