/** Prompts and recordings on the disk, as src/media asks for them. */
import { closeSync, openSync, readFileSync, statSync, write } from 'node:fs';
import { type Problem, problem, reasonOf } from '../errors.ts';

/** What may wait for the disk: four minutes of a recording. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
/** Who talked to whom, and what was said, is nobody else's business. */
const MODE = 0o600;

/** A new file that is written from its beginning on; its first bytes are written once more at the end. */
class GrowingFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #failed: (problem: Problem) => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #position = 0;
  #isWriting = false;
  #hasFailed = false;
  #head: Buffer | undefined;

  constructor(path: string, fd: number, failed: (problem: Problem) => void) {
    this.#path = path;
    this.#fd = fd;
    this.#failed = failed;
  }

  /** Takes a chunk; never waits and never throws. */
  write(chunk: Buffer): void {
    if (this.#hasFailed || this.#head !== undefined) return;
    if (this.#waitingBytes + chunk.length > MAX_QUEUED_BYTES) {
      this.#fail('the disk does not follow');
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    this.#next();
  }

  close(head: Buffer): void {
    if (this.#head !== undefined) return;
    this.#head = head;
    this.#next();
  }

  #next(): void {
    if (this.#isWriting) return;
    const bytes = this.#waiting.length > 0 ? Buffer.concat(this.#waiting) : undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (bytes !== undefined && !this.#hasFailed) this.#begin(bytes, this.#position, () => this.#next());
    else if (this.#head !== undefined) this.#begin(this.#head, 0, () => this.#end());
  }

  #begin(bytes: Buffer, at: number, done: () => void): void {
    this.#isWriting = true;
    write(this.#fd, bytes, 0, bytes.length, at, (error, written) => {
      this.#isWriting = false;
      if (error !== null) this.#fail(reasonOf(error));
      else {
        this.#position = Math.max(this.#position, at + written);
        if (written < bytes.length) return this.#begin(bytes.subarray(written), at + written, done);
      }
      done();
    });
  }

  #end(): void {
    this.#isWriting = true;
    try {
      closeSync(this.#fd);
    } catch (error) {
      this.#fail(reasonOf(error));
    }
  }

  #fail(why: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#failed(problem(`${this.#path}: ${why}`));
  }
}

/** All of a file; not one that is longer than `maxBytes`. */
function read(path: string, maxBytes: number): Buffer | Problem {
  try {
    const { size } = statSync(path);
    if (size > maxBytes) return problem(`${path}: it has ${size} bytes: at most ${maxBytes} can be played`);
    return readFileSync(path);
  } catch (error) {
    return problem(`${path}: ${isMissing(error) ? 'there is no such file' : reasonOf(error)}`);
  }
}

/** A new file; one that is there stays, and is a problem. `failed` hears once of what could not be written. */
function create(path: string, failed: (problem: Problem) => void): GrowingFile | Problem {
  try {
    return new GrowingFile(path, openSync(path, 'wx', MODE), failed);
  } catch (error) {
    return problem(`${path}: ${reasonOf(error)}`);
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The machine's disk. */
export const soundFiles = { read, create };
