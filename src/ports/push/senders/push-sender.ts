/** One notification to one device, as every sender takes it. Texts may be bytes as latin1, as they came from the wire. */
export interface PushRequest {
  /** The same for a call and device however often it is tried; the receiver's key to send it once. */
  readonly id: string;
  /** pn-provider, pn-prid and pn-param as registered (RFC 8599 §8.2); `prid` is a secret. */
  readonly provider: string;
  readonly prid: string;
  readonly param: string;
  readonly aor: string;
  /** The Call-ID that the device's INVITE will carry. */
  readonly callId: string;
  readonly callerUri: string;
  readonly callerName: string;
  /** After this it is of no use to anybody: the rest of the wake limit. */
  readonly ttlMs: number;
  readonly kind: 'incoming-call' | 'cancelled';
  /** Why it was cancelled. */
  readonly reason?: string;
}

/** What became of a push: taken by the provider, or not. */
export type PushOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** The token is dead: nothing sent to it will ever arrive. */
      readonly permanent: boolean;
      readonly why: string;
    };

/** Hears the outcome, once; maybe before `send` returns. */
export type PushDone = (outcome: PushOutcome) => void;

/** Carries pushes of one provider. Never throws; APNs, FCM and Web Push fit behind it. */
export interface PushSender {
  send(push: PushRequest, done: PushDone): void;
  /** Takes back the push of the same `id`: one that has not left is dropped, else `push` (kind `cancelled`) follows it. */
  cancel(push: PushRequest, done: PushDone): void;
  /** Drops what is under way; no outcome is told any more. */
  close(): void;
}

/** An outcome that is no success. */
export const failed = (why: string, permanent = false): PushOutcome => ({ ok: false, permanent, why });
