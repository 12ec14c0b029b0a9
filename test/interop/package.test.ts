import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from './support/child.ts';

/**
 * The package as it would be published: packed from a copy of the repository, installed in a folder of its own. npm fetches what
 * it depends on; a laptop without a registry in reach skips this and says so, CI fails.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const INSTALL_LIMIT_MS = 240_000;
const LIMIT_MS = 60_000;

const npm = (args: readonly string[], cwd: string) =>
  spawnSync('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd,
    encoding: 'utf8',
    timeout: INSTALL_LIMIT_MS,
  });
const isInReach = npm(['view', 'xstate@5.33.3', 'version', '--fetch-retries=0'], tmpdir()).status === 0;
const isSkipped = !isInReach && process.env.CI === undefined;

describe.skipIf(isSkipped)(`the packed package${isSkipped ? ' [skipped: npm reaches no registry from here]' : ''}`, () => {
  let folder = '';
  let copy = '';
  const children: Child[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'callweave-package-'));
    copy = join(folder, 'repository');
    const left = ['node_modules', 'dist', '.git'].map((name) => join(root, name));
    cpSync(root, copy, { recursive: true, filter: (path) => !left.includes(path) && !path.startsWith(join(root, 'test') + sep) });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const packed = npm(['pack', '--pack-destination', folder], copy);
    expect(packed.status, packed.stderr).toBe(0);
    const user = join(folder, 'user');
    cpSync(join(root, 'test/fixtures/scenarios'), user, { recursive: true });
    writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }');
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules/fast-check/package.json'), 'utf8'));
    const installed = npm(['install', join(folder, 'callweave-0.1.0.tgz'), `fast-check@${version}`], user);
    expect(installed.status, installed.stderr).toBe(0);
    folder = user;
  }, INSTALL_LIMIT_MS * 2);

  afterAll(async () => {
    for (const child of children) await child.stop('SIGKILL');
    if (folder !== '') rmSync(join(folder, '..'), { recursive: true });
  });

  const run = (program: string, ...args: string[]): Child => {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CALLWEAVE_'));
    const child = new Child(program, args, folder, Object.fromEntries(inherited));
    children.push(child);
    return child;
  };
  const ending = async (child: Child, code = 0): Promise<string> => {
    expect([await child.ended, child.said]).toEqual([code, expect.anything()]);
    return child.said;
  };
  const callweave = () => join(folder, 'node_modules/.bin/callweave');

  it('leaves the package.json of the repository as it was, and asks for nothing that cannot be had', () => {
    expect(readFileSync(join(copy, 'package.json'), 'utf8')).toBe(readFileSync(join(root, 'package.json'), 'utf8'));
    const published = JSON.parse(readFileSync(join(folder, 'node_modules/callweave/package.json'), 'utf8'));
    expect(published).not.toHaveProperty('optionalDependencies');
    expect(published).not.toHaveProperty('scripts');
    const listed = npm(['ls', '--all'], folder);
    expect([listed.status, listed.stdout]).toEqual([0, expect.not.stringContaining('invalid')]);
    expect(listed.stdout.match(/ws@\d+/g)?.filter((ws) => ws !== 'ws@8')).toEqual([]);
  });

  it('brings the live page along, built', () => {
    const page = join(folder, 'node_modules/callweave/dist/page');
    const named = [...readFileSync(join(page, 'index.html'), 'utf8').matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(
      ([, path]) => path,
    );
    expect(named).toHaveLength(4);
    expect(named.filter((path) => !existsSync(join(page, path ?? '')))).toEqual([]);
  });

  it('opens every door to Node, and to the compiler', async () => {
    expect(await ending(run(process.execPath, 'doors.ts'))).toBe('function function call push-notification, every chart\n');
    const compilerOptions = {
      ...{ target: 'es2024', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, types: ['node'] },
      ...{
        exactOptionalPropertyTypes: true,
        erasableSyntaxOnly: true,
        verbatimModuleSyntax: true,
        allowImportingTsExtensions: true,
      },
      typeRoots: [join(root, 'node_modules/@types')],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    expect(await ending(run(process.execPath, tsc, '-p', '.'))).toBe('');
    writeFileSync(join(folder, 'wrong.ts'), "import { callEnded } from 'callweave';\ncallEnded.where({ color: 'red' });\n");
    expect(await ending(run(process.execPath, tsc, '-p', '.'), 1)).toMatch(/^wrong\.ts\(2,19\): error/);
    rmSync(join(folder, 'wrong.ts'));
  });

  it('attacks a scenario with the test kit', async () => {
    expect(await ending(run(process.execPath, 'attack.ts'))).toBe('withstood 10 histories\n');
  });

  it('runs as a program: help, check, and one line for what is wrong', async () => {
    expect(await ending(run(callweave(), '--help'))).toMatch(/ {2}callweave --config FILE /);
    expect(await ending(run(callweave(), 'check', 'talk-limit.ts'))).toContain('talk-limit: 2 states');
    writeFileSync(join(folder, 'wrong.yaml'), 'scenarios: [./nowhere.ts]\n');
    expect(await ending(run(callweave(), '--config', 'wrong.yaml'), 78)).toMatch(
      /^callweave: wrong\.yaml:1: scenarios\[0\]: \.\/nowhere\.ts: there is no file [^\n]*\n$/,
    );
  });

  it('serves real phones, with a scenario of TypeScript that lies beside its config', async () => {
    writeFileSync(
      join(folder, 'callweave.yaml'),
      `listen: [udp:127.0.0.1:0]
auth: none
admin: off
store: { path: ":memory:" }
scenarios:
  - ./talk-limit.ts
  - { use: ./also-ring.ts, maxCases: 5, settings: { also: "sip:carol@127.0.0.1", afterSeconds: 0.3 } }
`,
    );
    const service = run(callweave());
    await service.says(/scenario also-ring from \.\/also-ring\.ts, at most 5 cases/, LIMIT_MS);
    const [, port = ''] = /listening on udp 127\.0\.0\.1:(\d+)/.exec(service.said) ?? [];
    expect(await ending(run(process.execPath, 'phones.ts', port))).toBe(
      `alice registers: 200
bob registers: 200
carol registers: 200
answered by carol: answered, at bob's it rang: 1
over, complaints: none
`,
    );
    await service.stop();
    expect(await service.ended).toBe(0);
  });
});
