/** What can be looked at: all of /api/v1 that changes nothing and ends with its answer. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Insight } from '../../insight/insight.ts';
import { apiProblem, PROBLEM_TYPE, refusal } from '../problem.ts';
import { callJournal, callRow, callView } from '../schemas/calls.ts';
import { chart } from '../schemas/charts.ts';
import { actorRow, now, userRow, userView } from '../schemas/service.ts';
import { listing } from '../schemas/values.ts';

const MAX_ROWS = 500;
const PRESET_ROWS = 50;
const MAX_WORDS = 200;
/** A Call-ID or an address of record may be that long; more is none. */
const MAX_ID = 512;

/** The answers of a route that shows something; all others are problems. */
export const shows = <T>(description: string, schema: z.ZodType<T>) => ({
  200: { description, content: { 'application/json': { schema } } },
  default: { description: 'What is wrong.', content: { [PROBLEM_TYPE]: { schema: apiProblem } } },
});

const page = {
  search: z.string().max(MAX_WORDS).default('').openapi({ description: 'Part of a name, number, address or Call-ID.' }),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(MAX_ROWS).default(PRESET_ROWS),
};
const OUTCOMES = ['', 'over', 'open', 'answered', 'failed', 'cancelled', 'crashed'] as const;

/** A call by its address or a Call-ID. */
export const callParams = z.object({
  id: z.string().min(1).max(MAX_ID).openapi({ description: 'Its address or Call-ID.', example: 'call:7' }),
});

const routes = {
  now: createRoute({
    ...{ method: 'get', path: '/api/v1/now', tags: ['service'], summary: 'How the service is' },
    responses: shows('Counts and rates of this moment.', now),
  }),
  calls: createRoute({
    ...{ method: 'get', path: '/api/v1/calls', tags: ['calls'], summary: 'Calls, newest first' },
    request: { query: z.object({ ...page, outcome: z.enum(OUTCOMES).default('') }) },
    responses: shows('Those that go on, and those that are kept of the rest.', listing('Call', callRow)),
  }),
  call: createRoute({
    ...{ method: 'get', path: '/api/v1/calls/{id}', tags: ['calls'], summary: 'Everything that is known of one call' },
    request: { params: callParams },
    responses: shows('Its story, parties, actors, messages and journal.', callView),
  }),
  journal: createRoute({
    ...{ method: 'get', path: '/api/v1/calls/{id}/journal', tags: ['calls'], summary: 'Its journal, to be played again' },
    request: { params: callParams },
    responses: shows('One line of JSON, as `callweave replay` reads it.', callJournal),
  }),
  users: createRoute({
    ...{ method: 'get', path: '/api/v1/users', tags: ['users'], summary: 'Who is registered, or was of late' },
    request: { query: z.object(page) },
    responses: shows('Addresses of record with their bindings counted.', listing('User', userRow)),
  }),
  user: createRoute({
    ...{ method: 'get', path: '/api/v1/users/{id}', tags: ['users'], summary: 'Bindings, pushes and calls of one user' },
    request: { params: z.object({ id: z.string().min(1).max(MAX_ID).openapi({ example: 'sip:bob@example.com' }) }) },
    responses: shows('By address of record or user name.', userView),
  }),
  actors: createRoute({
    ...{ method: 'get', path: '/api/v1/actors', tags: ['service'], summary: 'Living actors' },
    request: { query: z.object({ ...page, scenario: z.string().max(MAX_WORDS).default('') }) },
    responses: shows('Of that scenario; else all but calls, legs, registrations and streams.', listing('Actor', actorRow)),
  }),
  charts: createRoute({
    ...{ method: 'get', path: '/api/v1/charts', tags: ['service'], summary: 'The charts of all scenarios, to be drawn' },
    responses: shows('Definitions, without code.', z.array(chart)),
  }),
};

/** The answer where a call is not known. */
export const noCall = (id: string): Response =>
  refusal(404, `No call ${id} is known: it never was, or is not kept any more (admin.keep in the config).`);

/** Adds them. */
export function addReading(app: OpenAPIHono, insight: Insight): void {
  app.openapi(routes.now, (c) => c.json(insight.now(), 200));
  app.openapi(routes.calls, (c) => c.json(insight.calls(c.req.valid('query')), 200));
  app.openapi(routes.call, (c) => {
    const { id } = c.req.valid('param');
    const found = insight.call(id);
    return (found === undefined ? noCall(id) : c.json(found, 200)) as never;
  });
  app.openapi(routes.journal, (c) => {
    const { id } = c.req.valid('param');
    const found = insight.journal(id);
    if (found === undefined) return noCall(id) as never;
    const name = `${found.call.replace(/[^A-Za-z0-9]+/g, '-')}.jsonl`;
    const headers = { 'content-type': 'application/json', 'content-disposition': `attachment; filename="${name}"` };
    return c.body(`${JSON.stringify(found)}\n`, 200, headers) as never;
  });
  app.openapi(routes.users, (c) => c.json(insight.users(c.req.valid('query')), 200));
  app.openapi(routes.user, (c) => {
    const { id } = c.req.valid('param');
    const found = insight.user(id);
    return (found === undefined ? refusal(404, `Nobody is registered or known as ${id}.`) : c.json(found, 200)) as never;
  });
  app.openapi(routes.actors, (c) => {
    const { scenario, ...query } = c.req.valid('query');
    return c.json(insight.actors(scenario, query), 200);
  });
  app.openapi(routes.charts, (c) => c.json([...insight.charts()], 200));
}
