import type { Interest } from '../../machines/vocabulary/descriptor.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';
import type { Entry, StampedFact } from './entry.ts';
import type { Status } from './runner.ts';

/** What one actor did with one entry. */
export interface Step {
  readonly address: Address;
  readonly scenario: string;
  readonly isBirth: boolean;
  /** False: its chart has no transition for it in this state, not even an empty one. */
  readonly taken: boolean;
  readonly status: Status;
  /** The XState snapshot after the step. */
  readonly snapshot: unknown;
  /** At a birth, what it listens to from then on. */
  readonly interests: readonly Interest[] | undefined;
  /** At a birth, what was already true of that. */
  readonly current?: readonly StampedFact[];
}

/** One entry as it was taken, with its audience; `timer`: a delayed event of one actor, `cause` is what armed it. */
export interface Taking {
  readonly kind: 'fact' | 'command' | 'timer';
  readonly entry: Entry;
  /** Instant of its posting, or at which the delayed event was due. */
  readonly dueMs: number;
  /** Instant at which it was taken. */
  readonly atMs: number;
  /** Births first, then listeners, each oldest first. */
  readonly steps: Step[];
  /** Why a command was refused. */
  refused: string | undefined;
  /** Scenarios that would have been born, had not an actor with their key lived, or as many as may. */
  withheld: string[] | undefined;
}

/** Hears each entry when it was taken. */
export type Observer = (taking: Taking) => void;

/** The last entries and who watches them; off and free until somebody looks. */
export class Journal {
  readonly #kept: Taking[] = [];
  readonly #limit: number;
  readonly #observers = new Set<Observer>();
  readonly #report: (error: unknown) => void;
  #next = 0;

  /** Keeps the last `limit` entries. */
  constructor(limit: number, report: (error: unknown) => void) {
    this.#limit = limit;
    this.#report = report;
  }

  get isOn(): boolean {
    return this.#limit > 0 || this.#observers.size > 0;
  }

  /** Tells every entry from now on; an observer that throws is reported and hears no more. Returns how to stop. */
  observe(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => {
      this.#observers.delete(observer);
    };
  }

  /** What is kept, oldest first. */
  entries(): readonly Taking[] {
    return [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)];
  }

  write(taking: Taking): void {
    if (this.#limit > 0) {
      this.#kept[this.#next] = taking;
      this.#next = (this.#next + 1) % this.#limit;
    }
    for (const observer of this.#observers) {
      try {
        observer(taking);
      } catch (error) {
        this.#observers.delete(observer);
        this.#report(error);
      }
    }
  }
}
