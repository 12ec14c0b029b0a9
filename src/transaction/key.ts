import { createHash } from 'node:crypto';
import type { SipRequest } from '../sip/message.ts';
import { formatVia } from '../sip/via.ts';

/** What every branch begins with that RFC 3261 elements make (§8.1.1.7). */
export const MAGIC_COOKIE = 'z9hG4bK';
const DEFAULT_PORT = 5060;
const MAX_KEY_LENGTH = 256;

const scratch = Buffer.alloc(MAX_KEY_LENGTH);

/**
 * Keys are kept as long as transactions are. What a stranger made long is kept as its digest; the others are copied,
 * since a string put together of slices keeps the whole message from which they were cut, and is slower to look up.
 */
function bounded(key: string): string {
  if (key.length > MAX_KEY_LENGTH) return createHash('sha256').update(key, 'latin1').digest('base64');
  return scratch.toString('latin1', 0, scratch.write(key, 0, 'latin1'));
}

function keyFor(request: SipRequest, method: string): string {
  const via = request.via[0];
  const branch = via?.params.branch;
  if (
    via === undefined ||
    typeof branch !== 'string' ||
    branch.length <= MAGIC_COOKIE.length ||
    !branch.startsWith(MAGIC_COOKIE)
  ) {
    return oldKey(request, method);
  }
  return bounded(`${method} ${via.host}:${via.port ?? DEFAULT_PORT} ${branch}`);
}

/** Without the cookie it is RFC 2543's rule (RFC 3261 §17.2.3); the To tag is left out, since an ACK has the one of our answer. */
function oldKey(request: SipRequest, method: string): string {
  const via = request.via[0];
  const top = via === undefined ? '' : formatVia(via);
  return bounded(`${method}\n${request.uri}\n${request.from.params.tag}\n${request.callId}\n${request.cseq.seq}\n${top}`);
}

/** Key of the server transaction that a request belongs to; an ACK belongs to its INVITE's (RFC 3261 §17.2.3). */
export const serverKey = (request: SipRequest): string => keyFor(request, request.method === 'ACK' ? 'INVITE' : request.method);

/** Key of the INVITE server transaction that a CANCEL means (RFC 3261 §9.2). */
export const cancelledKey = (cancel: SipRequest): string => keyFor(cancel, 'INVITE');

/** Key by which a request that came along several ways is known to be one (RFC 3261 §8.2.2.2). */
export const mergeKey = (request: SipRequest): string =>
  bounded(`${request.method} ${request.cseq.seq} ${request.from.params.tag}\n${request.callId}`);

/** Key of a client transaction (RFC 3261 §17.1.3): a CANCEL has the branch of its INVITE. */
export const clientKey = (branch: string, method: string): string => (method === 'CANCEL' ? `CANCEL ${branch}` : branch);
