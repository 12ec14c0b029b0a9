import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const STOP_LIMIT_MS = 5_000;
const KEPT_CHARACTERS = 200_000;

/** A process started by a test: what it says is kept, and it never outlives its test. */
export class Child {
  /** Everything it wrote, both streams. */
  said = '';
  readonly ended: Promise<number>;
  readonly #process: ChildProcess;
  readonly #watchers = new Set<() => void>();

  /** `listens`: it reads what `tell` writes; else it has no input. */
  constructor(
    program: string,
    args: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv = process.env,
    { listens = false }: { readonly listens?: boolean } = {},
  ) {
    this.#process = spawn(program, args, { cwd, env, stdio: [listens ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    this.#process.stdin?.on('error', () => {}); // it ended before it read; who waits for its words hears of that
    const keep = (chunk: Buffer) => {
      this.said = (this.said + chunk.toString('latin1')).slice(-KEPT_CHARACTERS);
      for (const watch of [...this.#watchers]) watch();
    };
    this.#process.stdout?.on('data', keep);
    this.#process.stderr?.on('data', keep);
    this.ended = new Promise((resolve) => {
      const end = (code: number) => {
        resolve(code);
        for (const watch of [...this.#watchers]) watch();
      };
      this.#process.once('close', (code) => end(code ?? -1));
      this.#process.once('error', () => end(-1));
    });
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Resolves once what it said contains that; rejects if it ends or the time is up first. */
  says(expected: RegExp, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(limit);
        this.#watchers.delete(watch);
        if (error === undefined) resolve();
        else reject(error);
      };
      const watch = () => {
        if (expected.test(this.said)) settle();
        else if (!this.running) settle(new Error(`ended before it said ${expected}:\n${this.said}`));
      };
      const limit = setTimeout(() => settle(new Error(`did not say ${expected} in ${limitMs} ms:\n${this.said}`)), limitMs);
      this.#watchers.add(watch);
      watch();
    });
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    this.#process.kill(signal);
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), STOP_LIMIT_MS);
    if (this.running) await once(this.#process, 'exit');
    clearTimeout(kill);
  }
}
