import { createServer, request, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminWorld } from '../support/admin.ts';

/** Through the adapter and a socket: its requests are no copies that everything can be done to. */
const world = adminWorld();
let server: Server;
beforeAll(async () => {
  server = createServer(getRequestListener(world.app.fetch, { overrideGlobalObjects: false }));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends pieces without a length, as browsers and programs do that know none. */
function asked(method: string, path: string, ...pieces: readonly string[]): Promise<number | undefined> {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('error', reject);
    for (const piece of pieces) asking.write(piece);
    asking.end();
  });
}

it('a DELETE without a length is an order like any other', async () => {
  expect(await asked('DELETE', '/api/v1/users/bob/bindings/d1')).toBe(204);
  expect(await asked('DELETE', '/api/v1/session')).toBe(204);
});

it('a body in pieces is read whole, up to the limit', async () => {
  expect(await asked('POST', '/api/v1/calls/call:7/fork', '{"to":', '"car', 'ol"}')).toBe(204);
  expect(await asked('POST', '/api/v1/calls/call:7/fork', '{"to":', '"car')).toBe(400);
  expect(await asked('POST', '/api/v1/calls/call:7/fork', ...Array.from({ length: 5 }, () => 'x'.repeat(16_384)))).toBe(413);
  expect(world.broken).toEqual([]);
});
