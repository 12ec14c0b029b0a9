/** Journals of calls as a running service keeps them: recorded while they go on, told as a line each when they are over. */
import type { Engine } from './engine/engine.ts';
import type { Entry } from './engine/entry.ts';
import { exportOf, exportWith, hasFailed } from './journal/export.ts';
import type { CallJournal, RunScenario } from './journal/format.ts';
import { Recorder, type RecorderParts } from './journal/recorder.ts';
import type { Recording } from './journal/recording.ts';
import { SecretsOf } from './journal/secrets.ts';

/** Which calls, and where they go. */
export interface JournalWishes {
  /** `failed`: those that reached nobody, or in which something crashed. */
  readonly calls: 'all' | 'failed';
  /** Only calls between whom one of these is, by user name or number; none: everybody. */
  readonly users: readonly string[];
  /** Takes a call's line of JSON, with its line break. */
  readonly write: (line: string) => void;
}

export interface JournalsParts extends Pick<RecorderParts, 'bindingsOf'> {
  readonly engine: Engine;
  readonly kinds: ConstructorParameters<typeof SecretsOf>[0];
  readonly scenarios: readonly RunScenario[];
  /** Undefined: none is written. */
  readonly wishes: JournalWishes | undefined;
  /** Keeps recordings for those who look at calls; with it, all are recorded. */
  readonly shelf?: Shelf | undefined;
}

/** Where recordings are kept for a while. */
export interface Shelf {
  began(recording: Recording): void;
  over(recording: Recording): void;
}

/** The journals of one service. */
export class Journals {
  readonly #parts: JournalsParts;
  readonly #recorder: Recorder;
  readonly #secrets: SecretsOf;
  readonly #users: ReadonlySet<string>;

  constructor(parts: JournalsParts) {
    const { engine, kinds, wishes, bindingsOf, shelf } = parts;
    this.#parts = parts;
    this.#secrets = new SecretsOf(kinds);
    this.#users = new Set(wishes?.users);
    this.#recorder = new Recorder({
      wants: (birth) => shelf !== undefined || this.#isWritten(birth),
      bindingsOf,
      posted: () => engine.posted,
      backlog: () => engine.backlog,
      began: shelf && ((recording) => shelf.began(recording)),
      tell: (recording) => this.#tell(recording),
    });
    engine.journal.observe(this.#recorder.take);
  }

  /** The journal of a call that goes on, as far as it has come; undefined where it is not recorded. */
  of(call: string): CallJournal | undefined {
    const recording = this.#recorder.of(call);
    return recording && this.export(recording);
  }

  /** A recording as a journal, its secrets hidden. */
  export(recording: Recording): CallJournal {
    return exportOf(recording, { secrets: this.#secrets, scenarios: this.#parts.scenarios });
  }

  /** The same, and beside it something else that is told of the call, without its secrets. */
  exportWith<T>(recording: Recording, shown: T): { readonly journal: CallJournal; readonly shown: T } {
    return exportWith(recording, { secrets: this.#secrets, scenarios: this.#parts.scenarios }, shown);
  }

  /** The call of whose actors that one is; empty where none is known. */
  callOf(address: string): string {
    return this.#recorder.ofMember(address)?.call ?? '';
  }

  /** The service stops: what there is of the calls that go on is told. */
  close(): void {
    this.#recorder.close();
  }

  #tell(recording: Recording): void {
    const { wishes, shelf } = this.#parts;
    shelf?.over(recording);
    const birth = recording.kept[0]?.entry;
    if (wishes === undefined || birth === undefined || !this.#isWritten(birth)) return;
    if (wishes.calls === 'all' || hasFailed(recording)) wishes.write(`${JSON.stringify(this.export(recording))}\n`);
  }

  #isWritten(birth: Entry): boolean {
    if (this.#parts.wishes === undefined) return false;
    return this.#users.size === 0 || partiesOf(birth).some((party) => this.#users.has(party));
  }
}

/** User names and numbers of both parties. */
function partiesOf(birth: Entry): readonly string[] {
  const { caller, callee } = birth as { readonly caller?: unknown; readonly callee?: unknown };
  return [caller, callee].map((uri) => /^(?:sips?|tel):([^@;?]*)/i.exec(String(uri))?.[1] ?? '');
}
