/** A file that only grows, written beside the calls: neither a slow disk nor a full one is felt by them. */
import { closeSync, openSync, write, writeSync } from 'node:fs';
import { type Problem, problem, reasonOf } from '../errors.ts';
import type { Timer, TimerQueue } from '../timers.ts';

export interface AppendFileParts {
  readonly path: string;
  readonly timers: TimerQueue;
  /** Hears once of each run of failures, however many writes it breaks. */
  readonly report: (problem: Problem) => void;
  /** What may wait for the disk; beyond it chunks are lost, which is said. */
  readonly maxQueuedBytes?: number;
  /** `w` begins anew instead of appending. */
  readonly flags?: 'a' | 'w';
  readonly mode?: number;
}

const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
/** Chunks of so long leave together, since a write costs more than what it carries. */
const GATHER_MS = 200;
/** Secrets do not get here, but who called whom is nobody else's business. */
const MODE = 0o640;

/** One such file. A chunk is kept or lost as a whole, but for one that a full disk cuts. */
export class AppendFile {
  readonly #parts: AppendFileParts;
  #fd: number | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** What is being written now. */
  #writing: Buffer | undefined;
  #timer: Timer | undefined;
  #hasFailed = false;
  #lost = 0;
  #closed: (() => void) | undefined;

  private constructor(parts: AppendFileParts) {
    this.#parts = parts;
  }

  /** Opens it, or says in one line why that cannot be. */
  static open(parts: AppendFileParts): AppendFile | Problem {
    const file = new AppendFile(parts);
    try {
      file.#fd = openSync(parts.path, parts.flags ?? 'a', parts.mode ?? MODE);
    } catch (error) {
      return problem(`${parts.path}: ${reasonOf(error)}`);
    }
    return file;
  }

  /** Takes a chunk; never waits and never throws. */
  write(chunk: string | Buffer): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (this.#waitingBytes + bytes.length > (this.#parts.maxQueuedBytes ?? MAX_QUEUED_BYTES)) {
      this.#lost++;
      this.#fail('the disk does not follow; entries are lost');
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#writing === undefined) this.#timer ??= this.#parts.timers.set(GATHER_MS, () => this.#flush());
  }

  /** Entries that were lost since it was opened. */
  get lost(): number {
    return this.#lost;
  }

  /** Goes on under the same name in a new file, after logrotate has moved the old one. What waits goes to the old one. */
  reopen(): void {
    this.#flushNow();
    const old = this.#fd;
    try {
      this.#fd = openSync(this.#parts.path, this.#parts.flags ?? 'a', this.#parts.mode ?? MODE);
    } catch (error) {
      this.#fail(reasonOf(error));
      return;
    }
    if (old !== undefined && this.#writing === undefined) closeSync(old);
  }

  /** Writes what waits and closes; `done` is called once nothing is under way any more. */
  close(done: () => void = () => undefined): void {
    this.#parts.timers.clear(this.#timer);
    this.#flushNow();
    const fd = this.#fd;
    this.#fd = undefined;
    if (this.#writing !== undefined) this.#closed = done;
    else {
      if (fd !== undefined) closeSync(fd);
      done();
    }
  }

  #flush(): void {
    this.#timer = undefined;
    const fd = this.#fd;
    if (fd === undefined || this.#writing !== undefined || this.#waiting.length === 0) return;
    this.#begin(fd, this.#taken());
  }

  #taken(): Buffer {
    const [only] = this.#waiting;
    const all = this.#waiting.length === 1 && only !== undefined ? only : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return all;
  }

  #begin(fd: number, bytes: Buffer): void {
    this.#writing = bytes;
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (this.#writing !== bytes) return;
      this.#writing = undefined;
      if (error !== null) this.#fail(`${reasonOf(error)}; entries are lost`);
      else if (written < bytes.length) return this.#begin(fd, bytes.subarray(written));
      else this.#hasFailed = false;
      // Moved away, or closed, while this was under way.
      if (fd !== this.#fd) closeSync(fd);
      this.#closed?.();
      if (this.#waiting.length > 0) this.#flush();
    });
  }

  /** On the way out, or at a rotation: the disk is waited for. */
  #flushNow(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    // What is under way is with the system already; it is only not known yet whether it arrived.
    try {
      if (this.#waiting.length > 0) writeSync(fd, this.#taken());
    } catch (error) {
      this.#fail(reasonOf(error));
    }
  }

  #fail(why: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#parts.report(problem(`${this.#parts.path}: ${why}`));
  }
}
