/** What menus and in-call codes do, as the config says it and charts read it. Digits stand in it as keys of choices alone. */
import type { Prompt } from './media.ts';

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
