/** Who told whom in a call: the facts and commands that connected its actors. */
import type { JournalEntry } from '../../journal/format.ts';
import { kindOf, toldOf } from './moments.ts';

/** One way that something was told. */
export interface Telling {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly kind: 'fact' | 'command';
  readonly n: number;
  /** The chart of who heard it had nothing for it, or the command was refused. */
  readonly isIgnored: boolean;
}

/** All that passed from one actor to another. */
export interface Bond {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  /** The last of it. */
  readonly last: Telling;
}

/** Those who were told by one entry; a delayed event is told to nobody else. */
export function tellingsOf(entry: JournalEntry): readonly Telling[] {
  const kind = kindOf(entry);
  if (kind === 'timer') return [];
  const { type, to } = toldOf(entry);
  const hearers =
    kind === 'command' ? [String(to ?? '')] : [...(entry.born ?? []).map(({ address }) => address), ...(entry.heard ?? [])];
  return hearers
    .filter((hearer) => hearer !== '' && hearer !== entry.by)
    .map((hearer) => ({
      ...{ from: entry.by, to: hearer, type, kind, n: entry.n },
      isIgnored: entry.refused !== undefined || entry.ignored?.includes(hearer) === true,
    }));
}

/** What had passed between each two by an entry, in order of their first word. */
export function bondsBy(entries: readonly JournalEntry[], n: number): readonly Bond[] {
  const bonds = new Map<string, Bond>();
  for (const entry of entries) {
    if (entry.n > n) break;
    for (const telling of tellingsOf(entry)) {
      const key = `${telling.from}>${telling.to}`;
      const { from, to } = telling;
      bonds.set(key, { from, to, count: (bonds.get(key)?.count ?? 0) + 1, last: telling });
    }
  }
  return [...bonds.values()];
}

/** The way from the first cause to an entry, oldest first. */
export function causesOf(entries: readonly JournalEntry[], n: number): readonly JournalEntry[] {
  const byNumber = new Map(entries.map((entry) => [entry.n, entry]));
  const found: JournalEntry[] = [];
  // A cause is older than what it led to, so this ends.
  for (let entry = byNumber.get(n); entry !== undefined; entry = byNumber.get(entry.cause)) {
    found.unshift(entry);
    if (entry.cause >= entry.n) break;
  }
  return found;
}
