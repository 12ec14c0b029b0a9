import type { JournalEntry } from '../../journal/format.ts';
import { drawLadder, type LadderRecord } from '../ladder.ts';

/** Facts and commands between the actors of a call, as a ladder: facts go to those who heard them. */
export function ladderOf(entries: readonly JournalEntry[], startedAtMs = 0): string {
  const records = entries.flatMap((entry) => arrowsOf(entry, startedAtMs));
  return records.length === 0 ? '' : drawLadder(records, { width: 140 });
}

function arrowsOf({ n, at, takenAt = at, by, fact, command, timer, heard, born }: JournalEntry, startMs: number): LadderRecord[] {
  const label = `${n} ${(fact ?? command ?? timer)?.type ?? ''}`;
  const atMs = startMs + takenAt;
  if (timer !== undefined) return [{ atMs, from: by, to: by, label: `${label} (timer)`, kind: 'note' }];
  const addressees = [
    ...new Set(command === undefined ? [...(born ?? []).map(({ address }) => address), ...(heard ?? [])] : [command.to]),
  ];
  const others = addressees.filter((address) => address !== by).map(String);
  if (others.length === 0) return [{ atMs, from: by, to: by, label, kind: 'note' }];
  return others.map((to) => ({ atMs, from: by, to, label, kind: 'message' }));
}
