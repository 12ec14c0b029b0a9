import { afterEach, expect, it, vi } from 'vitest';
import { type Config, loadConfig } from '../src/config.ts';
import { isProblem } from '../src/errors.ts';
import { type Log, silentLog } from '../src/log.ts';
import { type Running, start } from '../src/start.ts';
import { SocketFuzz } from './support/socket-fuzz.ts';
import { SocketPeer } from './support/socket-peer.ts';

/** Seconds of the storm; `FUZZ_SECONDS=600 SEED=7` for more of it by hand. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 1.5);
const SEED = Number(process.env.SEED ?? 1);

let service: Running | undefined;
afterEach(() => service?.stop());

async function running(errors: string[]): Promise<Running> {
  const env = {
    CALLWEAVE_LISTEN: 'tcp:127.0.0.1:0,udp:127.0.0.1:0,ws:127.0.0.1:0',
    CALLWEAVE_DB: ':memory:',
    CALLWEAVE_ADMIN: 'off',
  };
  const preset = loadConfig({ argv: [], env, cwd: '/' }) as Config;
  const log: Log = { ...silentLog, error: (fields, message) => void errors.push(`${message} ${JSON.stringify(fields)}`) };
  // From 127.0.0.0/8 nobody is limited or banned.
  const made = await start({ ...preset, domains: ['example.com'] }, log);
  if (isProblem(made)) throw new Error(made.problem);
  return made;
}

const options = (serial: number, transport: string): string =>
  `OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/${transport} 127.0.0.1;branch=z9hG4bKafter${serial};rport\r\nMax-Forwards: 70\r\nFrom: <sip:x@elsewhere.org>;tag=1\r\nTo: <sip:example.com>\r\nCall-ID: after${serial}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;

it('messages that are nearly SIP, over UDP, TCP and WebSocket, break nothing and leave nothing', {
  timeout: SECONDS * 1000 + 60_000,
}, async () => {
  const errors: string[] = [];
  service = await running(errors);
  const portOf = (name: string) => service?.listening.find(({ transport }) => transport === name)?.local.port ?? 0;
  const [udp, tcp] = [portOf('udp'), portOf('tcp')];
  const fuzz = new SocketFuzz(SEED, { udp, tcp, ws: portOf('ws') });
  await fuzz.run(SECONDS * 1000);
  expect(fuzz.sent).toBeGreaterThan(SECONDS * 200);
  expect(fuzz.heard).toBeGreaterThan(fuzz.sent / 100);
  const peers = [await SocketPeer.udp({ host: '127.0.0.1', port: udp }), await SocketPeer.tcp({ host: '127.0.0.1', port: tcp })];
  for (const [i, peer] of peers.entries()) {
    await peer.send(options(i, i === 0 ? 'UDP' : 'TCP'));
    expect(await peer.hears('SIP/2.0 200')).toContain(`Call-ID: after${i}`);
    peer.end();
  }
  const { engine, openLegs, kept } = service.service;
  await vi.waitFor(
    () => expect({ backlog: engine.backlog, openLegs, kept }).toEqual({ backlog: 0, openLegs: 0, kept: 0 }),
    10_000,
  );
  expect(engine.countActors('call') + engine.countActors('leg')).toBe(0);
  expect(errors).toEqual([]);
});
