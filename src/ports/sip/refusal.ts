import type { SipRequest } from '../../sip/message.ts';

/** Why a request is refused, with what its answer carries. */
export interface Refusal {
  readonly status: number;
  /** Empty: the usual phrase. */
  readonly reason: string;
  readonly headers?: ReadonlyMap<string, readonly string[]>;
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
