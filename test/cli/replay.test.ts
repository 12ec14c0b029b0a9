import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replay } from '../../src/cli/replay.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const fixtures = fileURLToPath(new URL('../fixtures/scenarios', import.meta.url));
let folder = '';
let lines: readonly string[] = [];

/** The journals of two calls: one that is declined, one that is answered. */
function journals(): readonly string[] {
  const world = serviceWorld({ journals: true });
  const alice = world.phone('alice');
  const bob = world.phone('bob', { onInvite: { decline: 486 } });
  const carol = world.phone('carol', { onInvite: 'answer' });
  for (const phone of [alice, bob, carol]) phone.register();
  world.run(500);
  alice.call('bob');
  world.run(1_000);
  const call = alice.call('carol');
  world.run(2_000);
  call.bye();
  expectQuiet(world);
  return world.service.journals;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-replay-'));
  cpSync(fixtures, folder, { recursive: true });
  lines = journals();
  const [first = '', second = ''] = lines;
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('good.jsonl', `${first}\n${second}`);
  write('other.jsonl', `${first.replace('"reason":"Busy Here"', '"reason":"Engaged"')}${second}`);
  write('late.jsonl', `${first}${second.replace('"version":1', '"version":2')}`);
  write('torn.jsonl', `${first}${second.slice(0, 500)}`);
  write('empty.jsonl', '');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  const [said, complained]: [string[], string[]] = [[], []];
  const code = await replay.run({
    args,
    env: {},
    cwd: folder,
    say: (line) => void said.push(line),
    complain: (line) => void complained.push(line),
  });
  return { code, said, complained };
}

describe('callweave replay', () => {
  it('says of each journal that it is the same', async () => {
    const { code, said, complained } = await run('good.jsonl');
    expect({ code, complained }).toEqual({ code: 0, complained: [] });
    expect(said).toEqual([expect.stringMatching(/^call:1: same \(\d+ entries\)$/), expect.stringMatching(/^call:2: same/)]);
  });

  it('plays one call, and draws it', async () => {
    const { code, said } = await run('good.jsonl', '--call', 'call:2', '--ladder');
    expect(code).toBe(0);
    expect(said[0]).toMatch(/^call:2: same/);
    expect(said[1]).toContain('leg:2/1');
  });

  it('says where one differs, and draws how it came to that', async () => {
    const { code, said } = await run('other.jsonl');
    expect(code).toBe(1);
    expect(said[0]).toMatch(/^call:1: different after \d+ entries$/);
    expect(said.join('\n')).toContain('differs   reason: "Busy Here" → "Engaged"');
    expect(said.join('\n')).toContain('failure.received');
    expect(said.at(-1)).toMatch(/^call:2: same/);
  });

  it.each([
    ['late.jsonl', 'late.jsonl:2: it is of version 2; this callweave plays version 1'],
    ['torn.jsonl', /^torn\.jsonl:2: it is no JSON: /],
  ])('names the line of %s that it cannot play, and plays the others', async (file, why) => {
    const { code, said, complained } = await run(file);
    expect({ code, complained }).toEqual({ code: 78, complained: [typeof why === 'string' ? why : expect.stringMatching(why)] });
    expect(said).toEqual([expect.stringMatching(/^call:1: same/)]);
  });

  it.each([
    [[], /^name one file of journals; write callweave replay FILE/],
    [['good.jsonl', 'more.jsonl'], /^name one file of journals; /],
    [['good.jsonl', '--colour'], /--colour/],
    [['not-there.jsonl'], /^not-there\.jsonl: ENOENT/],
    [['.'], /EISDIR/],
    [['empty.jsonl'], /^empty\.jsonl has no journals$/],
    [['good.jsonl', '--call', 'call:7'], /^good\.jsonl has no journal of call:7; /],
    [['good.jsonl', '--config', 'not-there.yaml'], /not-there\.yaml/],
    [['good.jsonl', '--scenario', './not-there.ts'], /^replay: scenario 1: \.\/not-there\.ts: there is no file /],
  ])('answers %j in one line', async (args, why) => {
    const { code, said, complained } = await run(...args);
    expect({ code, said }).toEqual({ code: 78, said: [] });
    expect(complained).toEqual([expect.stringMatching(why)]);
  });

  it('takes users’ scenarios from their files', async () => {
    const child = spawn(process.execPath, [main, 'replay', 'good.jsonl', '--scenario', './missed.ts'], { cwd: folder, env: {} });
    let out = '';
    child.stdout.on('data', (bytes) => {
      out += bytes;
    });
    const [code] = await once(child, 'close');
    // This service ran none, so that the case which is born now is a difference.
    expect(code).toBe(1);
    expect(out).toMatch(/^call:1: different after \d+ entries\n/);
    expect(out).toMatch(/born: nothing → \[\{"scenario":"[^"]+","address":"[^"]+:replay-1"\}\]/);
  }, 60_000);
});
