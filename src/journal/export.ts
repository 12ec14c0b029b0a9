/** The journal of a call as it leaves the service: what was recorded, numbered from its beginning and without secrets. */
import type { Entry, StampedFact } from '../engine/entry.ts';
import {
  type CallJournal,
  JOURNAL_VERSION,
  type JournalEntry,
  type Known,
  type RunScenario,
  type Standing,
  type Told,
} from './format.ts';
import type { Kept, Recording } from './recording.ts';
import { Hider, type SecretsOf } from './secrets.ts';

export interface ExportParts {
  readonly secrets: SecretsOf;
  /** What the service runs. */
  readonly scenarios: readonly RunScenario[];
}

type Hide = (told: Told, isFact: boolean) => Told;

/** The journal of a call that is over, or of one as far as it has come. */
export const exportOf = (recording: Recording, parts: ExportParts): CallJournal => exportWith(recording, parts, null).journal;

/** The same, and beside it something else that is told of the call, without the secrets that the call brought. */
export function exportWith<T>(
  recording: Recording,
  { secrets, scenarios }: ExportParts,
  shown: T,
): { readonly journal: CallJournal; readonly shown: T } {
  const hider = new Hider(secrets);
  const writer = new EntryWriter(recording.startedAtMs, (told, isFact) => hider.hide(told, isFact));
  const entries = recording.kept.map((one) => writer.write(one));
  const birth = recording.kept[0]?.entry as { readonly caller?: string; readonly callee?: string; readonly continues?: string };
  const journal: CallJournal = {
    callweave: 'journal',
    version: JOURNAL_VERSION,
    call: recording.call,
    caller: birth.caller ?? '',
    callee: birth.callee ?? '',
    continues: birth.continues ?? '',
    outcome: outcomeOf(recording),
    startedAt: recording.startedAtMs,
    busyMs: recording.busyMs,
    cut: recording.isCut ? `it went on after ${recording.kept.length} entries, which is as much as is kept` : '',
    scenarios,
    standing: standingsOf(recording, (told, isFact) => hider.hide(told, isFact)),
    entries,
  };
  return { journal: { ...journal, ...hider.search({ standing: journal.standing, entries }) }, shown: hider.search(shown) };
}

/** Writes the entries of a recording one after the other, as they stand in a journal. */
export class EntryWriter {
  readonly #startedAtMs: number;
  readonly #hide: Hide;
  readonly #numbers = new Map<number, number>();
  #n = 0;

  constructor(startedAtMs: number, hide: Hide = (told) => told) {
    this.#startedAtMs = startedAtMs;
    this.#hide = hide;
  }

  write(one: Kept): JournalEntry {
    const { kind, entry, dueMs, atMs, isInput } = one;
    const n = ++this.#n;
    if (kind !== 'timer') this.#numbers.set(entry.seq, n);
    return {
      n,
      at: dueMs - this.#startedAtMs,
      ...(atMs === dueMs ? {} : { takenAt: atMs - this.#startedAtMs }),
      by: entry.by,
      cause: this.#numbers.get(entry.cause) ?? 0,
      ...(isInput ? { input: true } : {}),
      [kind]: this.#hide(toldOf(entry, kind), kind === 'fact'),
      ...effectsOf(one),
      ...(one.current === undefined ? {} : { current: one.current.map((fact) => this.#known(fact)) }),
    };
  }

  #known(fact: StampedFact): Known {
    return { at: fact.at - this.#startedAtMs, by: fact.by, fact: this.#hide(toldOf(fact, 'fact'), true) };
  }
}

const effectsOf = ({ born, heard, ignored, withheld, refused }: Kept): Partial<JournalEntry> => ({
  ...(born === undefined ? {} : { born }),
  ...(heard === undefined ? {} : { heard }),
  ...(ignored === undefined ? {} : { ignored }),
  ...(withheld === undefined ? {} : { withheld }),
  ...(refused === undefined ? {} : { refused }),
});

/** What its author wrote; a delayed event goes to its author anyway. */
function toldOf(entry: Entry, kind: Kept['kind']): Told {
  const { seq: _seq, at: _at, by: _by, cause: _cause, ...told } = entry as unknown as Record<string, unknown> & Entry;
  if (kind === 'timer') delete (told as { to?: unknown }).to;
  return told as unknown as Told;
}

const standingsOf = ({ watched, startedAtMs }: Recording, hide: Hide): readonly Standing[] =>
  watched.map(({ aor, first: actor, earlier }) => ({
    aor,
    actor,
    facts: earlier.map(({ atMs, by, fact }) => ({ at: atMs - startedAtMs, by, fact: hide(fact, true) })),
  }));

function outcomeOf({ kept, call }: Recording): CallJournal['outcome'] {
  for (const { entry } of kept) {
    const { type, outcome, address, how } = entry as Entry & Readonly<Record<string, unknown>>;
    if (type === 'call.ended' && entry.by === call) return outcome as CallJournal['outcome'];
    if (type === 'actor.ended' && address === call && how === 'failed') return 'crashed';
  }
  return 'open';
}

/** Whether it was no good call: nobody was reached, or an actor of it crashed. */
export const hasFailed = (recording: Recording): boolean =>
  outcomeOf(recording) === 'failed' ||
  recording.kept.some(({ entry }) => entry.type === 'actor.ended' && (entry as { how?: unknown }).how === 'failed');
