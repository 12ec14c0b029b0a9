/** A copy of the tree in which one thing at a time is broken, and the suite as run there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutant.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = [
  'machines',
  'src',
  'test',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'vitest.config.ts',
  'README.md',
];
/** A breakage may well make a test wait for ever. */
const LIMIT_MS = 300_000;

/** How a run of the suite ended. */
export type Verdict =
  | { readonly how: 'green' | 'hung' | 'broken'; readonly test: '' }
  | { readonly how: 'red'; readonly test: string };

interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** A tree of its own; `remove` it in the end. */
export class Copy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'callweave-mutant-'));
  #running: ChildProcess | undefined;

  constructor() {
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.#folder, 'node_modules'));
    this.#spareShrinking();
  }

  /** That a property fails is enough here; what the smallest example is costs most of the time. */
  #spareShrinking(): void {
    const config = join(this.#folder, 'vitest.config.ts');
    const text = readFileSync(config, 'utf8');
    const changed = text.replace(/testTimeout: [\d_]+,/, "$& setupFiles: ['end-early.ts'],");
    if (changed === text) throw new Error('vitest.config.ts has no place for a set-up file any more');
    writeFileSync(config, changed);
    writeFileSync(
      join(this.#folder, 'end-early.ts'),
      "import fc from 'fast-check';\nfc.configureGlobal({ endOnFailure: true });\n",
    );
  }

  remove(): void {
    this.#running?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs test files, or whole projects, with that breakage; without one as the tree is. */
  async run(mutant: Mutant | undefined, which: readonly string[]): Promise<Verdict> {
    if (mutant === undefined) return this.#vitest(which);
    const file = join(this.#folder, mutant.file);
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, broken(whole, mutant));
    try {
      return await this.#vitest(which);
    } finally {
      writeFileSync(file, whole);
    }
  }

  #vitest(which: readonly string[]): Promise<Verdict> {
    const report = join(this.#folder, 'report.json');
    rmSync(report, { force: true });
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const asked = ['--bail=1', '--maxWorkers=1', '--reporter=json', `--outputFile=${report}`];
    const child = spawn(process.execPath, [vitest, 'run', ...which, ...asked], { cwd: this.#folder, stdio: 'ignore' });
    this.#running = child;
    return new Promise((resolve) => {
      let isHung = false;
      const timer = setTimeout(() => {
        isHung = true;
        child.kill('SIGKILL');
      }, LIMIT_MS);
      child.on('close', () => {
        clearTimeout(timer);
        resolve(isHung ? { how: 'hung', test: '' } : verdictIn(report));
      });
    });
  }
}

/** Text with the breakage. Throws where its place is not found exactly once. */
export function broken(text: string, { name, file, find, replace }: Mutant): string {
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`${name}: its place is in ${file} ${places} times, not once`);
  return text.replace(find, () => replace);
}

function verdictIn(file: string): Verdict {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return { how: 'broken', test: '' };
  }
  for (const { name, assertionResults } of report.testResults)
    for (const { status, fullName } of assertionResults)
      if (status === 'failed') return { how: 'red', test: `${name.slice(name.indexOf('/test/') + 6)} > ${fullName}` };
  // A file that cannot even be loaded proves nothing.
  const isWhole = report.numTotalTests > 0 && report.testResults.every((result) => result.assertionResults.length > 0);
  return { how: isWhole ? 'green' : 'broken', test: '' };
}
