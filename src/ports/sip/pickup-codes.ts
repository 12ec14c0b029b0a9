/** Codes that pick up: what is dialled to take a call that rings at a colleague's phones. */
import type { SipUri } from '../../sip/uri.ts';
import type { Directory } from './directory.ts';
import type { PickupOrder } from './goal.ts';
import type { PickupRights } from './pickup-rights.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { PickupSettings } from './settings.ts';
import { dialledIn, MAX_ARGUMENT_LENGTH, withoutEnd } from './star-codes.ts';

/** What was dialled, and whose calls the picker wants. */
export interface DialledPickup {
  readonly code: string;
  readonly argument: string;
  readonly pickup: PickupOrder;
}

export class PickupCodes {
  readonly #settings: PickupSettings;
  readonly #rights: PickupRights;
  readonly #directory: Directory;

  constructor(settings: PickupSettings, rights: PickupRights, directory: Directory) {
    this.#settings = settings;
    this.#rights = rights;
    this.#directory = directory;
  }

  /** What a user asks for by a code; undefined for what is none. `picker`: address of record, undefined for nobody of ours. */
  read(uri: SipUri, picker: string | undefined): DialledPickup | Refusal | undefined {
    const { group, directed } = this.#settings.codes;
    const dialled = dialledIn(uri);
    if (dialled === undefined) return undefined;
    if (group !== undefined && withoutEnd(dialled, group) === group) return this.#group(group, picker);
    if (directed !== undefined && dialled.startsWith(directed))
      return this.#directed(uri, directed, withoutEnd(dialled, directed).slice(directed.length), picker);
    return group !== undefined && dialled.startsWith(group) ? refusal(404, `Dial ${group} Alone`) : undefined;
  }

  #group(code: string, picker: string | undefined): DialledPickup | Refusal {
    const callees = picker === undefined ? undefined : this.#rights.calleesOf(picker);
    if (picker === undefined || callees === undefined) return IN_NO_GROUP;
    return { code, argument: '', pickup: this.#order(picker, callees, 'group') };
  }

  #directed(uri: SipUri, code: string, argument: string, picker: string | undefined): DialledPickup | Refusal {
    if (picker === undefined) return IN_NO_GROUP;
    if (argument === '') return refusal(404, `Dial ${code} And A Number`);
    const callee = argument.length > MAX_ARGUMENT_LENGTH ? undefined : this.#directory.aorOf({ ...uri, user: argument });
    if (callee === undefined) return refusal(404, 'No Such User');
    if (!this.#rights.mayPickUp(picker, callee))
      return this.#rights.calleesOf(picker) === undefined ? IN_NO_GROUP : refusal(403, 'Not In Your Pickup Groups');
    return { code, argument, pickup: this.#order(picker, [callee], 'directed') };
  }

  #order(picker: string, callees: readonly string[], form: PickupOrder['form']): PickupOrder {
    return { picker, callees, target: '', form, mode: this.#settings.mode };
  }
}

const IN_NO_GROUP = refusal(403, 'In No Pickup Group');
