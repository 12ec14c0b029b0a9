import type { Fact, Interest, Posted, Stamp } from '../../machines/vocabulary/descriptor.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';

/** Any fact, as the engine sees it: a kind and flat attributes. */
export type AnyFact = Fact & { readonly [attribute: string]: unknown };
/** Any command, as the engine sees it. */
export type AnyCommand = { readonly type: string; readonly to: Address };

/** An actor made of I/O instead of a statechart. It posts facts and takes commands, and nothing else. */
export interface Port {
  readonly address: Address;
  /** Takes a command; returns in a few words why not, which goes back to the author as `command.refused`. Never throws on purpose. */
  take(command: AnyCommand & Stamp): string | undefined;
  /** The actor at that address ended; the port closes whatever it still keeps open for it. */
  close(owner: Address): void;
}

/** A fold of facts: who is where, what rings. Folded before a fact is delivered. */
export interface View {
  /** Names of the kinds it folds. */
  readonly folds: readonly string[];
  fold(fact: Posted<AnyFact>): void;
  /** Names of the kinds whose `current` interests it answers. */
  readonly answers: readonly string[];
  /** What is already true of the interest; the engine holds its conditions against each again. */
  current(interest: Interest): readonly Posted<AnyFact>[];
}

/** A view that knows the facts it folds by their types. */
export interface ViewOf<F> {
  readonly folds: readonly string[];
  fold(fact: F): void;
  readonly answers: readonly string[];
  current(interest: Interest): readonly F[];
}

/** The engine calls a view with the kinds that it folds, and with no others. */
export const viewOf = <F>(view: ViewOf<F>): View => view as unknown as View;

/** The engine as ports see it. */
export interface FactSink {
  /** Posts a fact at the one place where facts enter. Throws on a kind that the catalogue does not have. */
  post(fact: AnyFact): void;
  /** A new address, `prefix:serial`. */
  mint(prefix: string): Address;
  now(): number;
}
