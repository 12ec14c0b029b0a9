import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type Door, type DoorParts, openDoor } from '../../src/admin/door.ts';
import { LIMITS } from '../../src/admin/listener.ts';
import { SystemClock } from '../../src/clock.ts';
import { isProblem } from '../../src/errors.ts';
import { CryptoRandom } from '../../src/random.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { fact, InsightDouble, OrdersDouble } from '../support/insight-double.ts';
import { fixture } from '../support/tls-fixture.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(given: Partial<DoorParts> = {}) {
  const insight = new InsightDouble();
  const broken: string[] = [];
  const door = await openDoor({
    ...{ insight, orders: new OrdersDouble(), random: new CryptoRandom(), page: new Map(), certificates: undefined },
    timers: new TimerHeap(new SystemClock(), (error) => void broken.push(String(error))),
    address: { scheme: 'http', host: '127.0.0.1', port: 0 },
    admission: { token: undefined, names: [] },
    isDraining: () => false,
    report: (line) => void broken.push(line),
    ...given,
  });
  if (isProblem(door)) throw new Error(door.problem);
  ends.push(() => door.close());
  return { door, insight, broken, port: Number(new URL(door.url).port) };
}

interface Peer {
  readonly socket: Socket;
  said: string;
  isClosed: boolean;
}

async function dial(port: number, ...pieces: readonly (string | Buffer)[]): Promise<Peer> {
  const socket = connect(port, '127.0.0.1');
  const peer: Peer = { socket, said: '', isClosed: false };
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    peer.said += bytes.toString('latin1');
  });
  socket.on('close', () => {
    peer.isClosed = true;
  });
  ends.push(() => socket.destroy());
  for (const piece of pieces) socket.write(piece);
  return peer;
}

const LIMIT_MS = 20_000;
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let n = 0; !holds(); n += 1) {
    if (n > LIMIT_MS / 10) throw new Error(`this did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const statusOf = ({ said }: Peer): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? 0);
const answered = async (peer: Peer): Promise<number> => {
  await until('an answer', () => /\r\n\r\n/.test(peer.said) || peer.isClosed);
  return statusOf(peer);
};
const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`;
const isServed = async ({ url }: Door): Promise<boolean> => (await fetch(`${url}/healthz`)).status === 200;

describe('a door on a real socket', () => {
  it.each<[string, readonly (string | Buffer)[], readonly number[]]>([
    ['noise', [Buffer.alloc(20_000, 0xff)], [400]],
    ['a SIP phone', ['OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n'], [400]],
    ['a TLS client', [Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(190, 7)], [400]],
    ['a head without end', ['GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n', `X-A: ${'x'.repeat(40_000)}\r\n\r\n`], [431]],
    ['ten thousand headers', [get('/healthz', 'X: y\r\n'.repeat(10_000))], [200, 431]],
    ['a path without end', [get(`/${'x'.repeat(40_000)}`)], [431]],
    ['no host', ['GET /healthz HTTP/1.1\r\n\r\n'], [400]],
    ['two hosts', [`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n`], [200, 400, 421]],
    ['a host that is no name', ['GET /healthz HTTP/1.1\r\nHost: [::1/@\r\n\r\n'], [400]],
    ['a stranger’s name', ['GET /api/v1/now HTTP/1.1\r\nHost: evil.example\r\n\r\n'], [421]],
    ['a whole URL of a stranger', ['GET http://evil.example/api/v1/now HTTP/1.1\r\nHost: evil.example\r\n\r\n'], [421]],
    ['a proxy request', ['CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'], [0, 400, 421]],
    ['an unknown method', ['BREW /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'], [400, 405]],
    ['TRACE', ['TRACE /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\n\r\n'], [400, 405]],
    ['an upgrade that nobody offers', [get('/healthz', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')], [200, 400]],
    [
      'a smuggled request',
      [
        'POST /api/v1/facts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x',
      ],
      [400],
    ],
    [
      'a body beyond all bounds',
      ['POST /api/v1/facts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n'],
      [413],
    ],
  ])('%s is answered or dropped, and the next one is served', async (_name, pieces, statuses) => {
    const { door, port, broken } = await open();
    expect(statuses).toContain(await answered(await dial(port, ...pieces)));
    expect(await isServed(door)).toBe(true);
    expect(broken).toEqual([]);
  });

  it('a body that grows beyond its bound in pieces is refused on the way', async () => {
    const { door, port } = await open();
    const head =
      'POST /api/v1/facts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    expect(await answered(await dial(port, head, ...Array.from({ length: 8 }, () => chunk)))).toBe(413);
    expect(await isServed(door)).toBe(true);
  });

  it('orders that fetch sends are taken, with a body and without', async () => {
    const { door } = await open();
    const fork = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"to":"carol"}' };
    expect((await fetch(`${door.url}/api/v1/calls/call:7/fork`, fork)).status).toBe(204);
    expect((await fetch(`${door.url}/api/v1/users/bob/bindings/d1`, { method: 'DELETE' })).status).toBe(204);
  });

  it.each([
    '/assets/../package.json',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..\\..\\package.json',
    '/assets//etc/passwd',
    '/..%00/package.json',
    '/assets/%',
    '/assets/%c0%ae%c0%ae/package.json',
  ])('%s leads nowhere', async (target) => {
    const { port } = await open();
    const peer = await dial(port, get(target, 'Connection: close\r\n'));
    await until('the end', () => peer.isClosed);
    expect([400, 404]).toContain(statusOf(peer));
    expect(peer.said).not.toContain('"dependencies"');
    expect(peer.said).not.toContain('root:');
  });

  it('slow heads and slow bodies are cut off, while others are served (slowloris)', async () => {
    const { door, port } = await open({
      limits: { ...LIMITS, headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 },
    });
    const slow: Peer[] = [];
    for (let n = 0; n < 50; n += 1) slow.push(await dial(port, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A:'));
    const body =
      'POST /api/v1/facts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{';
    for (let n = 0; n < 50; n += 1) slow.push(await dial(port, body));
    expect(await isServed(door)).toBe(true);
    await until('all slow ones are gone', () => slow.every(({ isClosed }) => isClosed));
    expect(await isServed(door)).toBe(true);
  });
});

describe('streams on a real socket', () => {
  it('begin at once, and end for the service when the reader goes', async () => {
    const { port, insight } = await open();
    const peer = await dial(port, get('/api/v1/facts?kind=call.*'));
    await until('the beginning', () => peer.said.includes('retry: 2000'));
    expect(peer.said).toMatch(/content-type: text\/event-stream/);
    for (const tell of insight.listeners.keys()) tell(fact);
    await until('the fact', () => peer.said.includes('event: fact'));
    peer.socket.destroy();
    await until('nobody listens', () => insight.listeners.size === 0);
  });

  it('flooded past a reader that takes nothing, keep little, and tell it what it missed', async () => {
    const { port, insight } = await open();
    const peer = await dial(port, get('/api/v1/facts'));
    await until('the beginning', () => peer.said.includes('retry: 2000'));
    peer.socket.pause();
    const large = { ...fact, attributes: { text: 'x'.repeat(10_000) } };
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    for (let n = 0; n < 10_000; n += 1) {
      for (const tell of insight.listeners.keys()) tell(large);
      if (n % 100 === 0) await new Promise(setImmediate);
    }
    expect(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
    peer.socket.resume();
    await until('what was lost is told', () => /event: lost\ndata: \{"facts":\d{4}/.test(peer.said));
  });

  it('are cut when the door closes, which does not wait for them', async () => {
    const { door, port, insight } = await open();
    const peer = await dial(port, get('/api/v1/facts'));
    await until('the beginning', () => peer.said.includes('retry: 2000'));
    await door.close();
    await until('the end', () => peer.isClosed && insight.listeners.size === 0);
  });
});

it('over TLS: the certificate of the config, and cookies that only travel there', async () => {
  const files = { key: readFileSync(fixture('server.key')), cert: readFileSync(fixture('server.pem')) };
  const certificates = {
    contextOptions: () => files,
    contextFor: () => createSecureContext(files),
    onChange: () => () => undefined,
  };
  const token = 'tHWT7_0123456789';
  const { port } = await open({
    ...{ certificates, address: { scheme: 'https', host: '127.0.0.1', port: 0 }, admission: { token, names: [] } },
  });
  const agent = new Agent({ ca: readFileSync(fixture('ca.pem')), checkServerIdentity: () => undefined });
  const cookies = await new Promise<readonly string[] | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asked = request({ host: '127.0.0.1', port, path: '/api/v1/session', method: 'POST', headers, agent }, (response) =>
      resolve(response.headers['set-cookie']),
    );
    asked.on('error', reject).end(JSON.stringify({ token }));
  });
  expect(cookies?.[0]).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
});
