/**
 * The live page on made-up answers of the API: for looking at it, and for tests of what a real service shows seldom (10,000
 * calls, an overload, a service that goes away). `node test/support/page-server.ts [PORT]` serves it until it is ended.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiProblem } from '../../src/insight/model.ts';
import { PageWorld } from './page-world.ts';

const BUILT = fileURLToPath(new URL('../../dist/page', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
};
/** As the door's. */
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export class PageServer {
  readonly world: PageWorld;
  readonly url: string;
  readonly #server: Server;

  private constructor(world: PageWorld, server: Server, port: number) {
    this.world = world;
    this.url = `http://127.0.0.1:${port}/`;
    this.#server = server;
  }

  static async open(world = new PageWorld(), port = 0): Promise<PageServer> {
    const server = createServer((request, response) => void answer(world, request, response)).listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return new PageServer(world, server, typeof address === 'object' && address !== null ? address.port : port);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function answer(world: PageWorld, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://page.invalid');
  if (!url.pathname.startsWith('/api/v1/')) return file(url.pathname, response);
  if (world.isGone) {
    response.destroy();
    return;
  }
  const said = await bodyOf(request);
  if (url.pathname.endsWith('/session')) return session(world, request, said, response);
  if (world.token !== '' && !(request.headers.cookie ?? '').includes('session=yes')) {
    return problem(response, 401, 'Who are you?', 'Log in with the token of the config.');
  }
  const found = request.method === 'GET' ? world.answer(url.pathname.slice('/api/v1/'.length), url.searchParams) : null;
  if (found === undefined)
    return problem(response, 404, 'Not found', `There is no ${decodeURIComponent(url.pathname)} (any more).`);
  if (found === null) {
    world.orders.push(`${request.method} ${decodeURIComponent(url.pathname)} ${said}`.trim());
    response.writeHead(204).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found));
}

function session(world: PageWorld, { method, headers }: IncomingMessage, said: string, response: ServerResponse): void {
  const isIn = (headers.cookie ?? '').includes('session=yes');
  if (method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ isOpen: world.token === '', isIn: world.token === '' || isIn }));
  } else if (method === 'DELETE') response.writeHead(204, { 'set-cookie': 'session=no; Path=/; Max-Age=0' }).end();
  else if (JSON.parse(said).token === world.token) {
    response.writeHead(204, { 'set-cookie': 'session=yes; Path=/; HttpOnly; SameSite=Strict' }).end();
  } else problem(response, 401, 'Wrong token', 'This is not the token of the config.');
}

function file(path: string, response: ServerResponse): void {
  const found = join(BUILT, path === '/' ? 'index.html' : path);
  if (!found.startsWith(BUILT) || !existsSync(found)) {
    response.writeHead(404).end();
    return;
  }
  const type = TYPES[found.slice(found.lastIndexOf('.') + 1)] ?? 'text/plain';
  response
    .writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': POLICY })
    .end(readFileSync(found));
}

function problem(response: ServerResponse, status: number, title: string, detail: string): void {
  const told: ApiProblem = { type: 'about:blank', status, title, detail };
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(told));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let said = '';
  for await (const chunk of request) said += chunk;
  return said;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await PageServer.open(new PageWorld(), Number(process.argv[2] ?? 8061));
  process.stdout.write(`the page on made-up answers: ${url}\n`);
}
