import type { Random } from '../random.ts';
import type { Endpoint } from '../transport/transport.ts';
import type { IncomingCall } from './phone-incoming-call.ts';
import type { Header, PhoneMessage } from './phone-message.ts';
import type { TimerScript } from './phone-session.ts';
import type { Wire } from './wire.ts';

/** What a phone does with a call that comes, in milliseconds after the INVITE; what is left out does not happen. */
export interface InviteSteps {
  /** 100. */
  readonly tryingAfterMs?: number;
  /** 180, or 183 with a session description if `early`. */
  readonly ringAfterMs?: number;
  readonly early?: boolean;
  readonly answerAfterMs?: number;
  /** Any final status but a 2xx, after `declineAfterMs` (default 0). */
  readonly decline?: number;
  readonly declineAfterMs?: number;
  /** 302 to these addresses. */
  readonly redirect?: readonly string[];
}
/** `answer`: 180 and 200 at once. `ring`: 180 and nothing more. `silent`: not a word. */
export type InviteScript = 'answer' | 'ring' | 'silent' | InviteSteps | ((call: IncomingCall) => void);

export interface PushParams {
  readonly provider: string;
  readonly prid: string;
  readonly param?: string;
}

export interface PhoneOptions {
  readonly wire: Wire;
  readonly random: Random;
  readonly user: string;
  readonly domain: string;
  /** Where requests go: the service. */
  readonly proxy: Endpoint;
  readonly password?: string;
  /** Name in complaints and ladders; the user by default. */
  readonly name?: string;
  /** Display name in From. */
  readonly displayName?: string;
  /** `urn:uuid:…`, for +sip.instance (RFC 5626 §4.1). */
  readonly instance?: string;
  /** How the phone can be woken: pn-* parameters in its Contact (RFC 8599 §4.1). */
  readonly push?: PushParams;
  readonly userAgent?: string;
  /** Session timers (RFC 4028); by default the phone does not know them. */
  readonly timer?: TimerScript;
  readonly onInvite?: InviteScript;
  /** Complains of session descriptions that do not continue the one before them (RFC 3264 §8). */
  readonly checksSessions?: boolean;
}

export interface RegisterOptions {
  /** Default 600; 0 unregisters. */
  readonly expiresSeconds?: number;
  /** `1`, `0.5`. */
  readonly q?: string;
  /** Contact values instead of the phone's own: `['*']`, `[]` for a query. */
  readonly contacts?: readonly string[];
  readonly headers?: readonly Header[];
  /** Registers again at nine tenths of what was granted, until the phone sleeps. */
  readonly keep?: boolean;
}

/** One REGISTER and what came of it. */
export interface Registration {
  /** Final status; 0 while there is none; 408 if none ever came. */
  status: number;
  response: PhoneMessage | undefined;
  /** The bindings that the 200 lists. */
  contacts: readonly string[];
}

/** One message of the phone's history. */
export interface Traffic {
  readonly atMs: number;
  readonly direction: 'in' | 'out';
  readonly message: PhoneMessage;
  readonly remote: Endpoint;
  /** The same bytes went the same way before: a retransmission, or a datagram that the network doubled. */
  readonly again: boolean;
}
