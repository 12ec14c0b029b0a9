import type { Entry } from '../../engine/entry.ts';
import type { WalkWorld } from './engine.ts';

/** What a fact or a command carries, as rules read it. */
export type Said = Entry & { readonly [attribute: string]: unknown };

/** What holds on every walk: a fold over what is said, so that walks that come to the same can be told as one. */
export interface WalkRule<S = unknown> {
  readonly name: string;
  /** Plain JSON, small: it is part of what tells two walks apart. */
  readonly start: S;
  /** What the rule remembers after a fact or a command. */
  readonly take?: (memory: S, said: Said) => S;
  /** What is broken, in a few words, once nobody has anything left to take. */
  readonly still?: (memory: S, world: WalkWorld) => string | undefined;
  /** What is broken once time has run out: nothing more comes, and nothing is due any more. */
  readonly rest?: (memory: S, world: WalkWorld) => string | undefined;
}

/** Writes a rule; only its own functions see what it remembers. */
export const walkRule = <S>(rule: WalkRule<S>): WalkRule => rule as WalkRule;
