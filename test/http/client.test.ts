import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpClient, type HttpReply, type HttpRequest, nodeHttpClient } from '../../src/http/client.ts';
import { wireText } from '../../src/http/wire-text.ts';
import { fixture } from '../support/tls-fixture.ts';

type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void;
let server: Server | undefined;
let client: HttpClient | undefined;

afterEach(async () => {
  client?.close();
  server?.closeAllConnections();
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
});

async function listen(answer: Answer, tls?: { key: string; cert: string }): Promise<number> {
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => answer(response, request, body));
  };
  server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

const GET: HttpRequest = { method: 'GET', headers: {}, body: '' };
function send(
  url: string,
  request: Partial<HttpRequest> = {},
  options: { ca?: string; maxBodyBytes?: number } = {},
): Promise<HttpReply> {
  client = nodeHttpClient(url, { maxConnections: 2, maxBodyBytes: 1_000, ...options });
  return new Promise((done) => client?.send({ ...GET, ...request }, done));
}

describe('the HTTP client on real sockets', () => {
  it('sends method, path, headers and body, and reads the answer', async () => {
    let seen: object = {};
    const port = await listen((response, { method, url, headers }, body) => {
      seen = { method, url, body, type: headers['content-type'], length: headers['content-length'] };
      response.writeHead(201, { 'content-type': 'application/json', 'retry-after': '7' }).end('{"name":"Zoë"}');
    });
    const request = { method: 'PUT', path: '/api/x?y=1', headers: { 'content-type': 'text/plain' }, body: 'Zoë' };
    expect(await send(`http://127.0.0.1:${port}/api`, request)).toEqual({
      ...{ status: 201, retryAfterSeconds: 7, contentType: 'application/json', body: '{"name":"Zoë"}', cut: '' },
    });
    expect(seen).toEqual({ method: 'PUT', url: '/api/x?y=1', body: 'Zoë', type: 'text/plain', length: '4' });
  });

  it('cuts an answer that is too long, however it comes', async () => {
    const port = await listen((response) => void response.end('x'.repeat(1_001)));
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, body: '', cut: 'tooLarge' });
    expect(await send(`http://127.0.0.1:${port}/`, {}, { maxBodyBytes: 1_001 })).toMatchObject({ cut: '' });
  });

  it('says of a connection that breaks amid the answer that it broke', async () => {
    const port = await listen((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('x');
      setTimeout(() => response.socket?.destroy(), 20);
    });
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, body: '', cut: 'broken' });
  });

  it('does not follow a redirect', async () => {
    const port = await listen(
      (response, { url }) => void response.writeHead(url === '/' ? 302 : 200, { location: '/other' }).end(),
    );
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 302 });
  });

  it('believes a certificate of the given authority for its name alone', async () => {
    const tls = (name: string) => ({
      key: readFileSync(fixture(`${name}.key`), 'utf8'),
      cert: readFileSync(fixture(`${name}.pem`), 'utf8'),
    });
    const ca = readFileSync(fixture('ca.pem'), 'utf8');
    const port = await listen((response) => void response.end('ok'), tls('server'));
    expect(await send(`https://127.0.0.1:${port}/`, {}, { ca })).toMatchObject({ status: 200, body: 'ok' });
    expect(await send(`https://127.0.0.1:${port}/`)).toHaveProperty('failed', expect.stringMatching(/certificate|issuer/i));
    server?.closeAllConnections();
    await new Promise((done) => server?.close(done));
    const expired = await listen((response) => void response.end('ok'), tls('expired'));
    expect(await send(`https://127.0.0.1:${expired}/`, {}, { ca })).toHaveProperty('failed', expect.stringMatching(/expired/i));
  });
});

describe('text of the wire', () => {
  it('is UTF-8 where it can be, and stays as it is where not', () => {
    const asWire = (text: string): string => Buffer.from(text).toString('latin1');
    for (const text of ['', 'Alice', 'Zoë', '名前', '🎉 x', 'Ünï €']) expect(wireText(asWire(text))).toBe(text);
    // Already text, latin1 that is no UTF-8, overlong and surrogate forms.
    for (const text of ['名前', 'Zoë!', '\xc0\xaf', '\xe0\x80\x80', '\xed\xa0\x80', '\xf5\x80\x80\x80'])
      expect(wireText(text)).toBe(text);
  });
});
