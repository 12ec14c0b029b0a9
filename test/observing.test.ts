import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../src/config.ts';
import { isProblem } from '../src/errors.ts';
import { type Log, silentLog } from '../src/log.ts';
import { type Running, start } from '../src/start.ts';
import { readHep } from './support/hep.ts';
import { readPcap } from './support/pcap.ts';

let folder = '';
let running: Running | undefined;
const lines: string[] = [];
const heard = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
const log: Log = { ...silentLog, debug: heard, info: heard, warn: heard, error: heard, enabled: () => true };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callweave-observing-'));
  lines.length = 0;
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(folder, { recursive: true });
});

/** The service with a config like that; a socket that asks it. */
async function serve(more: object) {
  const file = join(folder, 'callweave.yaml');
  writeFileSync(
    file,
    JSON.stringify({ listen: ['udp:127.0.0.1:0'], auth: 'none', store: { path: ':memory:' }, admin: 'off', ...more }),
  );
  const config = loadConfig({ argv: ['--config', file], env: {}, cwd: folder }) as Config;
  const started = await start(config, log);
  if (isProblem(started)) return started;
  running = started;
  return started;
}
async function asks(service: Running, n: number): Promise<void> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const head = [
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKa${n};rport`,
    'Max-Forwards: 9',
    'From: <sip:a@b>;tag=1',
    'To: <sip:127.0.0.1>',
  ];
  const uri = 'sip:127.0.0.1;pn-prid=very-secret';
  socket.send(
    [`OPTIONS ${uri} SIP/2.0`, ...head, `Call-ID: ask-${n}`, 'CSeq: 1 OPTIONS', '', ''].join('\r\n'),
    service.listening[0]?.local.port ?? 0,
    '127.0.0.1',
  );
  await once(socket, 'message');
  socket.close();
}

describe('the service, watched as its config says', () => {
  it('sends each message to the HEP collector', async () => {
    const collector = createSocket('udp4').bind(0, '127.0.0.1');
    await once(collector, 'listening');
    const datagrams: Buffer[] = [];
    collector.on('message', (bytes) => {
      datagrams.push(bytes);
    });
    const service = await serve({ hep: { address: `127.0.0.1:${collector.address().port}`, captureId: 5, password: 'key' } });
    if (isProblem(service)) throw new Error(service.problem);
    await asks(service, 1);
    await expect.poll(() => datagrams.length, { timeout: 10_000 }).toBe(2);
    collector.close();
    const [asked, answered] = datagrams.map(readHep);
    expect(asked?.get(15)?.toString()).toMatch(/^OPTIONS sip:127\.0\.0\.1;pn-prid=x+ SIP/);
    expect(answered?.get(15)?.toString()).toMatch(/^SIP\/2\.0 200/);
    expect(asked?.get(7)).toEqual(answered?.get(8));
    expect(answered?.get(17)?.toString()).toBe('ask-1');
  });

  it('goes on though no collector is there', async () => {
    const service = await serve({ hep: { address: '127.0.0.1:9' } });
    if (isProblem(service)) throw new Error(service.problem);
    for (const n of [1, 2, 3]) await asks(service, n);
  });

  it('begins and ends its trace on demand, and keeps the file before', async () => {
    const path = join(folder, 'trace.pcap');
    const service = await serve({ trace: { path, atStart: false } });
    if (isProblem(service)) throw new Error(service.problem);
    await asks(service, 1);
    expect(existsSync(path)).toBe(false);
    service.toggleTrace();
    await asks(service, 2);
    service.toggleTrace();
    await asks(service, 3);
    service.toggleTrace();
    await asks(service, 4);
    await service.stop();
    const callIds = (file: string) => readPcap(readFileSync(file)).map(({ text }) => /ask-\d/.exec(text)?.[0]);
    expect(callIds(`${path}.1`)).toEqual(['ask-2', 'ask-2']);
    expect(callIds(path)).toEqual(['ask-4', 'ask-4']);
  });

  it('says that there is no trace to begin', async () => {
    const service = await serve({});
    if (isProblem(service)) throw new Error(service.problem);
    service.toggleTrace();
    expect(lines).toContain('no trace: the config has no trace.path {}');
  });

  it.each(['trace', 'records'])('does not start with a %s file that cannot be, and says why in one line', async (key) => {
    expect(await serve({ [key]: { path: join(folder, 'nowhere', 'file') } })).toEqual({
      problem: expect.stringMatching(
        new RegExp(`^${key}\\.path: .*ENOENT.*; set ${key}\\.path to a file in a folder that is there$`),
      ),
    });
  });

  it('logs each message at debug, without secrets', async () => {
    const service = await serve({});
    if (isProblem(service)) throw new Error(service.problem);
    await asks(service, 1);
    const messages = lines.filter((line) => /^(received|sent) /.test(line));
    expect(messages).toEqual([
      expect.stringMatching(/^received .*OPTIONS sip:127\.0\.0\.1;pn-prid=x+ SIP\/2\.0","callId":"ask-1","flow":"udp\/127/),
      expect.stringMatching(/^sent .*SIP\/2\.0 200 OK","callId":"ask-1"/),
    ]);
    expect(lines.join()).not.toContain('very-secret');
  });
});
