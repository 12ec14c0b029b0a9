import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../src/config.ts';
import { isProblem, problem } from '../src/errors.ts';
import { type Log, silentLog } from '../src/log.ts';
import { type BindingStore, openBindingStore } from '../src/ports/store/binding-store.ts';
import { type Running, start } from '../src/start.ts';
import { serviceWorld } from '../src/testing/service-world.ts';

const LIMIT_MS = 5000;
const OPTIONS = (n: number, length = '0') =>
  [
    'OPTIONS sip:127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKo${n};rport`,
    'Max-Forwards: 70',
    'From: <sip:stranger@elsewhere.org>;tag=1',
    'To: <sip:127.0.0.1>',
    `Call-ID: o${n}`,
    'CSeq: 1 OPTIONS',
    `Content-Length: ${length}`,
    '',
    '',
  ].join('\r\n');

describe('framing garbage over a real TCP connection (RFC 3261 §18.3)', () => {
  let running: Running | undefined;
  let port = 0;
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (fields, message) => errors.push(`${message} ${JSON.stringify(fields)}`) };

  beforeEach(async () => {
    errors.length = 0;
    const config = loadConfig({
      argv: [],
      env: { CALLWEAVE_LISTEN: 'tcp:127.0.0.1:0', CALLWEAVE_DB: ':memory:', CALLWEAVE_ADMIN: 'off' },
      cwd: '/',
    }) as Config;
    const started = await start(config, log);
    if (isProblem(started)) throw new Error(started.problem);
    running = started;
    port = started.listening[0]?.local.port ?? 0;
  });
  afterEach(() => running?.stop());

  /** Sends these pieces one after the other; what came back until the connection closed or fell silent. */
  async function answersTo(...pieces: readonly (string | Buffer)[]): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    let answers = '';
    socket.on('data', (bytes) => {
      answers += bytes.toString('latin1');
    });
    await once(socket, 'connect');
    for (const piece of pieces) {
      socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 150))]);
    socket.destroy();
    return answers;
  }
  const statuses = (answers: string) => [...answers.matchAll(/^SIP\/2\.0 (\d{3})/gm)].map(([, status]) => Number(status));

  it.each<[string, readonly (string | Buffer)[]]>([
    ['noise', [Buffer.alloc(100_000, 0xff)]],
    ['zeros', [Buffer.alloc(70_000)]],
    ['a head that never ends', Array.from({ length: 40 }, (_, n) => `X-Header-${n}: ${'x'.repeat(8000)}\r\n`)],
    ['a line that never ends', ['OPTIONS sip:x', 'x'.repeat(200_000)]],
    ['a Content-Length below zero', [OPTIONS(1, '-5')]],
    ['a Content-Length beyond all bounds', [OPTIONS(1, '99999999999999999999'), 'x'.repeat(100_000)]],
    ['a body that does not come', [OPTIONS(1, '500'), 'half of it']],
    ['a web browser', ['GET / HTTP/1.1\r\nHost: x\r\n\r\n']],
    ['a TLS client', [Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(190, 7)]],
    ['only keep-alives', ['\r\n\r\n'.repeat(2000)]],
  ])('%s is no error, and the next connection is served', async (_name, pieces) => {
    await answersTo(...pieces);
    expect(statuses(await answersTo(OPTIONS(2)))).toEqual([200]);
    expect(errors).toEqual([]);
  });

  it('messages that come in pieces, or several in one piece, are each answered once', async () => {
    expect(statuses(await answersTo(...(OPTIONS(3).match(/[\s\S]{1,60}/g) ?? [])))).toEqual([200]);
    expect(statuses(await answersTo(OPTIONS(4) + OPTIONS(5) + OPTIONS(6)))).toEqual([200, 200, 200]);
  });

  it('a malformed message between two good ones costs neither of them its answer', async () => {
    const bad = OPTIONS(8).replace('CSeq: 1 OPTIONS', 'CSeq: 1 BYE');
    expect(statuses(await answersTo(OPTIONS(7) + bad + OPTIONS(9)))).toEqual([200, 400, 200]);
    expect(errors).toEqual([]);
  });

  it('it stops within its limit although connections are open', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const beganMs = performance.now();
    const closed = once(socket, 'close');
    await running?.stop();
    await closed;
    expect(performance.now() - beganMs).toBeLessThan(LIMIT_MS);
  });
});

describe('a service whose disk is full', () => {
  it('says so in its log, and still registers and connects', () => {
    const full = (): BindingStore => {
      const store = openBindingStore(':memory:', { clock: { now: () => 0, yield: () => {} }, report: () => {} });
      if (isProblem(store)) throw new Error(store.problem);
      store.flush = () => problem('store: the disk is full');
      return store;
    };
    const world = serviceWorld({ openStore: full });
    const bob = world.phone('bob', { onInvite: 'answer' });
    const registration = bob.register();
    // In these worlds a line of the log at level error is thrown.
    expect(() => world.run(500)).toThrow(/bindings could not be stored.*the disk is full/);
    expect(world.service.service.location.of('sip:bob@example.com')).toHaveLength(1);
    expect(registration.status).not.toBe(403);
  });
});
