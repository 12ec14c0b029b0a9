import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isProblem } from '../../src/errors.ts';
import { soundFiles } from '../../src/files/sound-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-sound-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await new Promise((done) => setTimeout(done, 1));
};

describe('prompts and recordings on the disk', () => {
  it('are read up to a length, and what is missing is said', () => {
    writeFileSync(join(folder, 'a.wav'), 'abc');
    expect(soundFiles.read(join(folder, 'a.wav'), 3)).toEqual(Buffer.from('abc'));
    expect(soundFiles.read(join(folder, 'a.wav'), 2)).toEqual({
      problem: `${join(folder, 'a.wav')}: it has 3 bytes: at most 2 can be played`,
    });
    expect(soundFiles.read(join(folder, 'b.wav'), 2)).toEqual({ problem: `${join(folder, 'b.wav')}: there is no such file` });
    expect(soundFiles.read(folder, 1e9)).toMatchObject({ problem: expect.stringContaining('EISDIR') });
  });

  it('are written in order, the head last, for nobody else to read', async () => {
    const path = join(folder, 'r.wav');
    const file = soundFiles.create(path, ({ problem }) => expect(problem).toBe(''));
    if (isProblem(file)) throw new Error(file.problem);
    for (const chunk of ['HEAD', 'one', 'two', 'three']) file.write(Buffer.from(chunk));
    file.close(Buffer.from('head'));
    file.write(Buffer.from('late'));
    file.close(Buffer.from('LATE'));
    await until(() => readFileSync(path, 'latin1').startsWith('head'));
    expect(readFileSync(path, 'latin1')).toBe('headonetwothree');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // One that is there stays.
    expect(soundFiles.create(path, () => undefined)).toMatchObject({ problem: expect.stringContaining('EEXIST') });
  });

  it('tell once of what cannot be written', async () => {
    const problems: string[] = [];
    const file = soundFiles.create('/dev/full', ({ problem }) => problems.push(problem));
    // Most systems refuse to make it anew, which is told at once.
    if (isProblem(file)) expect(file.problem).toContain('/dev/full');
    const other = soundFiles.create(join(folder, 'r.wav'), ({ problem }) => problems.push(problem));
    if (isProblem(other)) throw new Error(other.problem);
    other.write(Buffer.alloc(9 * 1024 * 1024));
    other.write(Buffer.alloc(10));
    expect(problems).toEqual([`${join(folder, 'r.wav')}: the disk does not follow`]);
    other.close(Buffer.from('head'));
    await until(() => statSync(join(folder, 'r.wav')).size === 4);
  });
});
