import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../src/config.ts';
import { isProblem } from '../src/errors.ts';
import { type Log, silentLog } from '../src/log.ts';
import { start } from '../src/start.ts';

const FDS = '/proc/self/fd';
let folder = '';
let taken: Server;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-start-'));
  taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  await new Promise((done) => taken.close(done));
  rmSync(folder, { recursive: true });
});

/** Files of the folder that this process has open. */
function openFiles(): string[] {
  const links = readdirSync(FDS).map((fd) => {
    try {
      return readlinkSync(join(FDS, fd));
    } catch {
      return ''; // The one that reads the folder.
    }
  });
  return links.filter((path) => path.startsWith(folder)).sort();
}

function configOf(port: number, more: Readonly<Record<string, unknown>> = {}): Config {
  const file = join(folder, 'callweave.yaml');
  const files = { store: { path: 'store.sqlite' }, records: { path: 'calls.jsonl' }, journal: { path: 'journal.jsonl' } };
  writeFileSync(file, JSON.stringify({ listen: [`tcp:127.0.0.1:${port}`], auth: 'none', admin: 'off', ...files, ...more }));
  return loadConfig({ argv: ['--config', file], env: {}, cwd: folder }) as Config;
}

describe.runIf(existsSync(FDS))('what was opened at the start is closed again', () => {
  const portOf = (server: Server): number => (server.address() as { port: number }).port;

  it.each<[string, () => Config, RegExp]>([
    ['an address in use', () => configOf(portOf(taken)), /cannot listen on tcp:127\.0\.0\.1:\d+: the address is in use/],
    ['a trace that cannot be written', () => configOf(0, { trace: { path: 'no/trace.pcap' } }), /^trace\.path: /],
    ['a journal that cannot be written', () => configOf(0, { journal: { path: 'no/journal.jsonl' } }), /^journal\.path: /],
  ])('after %s', async (_name, config, why) => {
    const failed = await start(config(), silentLog);
    expect(isProblem(failed) && failed.problem).toMatch(why);
    expect(openFiles()).toEqual([]);
  });

  it('after an address of the door in use, which is no matter where nobody asked for it', async () => {
    const port = portOf(taken);
    const failed = await start(configOf(0, { admin: { listen: `http:127.0.0.1:${port}` } }), silentLog);
    expect(isProblem(failed) && failed.problem).toBe(
      `cannot listen on http:127.0.0.1:${port}: the address is in use; stop what uses the address, or set admin.listen to one that is free, or off`,
    );
    expect(openFiles()).toEqual([]);
    const config = configOf(0, { admin: {} });
    const warned: string[] = [];
    const log: Log = { ...silentLog, warn: (_, message) => void warned.push(message) };
    const preset = config.admin && { ...config.admin, port };
    const running = await start({ ...config, admin: preset }, log);
    if (isProblem(running)) throw new Error(running.problem);
    expect(running.door).toBeUndefined();
    expect(warned).toEqual(['no HTTP API and no live page; set admin.listen to an address that is free, or off']);
    await running.stop();
  });

  it('when it stops', async () => {
    const running = await start(configOf(0, { trace: { path: 'trace.pcap' } }), silentLog);
    if (isProblem(running)) throw new Error(running.problem);
    expect(openFiles().map((path) => path.slice(folder.length + 1))).toEqual(
      expect.arrayContaining(['calls.jsonl', 'journal.jsonl', 'store.sqlite', 'trace.pcap']),
    );
    await running.stop();
    expect(openFiles()).toEqual([]);
  });
});
