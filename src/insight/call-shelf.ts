/** Keeps calls for those who look: those that go on, and of those that are over as many as it may. */
import type { History } from '../correlation/history.ts';
import { Recording } from '../journal/recording.ts';
import type { InsightWishes } from './insight.ts';
import type { CallRow } from './model.ts';
import type { Story } from './story.ts';

/** Entries of finished calls, all together: some hundred bytes each. */
const MAX_ENTRIES = 100_000;

/** So many places of calls that were forgotten are given back at a time. */
const COMPACTED = 256;

/** What is kept of one call. */
export interface CallFile {
  readonly recording: Recording;
  /** Once its story is over, before the last actor of it has ended. */
  history: History | undefined;
  isOver: boolean;
  /** What was made of it when somebody looked, after its end. */
  row: CallRow | undefined;
  story: Story | undefined;
  /** Where searches look, and of how many facts that was made. */
  text: string;
  textOf: number;
}

const fileOf = (recording: Recording): CallFile => ({
  ...{ recording, history: undefined, isOver: false, row: undefined, story: undefined },
  ...{ text: '', textOf: -1 },
});

export interface CallShelfParts extends Pick<InsightWishes, 'maxCalls' | 'maxAgeMs'> {
  readonly now: () => number;
  /** A call is not kept any more. */
  readonly forgotten: (call: string) => void;
}

export class CallShelf {
  readonly #parts: CallShelfParts;
  /** In order of their beginning. */
  readonly #files = new Map<string, CallFile>();
  /** In order of their end, from `#oldest` on: a set remembers what was deleted in front and is slow to begin with. */
  #over: CallFile[] = [];
  #oldest = 0;
  #entries = 0;

  constructor(parts: CallShelfParts) {
    this.#parts = parts;
  }

  /** A call begins to be recorded. */
  began(recording: Recording): void {
    this.#files.set(recording.call, fileOf(recording));
  }

  /** Its story is over. */
  ended(history: History): void {
    const { call, at } = history.birth;
    let file = this.#files.get(call);
    if (file === undefined) {
      // Its chart crashed at birth, so that nothing was recorded.
      file = fileOf(new Recording(call, at));
      this.#files.set(call, file);
      this.#close(file);
    }
    file.history = history;
    file.recording.changed?.();
  }

  /** Nothing more will be recorded of it. */
  over(recording: Recording): void {
    const file = this.#files.get(recording.call);
    if (file !== undefined) this.#close(file);
  }

  of(call: string): CallFile | undefined {
    this.#trim();
    return this.#files.get(call);
  }

  /** All of them, newest first. */
  newestFirst(): readonly CallFile[] {
    this.#trim();
    return [...this.#files.values()].reverse();
  }

  #close(file: CallFile): void {
    file.isOver = true;
    this.#over.push(file);
    this.#entries += file.recording.kept.length;
    this.#trim();
  }

  #trim(): void {
    const { maxCalls, maxAgeMs, now } = this.#parts;
    const sinceMs = now() - maxAgeMs;
    for (let file = this.#over[this.#oldest]; file !== undefined; file = this.#over[this.#oldest]) {
      const isOld = (file.history?.endedAtMs ?? file.recording.startedAtMs) < sinceMs;
      if (!isOld && this.#over.length - this.#oldest <= maxCalls && this.#entries <= MAX_ENTRIES) return;
      this.#oldest++;
      this.#files.delete(file.recording.call);
      this.#entries -= file.recording.kept.length;
      this.#parts.forgotten(file.recording.call);
      if (this.#oldest < COMPACTED) continue;
      this.#over = this.#over.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}
