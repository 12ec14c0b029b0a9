/** The disk, as media needs it; the virtual world has its own. */
import type { Problem } from '../errors.ts';

/** A recording that is being written: it takes chunks without waiting for the disk. */
export interface SoundFile {
  write(chunk: Buffer): void;
  /** Puts `head` at the beginning, in place of as many bytes, and closes. */
  close(head: Buffer): void;
}

export interface MediaFiles {
  /** All of a file; not one that is longer than that. */
  read(path: string, maxBytes: number): Buffer | Problem;
  /** A new file; one that is there stays, and is a problem. `failed` hears once of what could not be written. */
  create(path: string, failed: (problem: Problem) => void): SoundFile | Problem;
}
