import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isProblem } from '../../src/errors.ts';
import { BoundedLines } from '../../src/files/bounded-lines.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

let dir: string;
let path: string;
let problems: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'callweave-lines-'));
  path = join(dir, 'lines');
  problems = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

function open(maxBytes: number): BoundedLines {
  const timers = new TimerHeap(new VirtualTime(), () => undefined);
  const file = BoundedLines.open({ path, timers, maxBytes, report: ({ problem }) => problems.push(problem) });
  if (isProblem(file)) throw new Error(file.problem);
  return file;
}

it('leaves out what does not fit, says so once, and goes on after the file was moved away', () => {
  writeFileSync(path, 'old\n');
  const file = open(10);
  for (const line of ['1234\n', '5678\n', '90\n']) file.write(line);
  expect(problems).toEqual([`${path} has its 10 bytes`]);
  renameSync(path, `${path}.1`);
  file.reopen();
  file.write('5678\n');
  file.close();
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('old\n1234\n');
  expect(readFileSync(path, 'utf8')).toBe('5678\n');
  expect(problems).toHaveLength(1);
});

it('says in one line where it cannot be opened', () => {
  const timers = new TimerHeap(new VirtualTime(), () => undefined);
  const file = BoundedLines.open({ path: join(dir, 'no', 'file'), timers, maxBytes: 10, report: () => undefined });
  expect(file).toEqual({ problem: expect.stringMatching(/no\/file: ENOENT/) });
});
