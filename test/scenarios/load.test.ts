import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * Files of users lie in a folder outside of any package and are loaded by Node itself, since vitest loads them in its
 * own way: one process for all cases.
 */

const loadAll = fileURLToPath(new URL('load-all.ts', import.meta.url));
const fixtures = fileURLToPath(new URL('../fixtures/scenarios', import.meta.url));

const scenario = (name: string, more = '') => `
import { defineScenario, facts } from 'callweave';
import { setup } from 'xstate';
${more}
const machine = setup({}).createMachine({ id: 'one', initial: 'over', states: { over: { type: 'final' } } });
export default defineScenario({ name: '${name}', startsOn: [facts.callOffered.where({})], listensTo: () => [], machine });
`;

interface Case {
  /** Files beside the config. */
  readonly files: Readonly<Record<string, string>>;
  /** The list of the config. */
  readonly scenarios: string;
  readonly said: readonly (string | RegExp)[];
}

const cases: Record<string, Case> = {
  'a file of TypeScript, outside of any package': {
    files: {},
    scenarios: '[./missed.ts]',
    said: ['scenario missed from ./missed.ts, at most 10000 cases at a time', 'fact call.missed'],
  },
};

let folder = '';
const said = new Map<string, readonly string[]>();
let complained = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-scenarios-'));
  cpSync(fixtures, folder, { recursive: true });
  const files: string[] = [];
  for (const [n, { files: written, scenarios }] of Object.values(cases).entries()) {
    for (const [name, text] of Object.entries(written)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    writeFileSync(join(folder, `${n}.yaml`), `scenarios: ${scenarios}\n`);
    files.push(`${n}.yaml`);
  }
  const child = spawn(process.execPath, [loadAll, ...files], { cwd: folder });
  let out = '';
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    complained += bytes;
  });
  await once(child, 'close');
  const lines = out.trimEnd().split('\n');
  for (const [n, name] of Object.keys(cases).entries()) said.set(name, JSON.parse(lines[n] ?? '[]'));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('scenarios that the config names', () => {
  it.each(Object.entries(cases))('%s', (name, { said: expected }) => {
    expect(said.get(name)).toEqual(expected.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))));
  });

  it('are loaded without a word of Node’s own', () => expect(complained).toBe(''));
});

void scenario;
