import { UNAVAILABLE } from '../../../machines/vocabulary/outcome.ts';
import type { Offence } from '../../protection/protection.ts';
import type { SipRequest } from '../../sip/message.ts';

/** Why a request is refused, with what its answer carries. */
export interface Refusal {
  readonly status: number;
  /** Empty: the usual phrase. */
  readonly reason: string;
  readonly headers?: ReadonlyMap<string, readonly string[]>;
  /** What its sender is suspected of. */
  readonly offence?: Offence;
}

/** An INVITE that became no call. */
export interface RefusedCall {
  readonly request: SipRequest;
  /** Where it came from. */
  readonly remote: string;
  readonly status: number;
  /** As it was answered. */
  readonly reason: string;
}

export const isRefusal = (value: unknown): value is Refusal => typeof value === 'object' && value !== null && 'status' in value;

export const refusal = (status: number, reason: string, headers?: Readonly<Record<string, string>>): Refusal =>
  headers === undefined
    ? { status, reason }
    : { status, reason, headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])) };

const NO_SUCH_USER = 404;

/**
 * A refusal as somebody hears it who has not proved to be a user of ours: a name that nobody has answers as one whose
 * phones are all off. Departs from RFC 3261 §21.4.5: strangers could otherwise ask for all names, to guess passwords then.
 */
export const asSeenByStranger = (refused: Refusal): Refusal =>
  refused.status === NO_SUCH_USER
    ? { status: UNAVAILABLE.status, reason: UNAVAILABLE.reason, offence: 'unknown user' }
    : { ...refused, ...(refused.status === 403 ? { offence: 'foreign domain' } : {}) };
