import type { Aor, DeviceKey } from './identity.ts';

/** How a device can be woken (RFC 8599 §4.1); its `prid` is a secret. */
export interface PushTarget {
  readonly provider: string;
  readonly prid: string;
  readonly param: string;
}

/** Where a request to a device goes. */
export interface Target {
  /** The Contact as registered, which becomes the Request-URI verbatim (RFC 3261 §16.6). */
  readonly contact: string;
  /** Path URIs of the REGISTER, topmost first (RFC 3327); become the Route set. */
  readonly path: readonly string[];
  /** Id of the flow the REGISTER came on (RFC 5626 §2). */
  readonly flow: string;
}

/** What a REGISTER says of one contact, after the SIP port has read and judged it (RFC 3261 §10.3). */
export interface ContactOrder {
  readonly device: DeviceKey;
  readonly target: Target;
  /** 0 removes the binding. */
  readonly expiresSeconds: number;
  /** q times 1000, so that contexts hold integers. */
  readonly qThousandths: number;
  /** Empty provider: the device cannot be woken. */
  readonly push: PushTarget;
  /** The Contact's parameters as registered, for the list in the 200: `;+sip.instance="<…>";reg-id=1`. */
  readonly params: string;
}

/** One binding of an address of record (RFC 3261 §10). */
export interface Binding {
  readonly aor: Aor;
  readonly device: DeviceKey;
  readonly target: Target;
  readonly push: PushTarget;
  readonly params: string;
  readonly qThousandths: number;
  readonly callId: string;
  readonly cseq: number;
  readonly expiresAtMs: number;
  readonly registeredAtMs: number;
  readonly userAgent: string;
}

export const NO_PUSH: PushTarget = { provider: '', prid: '', param: '' };
