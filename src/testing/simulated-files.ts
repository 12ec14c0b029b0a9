import { type Problem, problem } from '../errors.ts';
import type { MediaFiles, SoundFile } from '../media/files.ts';

/** A disk for prompts and recordings, in memory. */
export class SimulatedFiles implements MediaFiles {
  /** By path: what was put there, and what was recorded. */
  readonly all = new Map<string, Buffer>();
  /** Why nothing can be written. */
  full: string | undefined;

  put(path: string, bytes: Buffer): void {
    this.all.set(path, bytes);
  }

  read(path: string, maxBytes: number): Buffer | Problem {
    const bytes = this.all.get(path);
    if (bytes === undefined) return problem(`${path}: there is no such file`);
    return bytes.length > maxBytes ? problem(`${path}: it has more than ${maxBytes} bytes`) : bytes;
  }

  create(path: string, failed: (problem: Problem) => void): SoundFile | Problem {
    if (this.full !== undefined) return problem(`${path}: ${this.full}`);
    if (this.all.has(path)) return problem(`${path}: there is a file of that name`);
    const chunks: Buffer[] = [];
    this.all.set(path, Buffer.alloc(0));
    return {
      write: (chunk) => {
        if (this.full === undefined) chunks.push(Buffer.from(chunk));
        else failed(problem(`${path}: ${this.full}`));
      },
      close: (head) => {
        const whole = Buffer.concat(chunks);
        head.copy(whole);
        this.all.set(path, whole);
      },
    };
  }
}
