import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { apiProblem } from '../../src/admin/problem.ts';
import { callJournal, callRow, callView } from '../../src/admin/schemas/calls.ts';
import { chart as chartSchema } from '../../src/admin/schemas/charts.ts';
import { actorRow, factView, now as nowSchema, userRow, userView } from '../../src/admin/schemas/service.ts';
import { listing } from '../../src/admin/schemas/values.ts';
import { adminWorld } from '../support/admin.ts';
import { call, chart, fact, journal, now, user } from '../support/insight-double.ts';

const problemOf = async (response: Response) => apiProblem.parse(await response.json());

describe('what is shown', () => {
  it.each<[string, z.ZodType, unknown?]>([
    ['/api/v1/now', nowSchema, now],
    ['/api/v1/calls', listing('X', callRow)],
    ['/api/v1/calls/call:7', callView, call],
    ['/api/v1/calls/call%3A7', callView, call],
    ['/api/v1/calls/abc%2Fdef%40192.0.2.7', callView, call],
    ['/api/v1/calls/call:7/journal', callJournal, journal],
    ['/api/v1/users', listing('X', userRow)],
    ['/api/v1/users/bob', userView, user],
    ['/api/v1/users/sip:bob@example.com', userView, user],
    ['/api/v1/actors', listing('X', actorRow)],
    ['/api/v1/charts', chartSchema.array(), [chart]],
  ])('%s is JSON of its schema', async (path, schema, expected) => {
    const response = await adminWorld().ask(`GET ${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    const body: unknown = await response.json();
    expect(schema.parse(body)).toEqual(body);
    if (expected !== undefined) expect(body).toEqual(expected);
  });

  it('a fact has its schema too', () => expect(factView.parse(fact)).toEqual(fact));

  it('lists are asked for with what the query says, and with presets', async () => {
    const { ask, insight } = adminWorld();
    await ask('GET /api/v1/calls?search=bob&outcome=over&offset=50&limit=25');
    await ask('GET /api/v1/calls');
    await ask('GET /api/v1/actors?scenario=stream');
    expect(insight.asked).toEqual([
      { search: 'bob', outcome: 'over', offset: 50, limit: 25 },
      { search: '', outcome: '', offset: 0, limit: 50 },
      ['stream', { search: '', offset: 0, limit: 50 }],
    ]);
  });

  it('a journal is one line, as a file', async () => {
    const response = await adminWorld().ask('GET /api/v1/calls/call:7/journal');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="call-7.jsonl"');
    expect((await response.text()).trimEnd().split('\n')).toHaveLength(1);
  });

  it('HEAD answers as GET does, without a body', async () => {
    const response = await adminWorld().ask('HEAD /api/v1/now');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('what is not there', () => {
  it.each([
    ['GET /api/v1/calls/call:8', 404, /No call call:8 is known/],
    ['GET /api/v1/calls/call:8/journal', 404, /No call call:8/],
    ['GET /api/v1/users/nobody', 404, /Nobody is registered or known as nobody/],
    ['GET /api/v1/nonsense', 404, /openapi\.json/],
    ['GET /api/v1/calls/', 404, /nothing here/],
    ['GET /api/v1/calls?limit=0', 400, /^limit: /],
    ['GET /api/v1/calls?limit=501', 400, /^limit: /],
    ['GET /api/v1/calls?offset=-1&limit=x', 400, /offset: .*; limit: /],
    ['GET /api/v1/calls?outcome=lost', 400, /^outcome: .*answered/],
    [`GET /api/v1/calls?search=${'x'.repeat(201)}`, 400, /^search: /],
    [`GET /api/v1/calls/${'x'.repeat(513)}`, 400, /^id: /],
    ['PUT /api/v1/now', 405, /no PUT; there is GET, HEAD, OPTIONS/],
    ['DELETE /healthz', 405, /GET/],
  ])('%s gets %i as a problem that says what to do', async (line, status, detail) => {
    const response = await adminWorld().ask(line);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ type: 'about:blank', status });
    expect(problem.detail).toMatch(detail);
  });

  it('a wrong method is told which are right; OPTIONS tells it without an error', async () => {
    const { ask } = adminWorld();
    expect((await ask('PUT /api/v1/now')).headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    const options = await ask('OPTIONS /api/v1/now');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect(options.headers.has('access-control-allow-origin')).toBe(false);
  });

  it('what breaks in here is 500 without its words, which the log gets', async () => {
    const world = adminWorld();
    world.insight.now = () => {
      throw new Error('secret pn-prid=abc');
    };
    const response = await world.ask('GET /api/v1/now');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(world.broken).toEqual(['secret pn-prid=abc']);
  });
});

describe('health and numbers', () => {
  it('is alive whatever it does, and ready until it drains', async () => {
    for (const [isDraining, status] of [
      [false, 200],
      [true, 503],
    ] as const) {
      const { ask } = adminWorld({ isDraining: () => isDraining });
      expect((await ask('GET /healthz')).status).toBe(200);
      const response = await ask('GET /readyz');
      expect(response.status).toBe(status);
      if (isDraining) expect((await problemOf(response)).detail).toMatch(/^The service takes no new calls/);
    }
  });

  it('/metrics is what the metrics say', async () => {
    const response = await adminWorld().ask('GET /metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await response.text()).toBe('callweave_calls 3\n');
  });
});
