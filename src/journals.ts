/** Journals of calls as a running service keeps them: recorded while they go on, told as a line each when they are over. */
import type { Engine } from './engine/engine.ts';
import type { Entry } from './engine/entry.ts';
import { exportOf, hasFailed } from './journal/export.ts';
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
  readonly wishes: JournalWishes;
}

/** The journals of one service. */
export class Journals {
  readonly #parts: JournalsParts;
  readonly #recorder: Recorder;
  readonly #secrets: SecretsOf;

  constructor(parts: JournalsParts) {
    const { engine, kinds, wishes, bindingsOf } = parts;
    this.#parts = parts;
    this.#secrets = new SecretsOf(kinds);
    const users = new Set(wishes.users);
    this.#recorder = new Recorder({
      wants: (birth) => users.size === 0 || partiesOf(birth).some((party) => users.has(party)),
      bindingsOf,
      posted: () => engine.posted,
      backlog: () => engine.backlog,
      tell: (recording) => this.#tell(recording),
    });
    engine.journal.observe(this.#recorder.take);
  }

  /** The journal of a call that goes on, as far as it has come; undefined where it is not recorded. */
  of(call: string): CallJournal | undefined {
    const recording = this.#recorder.of(call);
    return recording && this.#export(recording);
  }

  /** The service stops: what there is of the calls that go on is told. */
  close(): void {
    this.#recorder.close();
  }

  #tell(recording: Recording): void {
    const { calls, write } = this.#parts.wishes;
    if (calls === 'all' || hasFailed(recording)) write(`${JSON.stringify(this.#export(recording))}\n`);
  }

  #export(recording: Recording): CallJournal {
    return exportOf(recording, { secrets: this.#secrets, scenarios: this.#parts.scenarios });
  }
}

/** User names and numbers of both parties. */
function partiesOf(birth: Entry): readonly string[] {
  const { caller, callee } = birth as { readonly caller?: unknown; readonly callee?: unknown };
  return [caller, callee].map((uri) => /^(?:sips?|tel):([^@;?]*)/i.exec(String(uri))?.[1] ?? '');
}
