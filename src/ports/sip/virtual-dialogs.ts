/**
 * The dialogs that watchers are told of. Their identifiers are made here, one set for a user's part in a call, and never
 * stand on a leg: who is told of a call can name it (RFC 3891), and cannot send a BYE into it.
 */
import type { Address } from '../../../machines/vocabulary/identity.ts';
import type { Random } from '../../random.ts';
import type { Replaces } from '../../sip/replaces.ts';
import type { Timer, TimerQueue } from '../../timers.ts';

/** One dialog as it is published. */
export interface VirtualDialog {
  readonly call: Address;
  /** Address of record of the user whose part it is. */
  readonly user: string;
  readonly direction: 'initiator' | 'recipient';
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** That part is over; it is remembered so that who comes late is told so. */
  isEnded: boolean;
  /** Forgets it. */
  linger: Timer | undefined;
}

/** How long one is remembered after its end: as long as a phone may still show it. */
const LINGER_MS = 30_000;
/** More at once are more than the calls of the service; the oldest are forgotten. */
const MAX_DIALOGS = 200_000;
const CALL_ID_BYTES = 16;
const TAG_BYTES = 8;
const ID_BYTES = 6;

const NONE: readonly VirtualDialog[] = [];
const keyOf = (call: Address, user: string, direction: VirtualDialog['direction']): string => `${call} ${direction} ${user}`;

export class VirtualDialogs {
  readonly #timers: TimerQueue;
  readonly #random: Random;
  readonly #byKey = new Map<string, VirtualDialog>();
  readonly #byCallId = new Map<string, VirtualDialog>();
  readonly #ofCall = new Map<Address, VirtualDialog[]>();

  constructor(timers: TimerQueue, random: Random) {
    this.#timers = timers;
    this.#random = random;
  }

  /** Those that are remembered. */
  get size(): number {
    return this.#byKey.size;
  }

  /** That of a user's part in a call; made when it is asked for first. */
  of(call: Address, user: string, direction: VirtualDialog['direction']): VirtualDialog {
    const key = keyOf(call, user, direction);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= MAX_DIALOGS) this.#forgetOldest();
    const hex = (bytes: number): string => this.#random.hex(bytes);
    const made: VirtualDialog = {
      call,
      user,
      direction,
      id: hex(ID_BYTES),
      callId: hex(CALL_ID_BYTES),
      localTag: hex(TAG_BYTES),
      remoteTag: hex(TAG_BYTES),
      isEnded: false,
      linger: undefined,
    };
    this.#byKey.set(key, made);
    this.#byCallId.set(made.callId, made);
    const others = this.#ofCall.get(call);
    if (others === undefined) this.#ofCall.set(call, [made]);
    else others.push(made);
    return made;
  }

  /** The one that a Replaces names. Phones disagree on whose tag is the to-tag of a dialog that is not theirs: either order is taken. */
  named({ callId, toTag, fromTag }: Replaces): VirtualDialog | undefined {
    const found = this.#byCallId.get(callId);
    if (found === undefined) return undefined;
    const { localTag, remoteTag } = found;
    const isNamed = (localTag === toTag && remoteTag === fromTag) || (localTag === fromTag && remoteTag === toTag);
    return isNamed ? found : undefined;
  }

  /** That part is over. */
  end(dialog: VirtualDialog): void {
    if (dialog.isEnded) return;
    dialog.isEnded = true;
    dialog.linger = this.#timers.set(LINGER_MS, () => this.#forget(dialog));
  }

  /** The user is rung again by the same call, after that part was over. */
  goOn(dialog: VirtualDialog): void {
    if (!dialog.isEnded) return;
    dialog.isEnded = false;
    this.#timers.clear(dialog.linger);
    dialog.linger = undefined;
  }

  /** The call is over, and with it every user's part; those that were not over before. */
  endCall(call: Address): readonly VirtualDialog[] {
    const left = this.#ofCall.get(call)?.filter(({ isEnded }) => !isEnded) ?? NONE;
    for (const dialog of left) this.end(dialog);
    return left;
  }

  #forgetOldest(): void {
    const [oldest] = this.#byKey.values();
    if (oldest !== undefined) this.#forget(oldest);
  }

  #forget(dialog: VirtualDialog): void {
    const { call, user, direction, callId, linger } = dialog;
    this.#timers.clear(linger);
    const key = keyOf(call, user, direction);
    if (this.#byKey.get(key) === dialog) this.#byKey.delete(key);
    this.#byCallId.delete(callId);
    const others = this.#ofCall.get(call)?.filter((other) => other !== dialog) ?? [];
    if (others.length === 0) this.#ofCall.delete(call);
    else this.#ofCall.set(call, others);
  }
}
