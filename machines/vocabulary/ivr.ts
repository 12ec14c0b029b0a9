/** What menus and in-call codes do, as the config says it and charts read it. Digits stand in it as keys of choices alone. */
import type { InCallCode, Prompt } from './media.ts';

/** What a choice does. `next` comes after it. */
export type Choice =
  /** Users, numbers or URIs, as one would dial them; the first who lifts has the call. */
  | { readonly does: 'ring'; readonly whom: readonly string[] }
  | { readonly does: 'menu'; readonly menu: string }
  /** The caller dials a user of ours. */
  | { readonly does: 'dial'; readonly prompts: readonly Prompt[]; readonly max: number }
  | {
      readonly does: 'pin';
      /** Its name; the PIN itself is known to the media port alone. */
      readonly pin: string;
      readonly prompts: readonly Prompt[];
      /** Wrong PINs, all in one call together. */
      readonly tries: number;
      readonly next: Choice;
      readonly otherwise: Choice;
    }
  | { readonly does: 'say'; readonly prompts: readonly Prompt[]; readonly next: Choice }
  /** Tells of `order.raised`. */
  | { readonly does: 'raise'; readonly name: string; readonly next: Choice }
  | { readonly does: 'repeat' | 'back' | 'hangUp' };

/** One menu. */
export interface Menu {
  readonly prompts: readonly Prompt[];
  /** A key stops the prompts. */
  readonly bargeIn: boolean;
  /** By the digits that choose them. */
  readonly choices: Readonly<Record<string, Choice>>;
  /** From the end of the prompts. */
  readonly firstMs: number;
  readonly betweenMs: number;
  /** `#`, `*`, or empty for none. */
  readonly terminator: string;
  /** How often it is said again to a caller who presses nothing, or what is no choice. */
  readonly retries: number;
  /** What is said before it is said again: after a wrong key, after none, and where nobody answered. */
  readonly invalid: readonly Prompt[];
  readonly silent: readonly Prompt[];
  readonly nobody: readonly Prompt[];
  /** How long several are rung at once; one alone rings as any callee does. */
  readonly ringMs: number;
  /** What becomes of a caller who has used up the retries. */
  readonly fallBack: Choice;
}

/** All menus, and what is dialled for them. */
export interface IvrSettings {
  /** Numbers and names of the service's own, to names of menus. */
  readonly numbers: Readonly<Record<string, string>>;
  readonly menus: Readonly<Record<string, Menu>>;
  /** Name of the user under whose permissions menus ring numbers outside; empty: they ring none. */
  readonly callsAs: string;
}

// Codes in calls.

/** What a code does that a party of a talk presses. */
export type InCallAction =
  | 'hold'
  | 'transfer'
  | 'attendedTransfer'
  | 'complete'
  | 'cancel'
  | 'record'
  | 'hangUp'
  | 'announce'
  | 'raise';

/** One code, and who may press it. */
export interface InCallOrder extends InCallCode {
  readonly does: InCallAction;
  /** Of an announcement. */
  readonly prompts: readonly Prompt[];
  /** What `order.raised` calls it; empty in others. */
  readonly raises: string;
  /** Names of users; undefined: all. */
  readonly users: readonly string[] | undefined;
  readonly party: 'caller' | 'callee' | 'both';
}

/** All of them. */
export interface InCallSettings {
  readonly orders: readonly InCallOrder[];
  /** What a party hears that is put on hold. */
  readonly holdMusic: readonly Prompt[];
}

/** What a user of ours may press, by the address of record, as the one who calls or the one who is called; nobody else may anything. */
export function ordersOf({ orders }: InCallSettings, aor: string, party: 'caller' | 'callee'): readonly InCallOrder[] {
  if (aor === '') return [];
  const name = aor.slice(aor.indexOf(':') + 1, aor.lastIndexOf('@'));
  return orders.filter((one) => (one.party === 'both' || one.party === party) && (one.users?.includes(name) ?? true));
}

/** Codes that either party of a call may press: where there are any, its media has to come to us. */
export const codesBetween = (settings: InCallSettings | undefined, caller: string, callee: string): readonly InCallCode[] =>
  settings === undefined ? NO_CODES : [...ordersOf(settings, caller, 'caller'), ...ordersOf(settings, callee, 'callee')];
const NO_CODES: readonly InCallCode[] = [];
