/** What orchestrators and Prometheus ask. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { AppParts } from '../parts.ts';
import { apiProblem, PROBLEM_TYPE, refusal } from '../problem.ts';

const DRAINING = 'The service takes no new calls: it is about to stop.';
const status = z.strictObject({ status: z.enum(['alive', 'ready']) });

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['health'],
  summary: 'Whether the process is alive',
  security: [],
  responses: { 200: { description: 'It is.', content: { 'application/json': { schema: status } } } },
});

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['health'],
  summary: 'Whether it takes new calls',
  security: [],
  responses: {
    200: { description: 'It does.', content: { 'application/json': { schema: status } } },
    503: { description: 'It is about to stop.', content: { [PROBLEM_TYPE]: { schema: apiProblem } } },
  },
});

const metrics = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['health'],
  summary: 'Numbers for Prometheus',
  responses: { 200: { description: 'In its text format.', content: { 'text/plain': { schema: z.string() } } } },
});

/** Adds /healthz, /readyz and /metrics. */
export function addHealth(app: OpenAPIHono, { isDraining, metrics: exposition }: AppParts): void {
  app.openapi(healthz, (c) => c.json({ status: 'alive' as const }, 200));
  app.openapi(readyz, (c) => (isDraining() ? (refusal(503, DRAINING) as never) : c.json({ status: 'ready' as const }, 200)));
  if (exposition === undefined) return;
  app.openapi(metrics, async (c) => c.body(await exposition.text(), 200, { 'content-type': exposition.contentType }) as never);
}
