/** How a machine comes to life: the fact that gives birth to it and the facts it listens to from then on. */
import type { AnyStateMachine, EventFromLogic, InputFrom } from 'xstate';
import type { Interest } from './vocabulary/descriptor.ts';
import type { Address } from './vocabulary/identity.ts';

/** What an actor is born with. `current`: what was already true of its interests when it began to listen. */
export interface Birth<F, H = never, S = unknown> {
  readonly fact: F;
  readonly self: Address;
  readonly current: readonly H[];
  readonly settings: S;
}

/** A rule of birth and the machine it gives birth to; the service's own actors and users' scenarios use the same. */
export interface Scenario {
  readonly name: string;
  readonly startsOn: readonly Interest[];
  /** What of `startsOn` the settings leave, so that no case is born only to find that it is not wanted. */
  readonly startsFor?: (settings: never) => readonly Interest[];
  /** The newborn's address; without it the engine mints `name:serial`. */
  readonly address?: (fact: never) => Address;
  /** While an actor of this scenario with the same key lives, no second one is born: it hears the fact instead. */
  readonly oncePer?: (fact: never) => string;
  /** The actor it belongs to, told in `actor.ended`. */
  readonly of?: (fact: never) => Address;
  /** A pure function of the birth fact: the one place where check and wait meet. */
  readonly listensTo: (fact: never, self: Address) => readonly Interest[];
  /**
   * Reads what the config says under `settings` (`{}` where it says nothing) and makes of it the `settings` of a birth.
   * Throws an Error whose message says what to write instead. Without it the config may say nothing there.
   */
  readonly settings?: (written: unknown) => unknown;
  /** Star codes that it waits for, by its settings: without them in the config's `codes` nobody can dial them. */
  readonly codes?: (settings: never) => readonly string[];
  readonly machine: AnyStateMachine;
  /**
   * States in which a case may stay for as long as it likes, and why; written as `ringing.trying`. The machine's own id
   * stands for one that has no end.
   */
  readonly unbounded?: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noExplicitAny: matches an interest in any fact
type AnyInterest = Interest<any>;
type Delivered<I extends AnyInterest> = NonNullable<I['delivers']>;
type Need<A, B, Message extends string> = [A] extends [B] ? unknown : { readonly [K in Message]: Exclude<A, B> };

/** `settings` of a scenario of the service's own, which is installed with settings that its config has checked. */
export const givenByService = <T>(given: unknown): T => given as T;

type SettingsOf<M extends AnyStateMachine> = InputFrom<M> extends { readonly settings: infer T } ? T : unknown;
/** A machine that wants settings needs somebody who reads them. */
type Reads<M extends AnyStateMachine> =
  unknown extends SettingsOf<M>
    ? { readonly settings?: (written: unknown) => SettingsOf<M> }
    : { readonly settings: (written: unknown) => SettingsOf<M> };

/** Declares a scenario; a machine that does not take what it listens to, or wants another input, is a type error. */
export function defineScenario<S extends AnyInterest, I extends AnyInterest, M extends AnyStateMachine>(
  scenario: {
    readonly name: string;
    readonly startsOn: readonly S[];
    readonly startsFor?: (settings: SettingsOf<M>) => readonly S[];
    readonly codes?: (settings: SettingsOf<M>) => readonly string[];
    readonly address?: (fact: Delivered<S>) => Address;
    readonly oncePer?: (fact: Delivered<S>) => string;
    readonly of?: (fact: Delivered<S>) => Address;
    readonly listensTo: (fact: Delivered<S>, self: Address) => readonly I[];
    readonly machine: M &
      Need<Delivered<I>, EventFromLogic<M>, 'the machine does not take'> &
      // What is current comes from the views, and is checked when the scenario is installed.
      // biome-ignore lint/suspicious/noExplicitAny: settings are checked below
      Need<Birth<Delivered<S>, never, any>, InputFrom<M>, 'the machine wants another input'>;
    readonly unbounded?: Readonly<Record<string, string>>;
  } & Reads<M>,
): Scenario {
  return scenario as Scenario;
}
