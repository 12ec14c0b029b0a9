import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { check } from '../../src/cli/check.ts';

/** By Node itself, in a folder outside of any package: vitest loads users' files in its own way. */
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const fixtures = fileURLToPath(new URL('../fixtures/scenarios', import.meta.url));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-check-'));
  cpSync(fixtures, folder, { recursive: true });
  writeFileSync(
    join(folder, 'deaf.ts'),
    `import { defineScenario, facts } from 'callweave';
import { setup } from 'xstate';
const machine = setup({}).createMachine({
  id: 'deaf',
  initial: 'waiting',
  states: { waiting: { after: { 1000: 'over' } }, over: { type: 'final' } },
});
export default defineScenario({
  name: 'deaf',
  startsOn: [facts.callOffered.where({})],
  listensTo: () => [facts.callFailed.where({})],
  machine: machine as never,
});
`,
  );
  writeFileSync(join(folder, 'callweave.yaml'), 'scenarios: [{ use: ./missed.ts, settings: { againWithinSeconds: 5 } }]\n');
  writeFileSync(join(folder, 'empty.yaml'), 'domains: [example.com]\n');
  writeFileSync(join(folder, 'wrong.yaml'), 'scenarios: [./not-there.ts]\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
async function spawned(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'check', ...args], { cwd: folder, env: {} });
  let [out, err] = ['', ''];
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    err += bytes;
  });
  const [code] = await once(child, 'close');
  return { code: Number(code), out, err };
}
/** In this process, where no file of a user's is loaded. */
async function run(...args: string[]): Promise<Ended> {
  let [out, err] = ['', ''];
  const say = (line: string) => {
    out += `${line}\n`;
  };
  const complain = (line: string) => {
    err += `${line}\n`;
  };
  return { code: await check.run({ args, env: {}, cwd: folder, say, complain }), out, err };
}

it('tells one line for each finding in a config and in other files, in words and as JSON', async () => {
  const [words, json, drawn] = await Promise.all([
    spawned('deaf.ts'),
    spawned('--config', 'callweave.yaml', './missed.ts', '--json'),
    spawned('--config', 'empty.yaml', 'deaf.ts', '--diagram'),
  ]);
  expect(words).toEqual({
    code: 78,
    out: [
      'missed: 2 states, 1 fact heard, 0 findings',
      'deaf: each of its cases hears every call.failed of the service; name an attribute exactly, such as the call or the aor [warning, interests]',
      `deaf, state "waiting": it hears call.failed and has no transition for it; write 'call.failed': {} if it means nothing there [heard]`,
      'deaf: 2 states, 1 fact heard, 2 findings, 1 warning among them',
      '',
    ].join('\n'),
    err: '',
  });
  expect(json).toMatchObject({ code: 0, err: '' });
  const one = { scenario: 'missed', states: 2, heard: 1, isWhole: true, findings: [] };
  expect(JSON.parse(json.out)).toMatchObject({ ok: true, problems: [], scenarios: [one] });
  // What is drawn can be piped into a file.
  expect(drawn).toEqual({
    code: 78,
    out: [
      '%% deaf',
      'stateDiagram-v2',
      '  [*] --> waiting',
      '  state "waiting" as waiting',
      '  state "over" as over',
      '  over --> [*]',
      '  waiting --> over : after 1 s',
      '\n',
    ].join('\n'),
    err: expect.stringMatching(/\[heard\]\n$/),
  });
}, 60_000);

it('says in one line each what cannot be loaded, and what an argument should be', async () => {
  const lost = await run('--config', 'wrong.yaml');
  expect(lost).toMatchObject({ code: 78, out: '' });
  expect(lost.err).toMatch(/^wrong\.yaml:1: scenarios\[0\]: \.\/not-there\.ts: there is no file .*\n$/);
  const json = await run('--config', 'empty.yaml', './nor-this.ts', '--json');
  expect(json).toMatchObject({ code: 78, err: '' });
  expect(JSON.parse(json.out)).toMatchObject({
    ok: false,
    problems: [expect.stringMatching(/^check: file 1: \.\/nor-this\.ts: there is no file/)],
  });
  const argument = await run('--fast');
  expect(argument).toMatchObject({ code: 78, out: '' });
  expect(argument.err).toMatch(
    /^Unknown option '--fast'.*; write callweave check \[--config FILE\] \[--json\] \[--diagram\] \[FILE …\]\n$/,
  );
  const inOrder = { code: 0, out: 'the config is in order and names no scenarios\n', err: '' };
  expect(await run('--config', 'empty.yaml')).toEqual(inOrder);
  expect(await run('empty.yaml')).toEqual(inOrder);
  expect((await run('empty.yaml', '--config', 'wrong.yaml')).err).toMatch(/^name one config; write callweave check/);
});
