/** What watchers are told of a user's calls (RFC 4235). */
import type { Address } from './identity.ts';

/** RFC 4235 §3.7.1, as far as a service sees it that stands between the phones. */
export type DialogState = 'trying' | 'early' | 'confirmed' | 'terminated';
/** Why it was terminated; empty: nothing is said. */
export type DialogEvent = '' | 'cancelled' | 'rejected' | 'replaced' | 'timeout' | 'error';

/** A user's part in a call, as others may see it. */
export interface WatchedDialog {
  readonly call: Address;
  readonly direction: 'initiator' | 'recipient';
  readonly state: DialogState;
  readonly event: DialogEvent;
  /** The other party; both empty where it is not to be shown. */
  readonly remote: string;
  readonly remoteName: string;
}

/** Dialogs of one user that its watchers are told of at once; whoever has more is busy anyhow. */
export const MAX_WATCHED_DIALOGS = 16;
