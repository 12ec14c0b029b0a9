import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../src/admin/sources.ts';
import { adminWorld } from '../support/admin.ts';

const TOKEN = 'tHWT7_0123456789';
const admission = { token: TOKEN, names: ['ops.example.com'] };
const detailOf = async (response: Response): Promise<string> => ((await response.json()) as { detail: string }).detail;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('who asks for which name (DNS rebinding)', () => {
  it.each(['127.0.0.1:8060', 'localhost:8060', 'LOCALHOST', '[::1]:8060', '192.0.2.7', 'ops.example.com', 'OPS.example.com:443'])(
    '%s is ours',
    async (host) => {
      expect(
        (await adminWorld({ admission: { ...admission, token: undefined } }).ask('GET /api/v1/now', { headers: { host } }))
          .status,
      ).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:8060',
    'localhost.evil.example',
    'ops.example.com.',
    '127.0.0.1.evil.example',
    '',
    '[::1',
    'ops.example.com:x',
  ])('%s is not, whatever is asked', async (host) => {
    const { ask } = adminWorld();
    for (const path of ['/api/v1/now', '/', '/healthz']) {
      const response = await ask(`GET ${path}`, { headers: { host } });
      expect(response.status).toBe(421);
      expect(await detailOf(response)).toMatch(/admin\.names/);
    }
  });
});

describe('other pages (CSRF)', () => {
  const foreign: readonly (readonly [string, Record<string, string>])[] = [
    ['another site', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://127.0.0.1:3000' }],
    ['a page of a file or a sandbox', { origin: 'null' }],
    ['nonsense', { origin: 'evil' }],
    ['no origin, but the browser says so', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a neighbour', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }],
  ];
  it.each(foreign)('%s reads and orders nothing', async (_name, headers) => {
    const { ask, post, orders } = adminWorld();
    for (const path of ['/api/v1/now', '/api/v1/facts', '/metrics'])
      expect((await ask(`GET ${path}`, { headers })).status).toBe(403);
    expect((await post('/api/v1/calls/call:7/hangup', {}, headers)).status).toBe(403);
    expect((await ask('DELETE /api/v1/users/bob/bindings/d1', { headers })).status).toBe(403);
    expect(orders.taken).toEqual([]);
  });

  it('our own page does, and so do programs that name no origin, and links that are followed', async () => {
    const { ask, post } = adminWorld();
    const own = { origin: 'http://127.0.0.1:8060', 'sec-fetch-site': 'same-origin' };
    expect((await post('/api/v1/calls/call:7/hangup', {}, own)).status).toBe(204);
    expect((await post('/api/v1/calls/call:7/hangup', {})).status).toBe(204);
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask('GET /api/v1/now', { headers: link })).status).toBe(200);
    const behindProxy = { host: 'localhost', origin: 'https://localhost' };
    expect((await ask('GET /api/v1/now', { headers: behindProxy })).status).toBe(200);
  });

  it('what a form can send is not taken, whatever it says', async () => {
    const { ask, orders } = adminWorld();
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', ''])
      expect((await ask('POST /api/v1/calls/call:7/hangup', { body: '{}', headers: { 'content-type': type } })).status).toBe(415);
    expect(orders.taken).toEqual([]);
  });

  it('no answer lets another origin read it, or a frame show it', async () => {
    const { ask } = adminWorld();
    for (const path of ['/', '/api/v1/now', '/api/v1/nonsense', '/healthz']) {
      const { headers } = await ask(`GET ${path}`);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';.*frame-ancestors 'none'$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('the token', () => {
  it('opens what shows or orders; without it there is only the page, the login, and whether we live', async () => {
    const { ask, post, orders } = adminWorld({ admission });
    for (const line of [
      'GET /api/v1/now',
      'GET /api/v1/facts',
      'GET /metrics',
      'GET /api/v1/openapi.json',
      'PUT /api/v1/x',
      'GET /x',
    ])
      expect((await ask(line)).status).toBe(401);
    const refused = await post('/api/v1/calls/call:7/hangup', {});
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="callweave"']);
    expect(orders.taken).toEqual([]);
    for (const line of ['GET /healthz', 'GET /readyz', 'GET /api/v1/session']) expect((await ask(line)).status).toBe(200);
    expect((await ask('GET /')).status).toBe(503);
    expect((await ask('GET /api/v1/now', { headers: bearer(TOKEN) })).status).toBe(200);
    expect((await ask('GET /metrics', { headers: { authorization: `bearer  ${TOKEN}` } })).status).toBe(200);
  });

  it.each(['', 'x', `${TOKEN}x`, TOKEN.slice(0, -1), TOKEN.toLowerCase()])('%j is not the token', async (token) => {
    const { ask, post } = adminWorld({ admission });
    expect((await ask('GET /api/v1/now', { headers: bearer(token) })).status).toBe(401);
    expect((await post('/api/v1/session', { token })).status).toBe(401);
  });

  it('is slow to be guessed, from each source by itself, and no longer than half a minute', async () => {
    const { ask, post, time } = adminWorld({ admission });
    const guess = (from: string) => ask('GET /api/v1/now', { headers: bearer('wrong-wrong-wrong'), from });
    for (let n = 0; n < 4; n += 1) expect((await guess('192.0.2.1')).status).toBe(401);
    const waiting = await guess('192.0.2.1');
    expect([waiting.status, waiting.headers.get('retry-after')]).toEqual([429, '1']);
    const right = await ask('POST /api/v1/session', {
      ...{ body: JSON.stringify({ token: TOKEN }), headers: { 'content-type': 'application/json' }, from: '192.0.2.1' },
    });
    expect(right.status).toBe(429);
    expect((await guess('192.0.2.2')).status).toBe(401);
    let waited = 0;
    for (let n = 0; n < 10; n += 1) {
      const seconds = Number((await guess('192.0.2.1')).headers.get('retry-after'));
      expect(seconds).toBeLessThanOrEqual(30);
      time.advance(seconds * 1000);
      waited += seconds;
      expect((await guess('192.0.2.1')).status).toBe(401);
    }
    expect(waited).toBeGreaterThan(120);
    time.advance(30_000);
    expect((await ask('GET /api/v1/now', { headers: bearer(TOKEN), from: '192.0.2.1' })).status).toBe(200);
    expect((await post('/api/v1/session', { token: TOKEN })).status).toBe(204);
  });

  it('is not in any answer', async () => {
    const { ask, post } = adminWorld({ admission });
    const answers = [
      await ask('GET /api/v1/now', { headers: bearer(`${TOKEN}!`) }),
      await post('/api/v1/session', { token: TOKEN }),
      await post('/api/v1/session', { token: `${TOKEN}!`, more: TOKEN }),
      await ask('GET /api/v1/openapi.json', { headers: bearer(TOKEN) }),
    ];
    for (const answer of answers) expect(JSON.stringify([...answer.headers]) + (await answer.text())).not.toContain(TOKEN);
  });
});

describe('a session', () => {
  const logIn = async (world: ReturnType<typeof adminWorld>): Promise<string> => {
    const response = await world.post('/api/v1/session', { token: TOKEN });
    expect(response.status).toBe(204);
    return response.headers.get('set-cookie') ?? '';
  };
  const cookieOf = (header: string) => ({ cookie: header.split(';')[0] ?? '' });

  it('is a cookie that no script reads and no other page sends, for twelve hours', async () => {
    const world = adminWorld({ admission });
    const header = await logIn(world);
    expect(header).toMatch(/^callweave=[0-9a-f]{64}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    const headers = cookieOf(header);
    expect(await (await world.ask('GET /api/v1/session', { headers })).json()).toEqual({ isOpen: false, isIn: true });
    expect((await world.ask('GET /api/v1/now', { headers })).status).toBe(200);
    world.time.advance(12 * 3_600_000);
    expect((await world.ask('GET /api/v1/now', { headers })).status).toBe(401);
    expect(await (await world.ask('GET /api/v1/session')).json()).toEqual({ isOpen: false, isIn: false });
  });

  it('ends with the logout, at once', async () => {
    const world = adminWorld({ admission });
    const headers = cookieOf(await logIn(world));
    expect((await world.ask('DELETE /api/v1/session', { headers })).status).toBe(204);
    expect((await world.ask('GET /api/v1/now', { headers })).status).toBe(401);
  });

  it('of others goes when there are too many, the oldest first', async () => {
    const world = adminWorld({ admission });
    const first = cookieOf(await logIn(world));
    for (let n = 0; n < 1000; n += 1) {
      world.time.advance(50);
      await logIn(world);
    }
    expect((await world.ask('GET /api/v1/now', { headers: first })).status).toBe(401);
  });

  it('is not needed where there is no token', async () => {
    expect(await (await adminWorld().ask('GET /api/v1/session')).json()).toEqual({ isOpen: true, isIn: true });
  });
});

describe('how much one source may ask', () => {
  it('is 50 a second after 200 at once; others ask as before', async () => {
    const { ask, time } = adminWorld();
    for (let n = 0; n < 200; n += 1) expect((await ask('GET /healthz', { from: '192.0.2.1' })).status).toBe(200);
    expect((await ask('GET /healthz', { from: '192.0.2.1' })).status).toBe(429);
    expect((await ask('GET /healthz', { from: '192.0.2.2' })).status).toBe(200);
    time.advance(100);
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await ask('GET /healthz', { from: '192.0.2.1' })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:0db8:1::9', '2001:db8:1:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('%s is of the source %s', (address, source) => expect(sourceOf(address)).toBe(source));
});

describe('a body', () => {
  it('that is too long, no JSON, or not what was asked for is refused with words', async () => {
    const { ask, post } = adminWorld();
    expect((await post('/api/v1/facts', { type: 'a.b', attributes: { a: 'x'.repeat(70_000) } })).status).toBe(413);
    const json = { 'content-type': 'application/json' };
    for (const body of [
      '',
      '{',
      '[]',
      'null',
      '{"to": 7}',
      '{"to": ""}',
      '{"to": "x", "too": 1}',
      '{"__proto__": {"to": "x"}}',
    ]) {
      const response = await ask('POST /api/v1/calls/call:7/fork', { body, headers: json });
      expect([body, response.status]).toEqual([body, 400]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    }
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    expect((await ask('POST /api/v1/facts', { body: deep, headers: json })).status).toBe(400);
  });
});
