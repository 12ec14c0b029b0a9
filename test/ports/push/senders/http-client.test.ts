import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../../../src/clock.ts';
import { httpSender } from '../../../../src/ports/push/senders/http-sender.ts';
import type { PushOutcome, PushSender } from '../../../../src/ports/push/senders/push-sender.ts';
import { CryptoRandom } from '../../../../src/random.ts';
import { TimerHeap } from '../../../../src/timer-heap.ts';
import { push } from './push-request.ts';

let server: Server | undefined;
let sender: PushSender | undefined;
afterEach(async () => {
  sender?.close();
  server?.closeAllConnections();
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
});

interface Seen {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
  readonly socket: IncomingMessage['socket'];
}

/** A gateway on loopback whose n-th request is answered by the n-th function. */
async function gateway(...answers: ((response: ServerResponse) => void)[]): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ method: request.method, headers: request.headers, body: JSON.parse(body), socket: request.socket });
      (answers[seen.length - 1] ?? status(200))(response);
    });
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wake?x=1`, seen };
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end('{"ignored":true}');

function send(url: string, { timeoutMs = 2000, retries = 2 } = {}): Promise<PushOutcome> {
  const timers = new TimerHeap(new SystemClock(), (error) => {
    throw error;
  });
  sender = httpSender(
    { url, timeoutMs, retries, headers: { authorization: 'Bearer key' } },
    { timers, random: new CryptoRandom() },
  );
  return new Promise((done) => sender?.send(push('p1'), done));
}

describe('an HTTP sender on real sockets', () => {
  it('posts JSON with the configured headers', async () => {
    const { url, seen } = await gateway(status(200));
    expect(await send(url)).toEqual({ ok: true });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', body: { id: 'p1', kind: 'incoming-call', callId: 'c1' } });
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer key',
      'content-type': 'application/json',
      'idempotency-key': 'p1',
    });
  });

  it('goes on after a 500, on the same connection', async () => {
    const { url, seen } = await gateway(status(500), status(200));
    expect(await send(url)).toEqual({ ok: true });
    expect(seen).toHaveLength(2);
    expect(seen[1]?.socket).toBe(seen[0]?.socket);
  });

  it('waits as long as Retry-After says', async () => {
    const { url, seen } = await gateway(status(503, { 'retry-after': '1' }), status(200));
    const beganMs = performance.now();
    expect(await send(url)).toEqual({ ok: true });
    expect(performance.now() - beganMs).toBeGreaterThan(990);
    expect(seen).toHaveLength(2);
  });

  it('says of a 410 that the token is dead', async () => {
    const { url } = await gateway(status(410));
    expect(await send(url)).toEqual({ ok: false, permanent: true, why: 'HTTP 410' });
  });

  it('does not follow a redirect', async () => {
    const { url, seen } = await gateway(status(307, { location: '/elsewhere' }));
    expect(await send(url)).toEqual({ ok: false, permanent: false, why: 'HTTP 307' });
    expect(seen).toHaveLength(1);
  });

  it('gives up a gateway that says nothing', async () => {
    const { url } = await gateway(() => {});
    expect(await send(url, { timeoutMs: 100, retries: 0 })).toEqual({ ok: false, permanent: false, why: 'timeout' });
  });

  it('reports a refused connection after its tries', async () => {
    const { url } = await gateway();
    await new Promise((done) => server?.close(done));
    server = undefined;
    const outcome = await send(url, { retries: 1 });
    expect(outcome).toMatchObject({ ok: false, permanent: false });
    expect(outcome).toHaveProperty('why', expect.stringContaining('ECONNREFUSED'));
  });

  it('reports a connection that is reset', async () => {
    const { url } = await gateway((response) => void response.socket?.destroy());
    expect(await send(url, { retries: 0 })).toMatchObject({ ok: false, permanent: false });
  });

  it('takes the status of an answer whose body never ends', async () => {
    const { url } = await gateway((response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x');
    });
    expect(await send(url, { timeoutMs: 200, retries: 0 })).toEqual({ ok: true });
  });

  it('reads no more than 64 KiB of an answer', async () => {
    let closed = false;
    const { url } = await gateway((response) => {
      response.writeHead(404);
      response.on('close', () => {
        closed = true;
      });
      const flood = (): void => {
        while (!closed && response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', flood);
      flood();
    });
    const beganMs = performance.now();
    expect(await send(url, { timeoutMs: 5000 })).toEqual({ ok: false, permanent: true, why: 'HTTP 404' });
    expect(performance.now() - beganMs).toBeLessThan(4000);
  });
});
