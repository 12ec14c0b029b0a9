/** What goes on as it goes on: server-sent events. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { FactFilter, Insight } from '../../insight/insight.ts';
import type { TimerQueue } from '../../timers.ts';
import type { Doorkeeper } from '../doorkeeper.ts';
import type { EventStreams, Tell } from '../event-streams.ts';
import { papersOf } from '../guard.ts';
import { apiProblem, PROBLEM_TYPE, refusal } from '../problem.ts';
import { callParams, noCall } from './read.ts';

const streams = (description: string) => ({
  200: { description, content: { 'text/event-stream': { schema: z.string() } } },
  default: { description: 'What is wrong.', content: { [PROBLEM_TYPE]: { schema: apiProblem } } },
});

const routes = {
  facts: createRoute({
    ...{ method: 'get', path: '/api/v1/facts', tags: ['facts'], summary: 'Facts from now on, as they happen' },
    request: {
      query: z.object({
        kind: z
          .union([z.string(), z.array(z.string())])
          .optional()
          .openapi({ description: 'A kind, or `call.*`; several times: any of them; none: all.', example: 'call.*' }),
        'where.NAME': z.string().optional().openapi({
          description: 'Only facts whose attribute NAME has that value, such as `where.caller=sip:alice@example.com`.',
        }),
      }),
    },
    responses: streams('Events `fact` with a Fact as data, and `lost` with how many a slow reader has missed.'),
  }),
  live: createRoute({
    ...{ method: 'get', path: '/api/v1/calls/{id}/live', tags: ['calls'], summary: 'When a call changes' },
    request: { params: callParams },
    responses: streams('Events `changed`, at most 5 a second: ask for the call anew.'),
  }),
};

export interface Streaming {
  readonly insight: Insight;
  readonly doorkeeper: Doorkeeper;
  readonly streams: EventStreams;
  readonly timers: TimerQueue;
}

/** Adds them. */
export function addStreams(app: OpenAPIHono, { insight, doorkeeper, streams, timers }: Streaming): void {
  const stream = (c: Context, begin: (tell: Tell) => () => void): Response => {
    if (streams.isFull) return refusal(503, 'Too many streams are open; close one.', { 'retry-after': '5' });
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
    if (c.req.method === 'HEAD') return c.body(null, 200, headers);
    const papers = papersOf(c);
    const body = streams.open({ begin, mayRead: () => doorkeeper.judge(papers) === 'in' });
    return c.body(body as ReadableStream, 200, headers);
  };

  app.openapi(routes.facts, (c) => {
    const filter = filterOf(new URL(c.req.url).searchParams);
    if (typeof filter === 'string') return refusal(400, filter) as never;
    return stream(c, (tell) => insight.facts(filter, (fact) => tell('fact', fact))) as never;
  });
  app.openapi(routes.live, (c) => {
    const { id } = c.req.valid('param');
    const found = insight.call(id);
    if (found === undefined) return noCall(id) as never;
    return stream(c, (tell) =>
      seldom(
        (changed) => insight.watch(found.call, changed),
        () => tell('changed', {}),
        timers,
      ),
    ) as never;
  });
}

const KIND = /^[A-Za-z][\w.-]{0,63}\*?$/;
const MAX_KINDS = 32;
const MAX_ATTRIBUTES = 8;
const MAX_VALUE = 512;

/** The filter that a query says, or what is wrong with it. */
export function filterOf(query: URLSearchParams): FactFilter | string {
  const kinds = query.getAll('kind');
  if (kinds.length > MAX_KINDS) return `kind: ${kinds.length} of them; send at most ${MAX_KINDS}.`;
  if (!kinds.every((kind) => kind === '*' || KIND.test(kind)))
    return 'kind: write the kind of a fact, such as call.answered, or call.*';
  const attributes: Record<string, string> = Object.create(null);
  for (const [name, value] of query) {
    if (name === 'kind') continue;
    const [, attribute] = /^where\.([A-Za-z]\w{0,63})$/.exec(name) ?? [];
    if (attribute === undefined) return 'A filter here is kind=call.* or where.NAME=VALUE; nothing else.';
    if (value.length > MAX_VALUE) return `where.${attribute}: at most ${MAX_VALUE} characters.`;
    attributes[attribute] = value;
  }
  if (Object.keys(attributes).length > MAX_ATTRIBUTES) return `where: at most ${MAX_ATTRIBUTES} attributes.`;
  return { kinds, attributes };
}

const PAUSE_MS = 200;

/** Tells the first change at once, and those of the pause after it together at its end. */
function seldom(watch: (changed: () => void) => () => void, tell: () => void, timers: TimerQueue): () => void {
  let isPausing = false;
  let isDue = false;
  let pause: ReturnType<TimerQueue['set']> | undefined;
  const rest = (): void => {
    isPausing = isDue;
    if (!isDue) return;
    isDue = false;
    tell();
    pause = timers.set(PAUSE_MS, rest);
  };
  const stop = watch(() => {
    isDue = true;
    if (!isPausing) rest();
  });
  return () => {
    stop();
    timers.clear(pause);
  };
}
