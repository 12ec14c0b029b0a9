import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child } from './interop/support/child.ts';

const LIMIT_MS = 50_000;
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let folder = '';
const children: Child[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-main-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await child.stop('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Runs the program in an empty folder, with none of the environment's own settings. */
function run(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Child {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CALLWEAVE_'));
  const child = new Child(process.execPath, [main, ...args], folder, {
    ...Object.fromEntries(inherited),
    CALLWEAVE_ADMIN: 'off',
    ...env,
  });
  children.push(child);
  return child;
}
const config = (yaml: string): string[] => {
  writeFileSync(join(folder, 'callweave.yaml'), yaml);
  return ['--config', 'callweave.yaml'];
};
const linesOf = (child: Child): string[] => child.said.trimEnd().split('\n');
const ANY_PORT = { CALLWEAVE_LISTEN: 'udp:127.0.0.1:0,tcp:127.0.0.1:0', CALLWEAVE_DB: ':memory:' };

describe('node src/main.ts', () => {
  it('says where it listens and what to try next, and ends with 0 on SIGTERM', async () => {
    const child = run([], ANY_PORT);
    await child.says(/npm run demo/, LIMIT_MS);
    const lines = linesOf(child);
    expect(lines[0]).toMatch(/^callweave listening on udp 127\.0\.0\.1:[1-9]\d*$/);
    expect(lines[1]).toMatch(/^callweave listening on tcp 127\.0\.0\.1:[1-9]\d*$/);
    const server = lines[0]?.split(' ').at(-1);
    expect(lines[2]).toBe(
      `demo users: alice (password alice-demo), bob (password bob-demo), carol (password carol-demo); register two phones at ${server} and call sip:bob@${server}; a third one takes the ringing call by *8`,
    );
    expect(lines).toHaveLength(4);
    await child.stop('SIGTERM');
    expect(await child.ended).toBe(0);
  });

  it('ends with 0 on SIGINT, and shows no demo users with a config of its own', async () => {
    const child = run(
      config('listen: [udp:127.0.0.1:0]\nusers: { dora: { password: very-secret } }\nstore: { path: ":memory:" }\n'),
    );
    await child.says(/listening on udp/, LIMIT_MS);
    await child.stop('SIGINT');
    expect(await child.ended).toBe(0);
    expect(child.said).not.toContain('very-secret');
    expect(child.said).not.toContain('demo');
  });

  it('says with --ping whether the service of that config answers', async () => {
    const { port } = await new Promise<{ port: number }>((found) => {
      const probe = createSocket('udp4').bind(0, '127.0.0.1', () => {
        const address = probe.address();
        probe.close(() => found(address));
      });
    });
    for (const transport of ['udp', 'tcp']) {
      const env = { ...ANY_PORT, CALLWEAVE_LISTEN: `${transport}:127.0.0.1:${port}` };
      expect(await run(['--ping'], env).ended).toBe(69);
      const service = run([], env);
      await service.says(/listening/, LIMIT_MS);
      expect(await run(['--ping'], env).ended).toBe(0);
      await service.stop('SIGKILL');
    }
  }, 120_000);

  it('tells how it is used with --help, and starts nothing', async () => {
    const child = run(['--help']);
    expect(await child.ended).toBe(0);
    expect(child.said).toContain('npm run demo');
    expect(child.said).toContain('--config FILE');
    expect(child.said).not.toContain('listening');
  });

  it.each<[string, string, RegExp]>([
    ['an unknown key', 'calls: { ringLimit: 5 }', /^callweave: .*calls.*ringLimit/],
    ['an open door', 'listen: [udp:0.0.0.0:0]', /^callweave: .*listen.*not loopback/],
  ])('ends with 78 and one line that names the key and the fix: %s', async (_name, yaml, line) => {
    const child = run(config(yaml));
    expect(await child.ended).toBe(78);
    expect(linesOf(child)).toEqual([expect.stringMatching(line)]);
  });

  it('loads the scenarios that the config names, and ends with 78 and one line for each that it cannot', async () => {
    const yaml = (use: string) => `listen: [udp:127.0.0.1:0]\nauth: none\nstore: { path: ":memory:" }\nscenarios: [${use}]\n`;
    const scenario = fileURLToPath(new URL('fixtures/scenarios/talk-limit.ts', import.meta.url));
    const child = run(config(yaml(scenario)));
    await child.says(/^scenario talk-limit from .*talk-limit\.ts, at most 10000 cases at a time$/m, LIMIT_MS);
    await child.stop('SIGTERM');
    expect(await child.ended).toBe(0);
    writeFileSync(join(folder, 'throws.ts'), 'throw new Error("not today");');
    const broken = run(config(yaml('./throws.ts, nonesuch')));
    expect(await broken.ended).toBe(78);
    expect(linesOf(broken)).toEqual([
      expect.stringMatching(/^callweave: callweave\.yaml:4: scenarios\[0\]: \.\/throws\.ts:1: it throws "Error: not today"/),
      expect.stringMatching(/^callweave: callweave\.yaml:4: scenarios\[1\]: there is no built-in example "nonesuch"/),
    ]);
  });

  it('ends with 78 when the config file is not there', async () => {
    const child = run(['--config', 'nowhere.yaml']);
    expect(await child.ended).toBe(78);
    expect(linesOf(child)).toEqual([expect.stringMatching(/^callweave: .*nowhere\.yaml/)]);
  });

  it('ends with one readable line when its port is in use', async () => {
    const other = createSocket('udp4').bind(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    const child = run([], { ...ANY_PORT, CALLWEAVE_LISTEN: `udp:127.0.0.1:${port}` });
    const code = await child.ended;
    other.close();
    expect(code).toBe(69);
    expect(linesOf(child)).toEqual([
      expect.stringMatching(new RegExp(`^callweave: cannot listen on .*127\\.0\\.0\\.1:${port}.*in use.*; `)),
    ]);
  });

  it('ends with one readable line when its store belongs to a process that runs', async () => {
    const env = { ...ANY_PORT, CALLWEAVE_DB: join(folder, 'bindings.sqlite') };
    const first = run([], env);
    await first.says(/listening/, LIMIT_MS);
    const second = run([], env);
    expect(await second.ended).toBe(69);
    expect(linesOf(second)).toEqual([expect.stringMatching(/^callweave: store .*bindings\.sqlite: in use by another process; /)]);
  });
});

describe('signals', () => {
  const CALL = ['udp:127.0.0.1:0'];
  /** A call that rings for ever, from a socket of the test. */
  async function ringing(child: Child) {
    await child.says(/listening on udp/, LIMIT_MS);
    const port = Number(/udp 127\.0\.0\.1:(\d+)/.exec(child.said)?.[1]);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const own = socket.address().port;
    const heard: string[] = [];
    socket.on('message', (bytes) => {
      heard.push(bytes.toString('latin1'));
    });
    const send = (method: string, user: string, more: readonly string[]) =>
      socket.send(
        [
          `${method} sip:${user}127.0.0.1 SIP/2.0`,
          `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${method}${heard.length};rport`,
          'Max-Forwards: 70',
          'From: <sip:dora@127.0.0.1>;tag=1',
          `To: <sip:dora@127.0.0.1>`,
          `Call-ID: ${method}`,
          `CSeq: 1 ${method}`,
          `Contact: <sip:dora@127.0.0.1:${own}>`,
          ...more,
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
        port,
        '127.0.0.1',
      );
    const hears = (start: string) =>
      expect.poll(() => heard.some((text) => text.startsWith(start)), { timeout: LIMIT_MS }).toBe(true);
    send('REGISTER', '', ['Expires: 600']);
    await hears('SIP/2.0 200');
    send('INVITE', 'dora@', []);
    await hears('INVITE');
    return { socket, hears };
  }
  const yaml = (limitSeconds: number) =>
    config(
      `listen: ${JSON.stringify(CALL)}\nauth: none\nstore: { path: ":memory:" }\nrecords: { path: calls.jsonl }\ndrain: { limitSeconds: ${limitSeconds} }\n`,
    );

  it('SIGTERM waits for calls as long as it may, ends them, answers the caller and leaves a record', async () => {
    const child = run(yaml(1));
    const { socket, hears } = await ringing(child);
    process.kill(child.pid, 'SIGTERM');
    await child.says(/draining/, LIMIT_MS);
    await hears('SIP/2.0 503');
    expect(await child.ended).toBe(0);
    socket.close();
    const [line, end] = readFileSync(join(folder, 'calls.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({ v: 1, outcome: 'failed', status: 503, leg: { callId: 'INVITE' } });
    expect(end).toBe('');
  });

  it('a second signal ends it at once', async () => {
    const child = run(yaml(3600));
    const { socket } = await ringing(child);
    process.kill(child.pid, 'SIGTERM');
    await child.says(/draining/, LIMIT_MS);
    process.kill(child.pid, 'SIGTERM');
    expect(await child.ended).toBe(0);
    expect(child.said).toContain('stopping at once');
    socket.close();
  });

  it('SIGHUP goes on in a new file of records after the old one was moved', async () => {
    const child = run(yaml(0));
    await child.says(/listening on udp/, LIMIT_MS);
    renameSync(join(folder, 'calls.jsonl'), join(folder, 'calls.1'));
    process.kill(child.pid, 'SIGHUP');
    await expect.poll(() => existsSync(join(folder, 'calls.jsonl')), { timeout: LIMIT_MS }).toBe(true);
  });
});
