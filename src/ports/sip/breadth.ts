/** How many branches one request may have at a time in all that forks it (RFC 5393 §5.3). */
import { integerHeader } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';

/** RFC 5393 §5.3.3: of a request that names none; more is granted to nobody. */
const MAX_BREADTH = 60;

/** What a request that came may be forked into. */
export const breadthOf = (request: SipRequest): number =>
  Math.min(integerHeader(request, 'max-breadth') ?? MAX_BREADTH, MAX_BREADTH);

/** What each of so many branches gets of it: at least one, so that there may not be enough for all. */
export const shareOf = (breadth: number, branches: number): number => Math.max(Math.floor(breadth / branches), 1);

export const BREADTH_EXCEEDED = { status: 440, reason: 'Max-Breadth Exceeded' };

export function setMaxBreadth(headers: Map<string, readonly string[]>, share: number): void {
  headers.set('max-breadth', [String(share)]);
}
