/** The moments of a call that can be gone back to: one for each entry of its journal. */
import type { ActorView, CallView } from '../../insight/model.ts';
import type { JournalEntry, Told } from '../../journal/format.ts';

export interface Moment {
  /** Number of the entry. */
  readonly n: number;
  readonly at: number;
}

/** Instants of entries are lengths since the start of the call. */
export const instantOf = (call: Pick<CallView, 'startedAt'>, entry: JournalEntry): number =>
  call.startedAt + (entry.takenAt ?? entry.at);

export const momentsOf = (call: CallView): readonly Moment[] =>
  call.entries.map((entry) => ({ n: entry.n, at: instantOf(call, entry) }));

/** What an entry tells: a fact, a command or a delayed event. */
export const toldOf = ({ fact, command, timer }: JournalEntry): Told => fact ?? command ?? timer ?? { type: '' };
export const kindOf = ({ fact, command }: JournalEntry): 'fact' | 'command' | 'timer' =>
  fact !== undefined ? 'fact' : command !== undefined ? 'command' : 'timer';

/** Whether something of that entry, or of that instant where it has none, has happened by then. */
const isBy = (of: { readonly n: number; readonly at: number }, moment: Moment): boolean =>
  of.n > 0 ? of.n <= moment.n : of.at <= moment.at;

/** How many of its stays an actor had begun; 0 before its birth. */
export const staysBy = ({ path }: ActorView, moment: Moment): number =>
  path.reduce((count, visit, n) => (isBy(visit, moment) ? n + 1 : count), 0);

/** The last moment at or before an instant; the first one where there is none. */
export function momentAt(moments: readonly Moment[], at: number): number {
  const after = moments.findIndex((moment) => moment.at > at);
  return after < 0 ? moments.length - 1 : Math.max(after - 1, 0);
}

/** The moment of an entry, or else of an instant. */
export function momentOf(moments: readonly Moment[], { n, at }: Moment): number {
  const found = n > 0 ? moments.findIndex((moment) => moment.n === n) : -1;
  return found < 0 ? momentAt(moments, at) : found;
}
