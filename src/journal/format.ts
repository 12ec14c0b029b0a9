/**
 * The journal of one call, as it is exported: one line of JSON, enough to play the call again.
 *
 * - Version 1. It grows when a key changes its meaning or goes; keys that nobody knows are left alone, so new ones do not count.
 * - `n` counts the entries from 1, `cause` is the `n` of the entry that led to this one, 0 where that is no part of the call.
 * - Instants are milliseconds since `startedAt`; what stands inside facts and commands is as it was.
 * - An entry is an *input* if nobody of the call wrote it: a port, an operator, an actor of another call. The others are what
 *   the charts made of the inputs; a replay computes them again.
 * - Push tokens, and whatever else a descriptor calls secret, are `hidden-1`, `hidden-2` and so on: equal stays equal in a line.
 */

export const JOURNAL_VERSION = 1;

/** A fact, a command or a delayed event, without its stamps. */
export type Told = { readonly type: string } & Readonly<Record<string, unknown>>;

/** An actor that came to life. */
export interface Born {
  readonly scenario: string;
  readonly address: string;
}

/** A fact that was known before. */
export interface Known {
  readonly at: number;
  readonly by: string;
  readonly fact: Told;
}

/** One entry as it was taken, with what it did to the actors of the call. */
export interface JournalEntry {
  readonly n: number;
  /** Instant of its posting; of a delayed event, when it was due. */
  readonly at: number;
  /** Instant of its taking, where that is another. */
  readonly takenAt?: number;
  readonly by: string;
  readonly cause: number;
  readonly input?: true;
  /** One of these three. */
  readonly fact?: Told;
  readonly command?: Told;
  readonly timer?: Told;
  readonly born?: readonly Born[];
  /** What newborns were told of the rest of the world: who talks, say; an input. Of bindings `standing` tells. */
  readonly current?: readonly Known[];
  readonly heard?: readonly string[];
  /** Of those who heard it: whose chart had nothing for it. */
  readonly ignored?: readonly string[];
  /** Scenarios that bore nobody, since an actor of another call had their key, or as many lived as may. */
  readonly withheld?: readonly string[];
  /** Why a command was refused. */
  readonly refused?: string;
}

/** The bindings of one address of record when the call began to listen to them, told as what had led there. */
export interface Standing {
  readonly aor: string;
  /** Address of its registration; empty if there was none. */
  readonly actor: string;
  readonly facts: readonly Known[];
}

/** A scenario that the service ran; a user's settings are left out, since nobody knows what is in them. */
export interface RunScenario {
  readonly name: string;
  readonly settings?: unknown;
}

/** The journal of one call. */
export interface CallJournal {
  readonly callweave: 'journal';
  readonly version: typeof JOURNAL_VERSION;
  readonly call: string;
  readonly caller: string;
  readonly callee: string;
  /** The call that this one goes on from, which has a line of its own. */
  readonly continues: string;
  readonly outcome: 'answered' | 'failed' | 'cancelled' | 'crashed' | 'open';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds that the service was busy at a stretch meanwhile, in which no delayed event could fire. */
  readonly busyMs: number;
  /** Why it cannot be played again; empty if it can. */
  readonly cut: string;
  readonly scenarios: readonly RunScenario[];
  readonly standing: readonly Standing[];
  readonly entries: readonly JournalEntry[];
}
