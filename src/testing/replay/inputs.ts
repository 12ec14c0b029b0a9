/** Which inputs of a journal enter when: their places in the engine's one order, worked out from who wrote what. */
import type { CallJournal, JournalEntry } from '../../journal/format.ts';

/** An input that comes of its own, to be posted before the entry at `before` is taken. */
interface Placed {
  readonly entry: JournalEntry;
  readonly before: number;
}

/** A port posted it in answer to the entry that caused it, while that was taken. */
function isAnswer({ by, cause, input }: JournalEntry, entries: readonly JournalEntry[]): boolean {
  if (input !== true || cause === 0) return false;
  const of = entries[cause - 1];
  return of?.command?.to === by || (of?.fact?.type === 'actor.ended' && by.startsWith('port:'));
}

/** The inputs of one journal. */
export class Inputs {
  readonly #placed: readonly Placed[];
  readonly #answers = new Map<number, JournalEntry[]>();
  #next = 0;

  constructor({ entries }: CallJournal) {
    this.#placed = placed(entries);
    for (const entry of entries) {
      if (!isAnswer(entry, entries)) continue;
      const known = this.#answers.get(entry.cause);
      if (known === undefined) this.#answers.set(entry.cause, [entry]);
      else known.push(entry);
    }
  }

  /** The next one that comes of its own, if it is due before the entry at `index` is taken. */
  next(index: number): JournalEntry | undefined {
    const placed = this.#placed[this.#next];
    if (placed === undefined || placed.before > index) return undefined;
    this.#next++;
    return placed.entry;
  }

  /** What a port answered at once to the entry at `index`. */
  answersTo(index: number, port: string): readonly JournalEntry[] {
    return this.#answers.get(index + 1)?.filter(({ by }) => by === port) ?? [];
  }
}

const takenAtOf = (entry: JournalEntry | undefined): number => entry?.takenAt ?? entry?.at ?? Number.NEGATIVE_INFINITY;

/**
 * An input lies in the mailbox before all that was written after it. So it is posted before the entry is taken of which the
 * next one written by an actor came, and at the latest when it is its own turn.
 */
function placed(entries: readonly JournalEntry[]): readonly Placed[] {
  const found: Placed[] = [];
  const timers = entries.map(({ timer }) => timer !== undefined);
  let limit = entries.length;
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index];
    if (entry === undefined) continue;
    if (timers[index]) limit = index;
    else if (entry.input === true && !isAnswer(entry, entries)) {
      limit = Math.min(limit, index);
      // What was taken after it came stood behind it, or before it in the mailbox of a busy service.
      while (takenAtOf(entries[limit - 1]) > entry.at) limit--;
      found.push({ entry, before: limit });
    } else {
      // Of what a delayed event set off the cause is what armed it; but then all that was written before had been taken.
      const writtenAt = Math.max(entry.cause - 1, timers.lastIndexOf(true, index));
      if (writtenAt >= 0) limit = Math.min(limit, writtenAt);
    }
  }
  return found.reverse();
}
