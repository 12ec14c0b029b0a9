import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/clock.ts';
import { isProblem } from '../../src/errors.ts';
import { AppendFile, type AppendFileParts } from '../../src/files/append-file.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-append-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const problems: string[] = [];
const timers = new TimerHeap(new SystemClock(), (error) => {
  throw error;
});
function open(name: string, more: Partial<AppendFileParts> = {}): AppendFile {
  problems.length = 0;
  const file = AppendFile.open({
    path: name.startsWith('/') ? name : join(folder, name),
    timers,
    report: ({ problem }) => problems.push(problem),
    ...more,
  });
  if (isProblem(file)) throw new Error(file.problem);
  return file;
}
const closed = (file: AppendFile) => new Promise<void>((done) => file.close(done));
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('a file that only grows', () => {
  it('has every entry in order once it is closed, and goes on after a restart', async () => {
    for (const half of [0, 1]) {
      const file = open('calls');
      for (let n = 0; n < 500; n++) {
        file.write(`${half * 500 + n}\n`);
        if (n % 100 === 0) await new Promise((later) => setTimeout(later, 30));
      }
      await closed(file);
    }
    expect(read('calls').trimEnd().split('\n').map(Number)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    expect(problems).toEqual([]);
  });

  it('writes to a new file after the old one was moved away, and loses nothing', async () => {
    const file = open('calls');
    file.write('1\n');
    renameSync(join(folder, 'calls'), join(folder, 'calls.1'));
    file.write('2\n');
    expect(existsSync(join(folder, 'calls'))).toBe(false);
    file.reopen();
    file.write('3\n');
    await closed(file);
    expect(read('calls.1')).toBe('1\n2\n');
    expect(read('calls')).toBe('3\n');
  });

  it('reports a full disk once, however many writes it breaks, and goes on', async () => {
    const file = open('/dev/full');
    for (let n = 0; n < 5; n++) {
      file.write('x\n');
      await new Promise((later) => setTimeout(later, 250));
    }
    await closed(file);
    expect(problems).toEqual([expect.stringMatching(/^\/dev\/full: ENOSPC/)]);
  });

  it('holds no more than its bound for a disk that does not follow', async () => {
    const file = open('calls', { maxQueuedBytes: 10 });
    for (let n = 0; n < 100; n++) file.write('123\n');
    expect(file.lost).toBe(98);
    await closed(file);
    expect(read('calls')).toBe('123\n123\n');
    expect(problems).toHaveLength(1);
  });

  it('says in one line why it cannot be opened', () => {
    const file = AppendFile.open({ path: join(folder, 'nowhere', 'calls'), timers, report: () => undefined });
    expect(file).toEqual({ problem: expect.stringMatching(/nowhere\/calls: ENOENT/) });
  });
});
