import type { Address } from '../../../machines/vocabulary/identity.ts';
import { type Dialog, isIn } from '../../sip/dialog.ts';
import type { SipMessage, SipRequest } from '../../sip/message.ts';
import type { LegSide } from './leg-side.ts';

/** More messages than this are not kept for one call; the oldest go first. */
const MAX_KEPT = 32;
/** Early dialogs of the caller's leg: those of its forks, and its own. */
const MAX_EARLY = 65;
/** Early dialogs of one fork, which downstream proxies make. */
const MAX_EARLY_OF_FORK = 16;

/** A dialog of a leg; on the caller's side, `fork` and `tag` are the leg and the remote tag there that stand behind it. */
export interface Place {
  readonly side: LegSide;
  readonly fork: Address;
  readonly tag: string;
}

/** What the early dialogs of a caller are known by: a fork, and a remote tag there, since proxies behind it fork too. */
export const earlyKey = (fork: Address, tag: string): string => (fork === '' ? '' : `${fork} ${tag}`);

/** The dialog of that place which the request is in: the confirmed one, or an early one. */
export function dialogOf({ side, fork, tag }: Place, request: SipRequest): Dialog | undefined {
  const dialog = side.dialog ?? side.early.get(side.isCaller ? earlyKey(fork, tag) : (request.from.params.tag ?? ''));
  return dialog !== undefined && isIn(dialog, request) ? dialog : undefined;
}

/** All legs of the port: by address, and by the tags that we gave to their dialogs. */
export class LegTable {
  readonly #byAddress = new Map<Address, LegSide>();
  readonly #byTag = new Map<string, Place>();
  readonly #messages = new Map<number, SipMessage>();
  readonly #keptFor = new Map<Address, number[]>();
  #added: ((side: LegSide) => void) | undefined;
  #calls = 0;
  #lastHandle = 0;

  /** Is told of each leg that is opened. */
  watch(added: ((side: LegSide) => void) | undefined): void {
    this.#added = added;
  }

  add(side: LegSide): void {
    this.#byAddress.set(side.address, side);
    this.#added?.(side);
    if (!side.isCaller) return;
    this.#calls++;
    this.#keptFor.set(side.call, []);
  }

  /** Calls whose caller's leg has not ended. */
  get calls(): number {
    return this.#calls;
  }

  /** All legs, oldest first. */
  all(): Iterable<LegSide> {
    return this.#byAddress.values();
  }

  at(address: Address): LegSide | undefined {
    return this.#byAddress.get(address);
  }

  sides(): Iterable<LegSide> {
    return this.#byAddress.values();
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Registers a local tag; local tags are ours and unguessable, so they alone name a dialog. */
  name(tag: string, place: Place): void {
    this.#byTag.set(tag, place);
  }

  forget(tag: string): void {
    this.#byTag.delete(tag);
  }

  byLocalTag(tag: string): Place | undefined {
    return this.#byTag.get(tag);
  }

  /** False if the leg has too many early dialogs for another. */
  addEarly(side: LegSide, key: string, dialog: Dialog): boolean {
    if (side.early.size >= (side.isCaller ? MAX_EARLY : MAX_EARLY_OF_FORK)) return false;
    side.early.set(key, dialog);
    return true;
  }

  /** A dialog that was handed over keeps its name. */
  #forgetOf(side: LegSide, tag: string): void {
    if (this.#byTag.get(tag)?.side === side) this.#byTag.delete(tag);
  }

  /** Keeps a message for the life of the call, since it may be passed on after its leg has ended; facts carry its handle. */
  keep(side: LegSide, message: SipMessage): number {
    const kept = this.#keptFor.get(side.call);
    // A call that ended before its legs did, as one that crashed, passes nothing on any more.
    if (side.isClosed || kept === undefined) return 0;
    const handle = ++this.#lastHandle;
    this.#messages.set(handle, message);
    kept.push(handle);
    if (kept.length > MAX_KEPT) this.#messages.delete(kept.shift() ?? 0);
    return handle;
  }

  /** The call is over: nothing of it is passed on any more. */
  forgetMessages(call: Address): void {
    for (const handle of this.#keptFor.get(call) ?? []) this.#messages.delete(handle);
    this.#keptFor.delete(call);
  }

  /** Messages that are kept. */
  get kept(): number {
    return this.#messages.size;
  }

  message(handle: number): SipMessage | undefined {
    return this.#messages.get(handle);
  }

  remove(side: LegSide): void {
    side.isClosed = true;
    if (this.#byAddress.delete(side.address) && side.isCaller) this.#calls--;
    for (const dialog of side.early.values()) this.#forgetOf(side, dialog.localTag);
    if (side.dialog !== undefined) this.#forgetOf(side, side.dialog.localTag);
    const fromTag = side.isCaller ? undefined : side.invite.from.params.tag;
    if (typeof fromTag === 'string') this.#forgetOf(side, fromTag);
  }
}
