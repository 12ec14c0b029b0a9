/** A file of lines that grows up to a bound; what does not fit is left out until the file was moved away. */
import { statSync } from 'node:fs';
import { isProblem, type Problem, problem } from '../errors.ts';
import { AppendFile, type AppendFileParts } from './append-file.ts';

export interface BoundedLinesParts extends Omit<AppendFileParts, 'flags'> {
  readonly maxBytes: number;
}

export class BoundedLines {
  readonly #parts: BoundedLinesParts;
  readonly #file: AppendFile;
  #bytes: number;
  #isFull = false;

  private constructor(parts: BoundedLinesParts, file: AppendFile) {
    this.#parts = parts;
    this.#file = file;
    this.#bytes = sizeOf(parts.path);
  }

  /** Opens it, or says in one line why that cannot be. */
  static open(parts: BoundedLinesParts): BoundedLines | Problem {
    const file = AppendFile.open(parts);
    return isProblem(file) ? file : new BoundedLines(parts, file);
  }

  /** Takes a line with its line break, or leaves it out; the first one that is left out is reported. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#bytes + bytes.length > this.#parts.maxBytes) {
      if (!this.#isFull) this.#parts.report(problem(`${this.#parts.path} has its ${this.#parts.maxBytes} bytes`));
      this.#isFull = true;
      return;
    }
    this.#bytes += bytes.length;
    this.#file.write(bytes);
  }

  /** Goes on in a new file of that name, after the old one was moved away; else where it is. */
  reopen(): void {
    this.#file.reopen();
    this.#bytes = sizeOf(this.#parts.path);
    this.#isFull = false;
  }

  close(done?: () => void): void {
    this.#file.close(done);
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
