/** Orders: each is answered once it was taken or refused. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Insight, Ordered, Orders } from '../../insight/insight.ts';
import { apiProblem, PROBLEM_TYPE, refusal } from '../problem.ts';
import { callParams, noCall } from './read.ts';

const MAX_URI = 256;
const MAX_ATTRIBUTES = 64;

const takes = <T>(schema: z.ZodType<T>) => ({ content: { 'application/json': { schema } }, required: true }) as const;
const problem = (description: string) => ({ description, content: { [PROBLEM_TYPE]: { schema: apiProblem } } });
const responses = {
  204: { description: 'It was taken.' },
  404: problem('There is no such call.'),
  409: problem('It was refused; the detail says why.'),
  default: problem('What is wrong.'),
};
const whom = (example: string) => z.string().trim().min(1).max(MAX_URI).openapi({ example });
const type = z.string().regex(/^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)+$/, 'write the kind of a fact, such as door.opened');

const routes = {
  hangUp: createRoute({
    ...{ method: 'post', path: '/api/v1/calls/{id}/hangup', tags: ['calls'], summary: 'End a call' },
    request: { params: callParams, body: takes(z.strictObject({})) },
    responses,
  }),
  fork: createRoute({
    ...{ method: 'post', path: '/api/v1/calls/{id}/fork', tags: ['calls'], summary: 'Ring somebody beside whoever rings' },
    request: { params: callParams, body: takes(z.strictObject({ to: whom('carol') })) },
    responses,
  }),
  pickUp: createRoute({
    ...{ method: 'post', path: '/api/v1/calls/{id}/pickup', tags: ['calls'], summary: 'Have a user take a ringing call' },
    request: { params: callParams, body: takes(z.strictObject({ by: whom('carol') })) },
    responses,
  }),
  raise: createRoute({
    ...{ method: 'post', path: '/api/v1/facts', tags: ['facts'], summary: 'Tell scenarios a fact of their own kinds' },
    request: {
      body: takes(
        z.strictObject({
          type: type.openapi({ example: 'door.opened' }),
          attributes: z.record(z.string().max(64), z.unknown()).default({}),
        }),
      ),
    },
    responses,
  }),
  removeBinding: createRoute({
    ...{ method: 'delete', path: '/api/v1/users/{id}/bindings/{device}', tags: ['users'], summary: 'Forget a phone' },
    request: {
      params: z.object({
        id: z.string().min(1).max(512).openapi({ example: 'sip:bob@example.com' }),
        device: z.string().min(1).max(2048),
      }),
    },
    responses,
  }),
};

type Order = (done: (ordered: Ordered) => void) => void;

/** Adds them. */
export function addOrders(app: OpenAPIHono, insight: Insight, orders: Orders): void {
  const inCall = async (id: string, order: (call: string) => Order): Promise<never> => {
    const found = insight.call(id);
    return (found === undefined ? noCall(id) : await outcome(order(found.call))) as never;
  };
  app.openapi(routes.hangUp, (c) => inCall(c.req.valid('param').id, (call) => (done) => orders.hangUp(call, done)));
  app.openapi(routes.fork, (c) => {
    const { to } = c.req.valid('json');
    return inCall(c.req.valid('param').id, (call) => (done) => orders.fork(call, to, done));
  });
  app.openapi(routes.pickUp, (c) => {
    const { by } = c.req.valid('json');
    return inCall(c.req.valid('param').id, (call) => (done) => orders.pickUp(call, by, done));
  });
  app.openapi(routes.raise, async (c) => {
    const fact = c.req.valid('json');
    if (Object.keys(fact.attributes).length > MAX_ATTRIBUTES)
      return refusal(400, `attributes: send at most ${MAX_ATTRIBUTES}.`) as never;
    return (await outcome((done) => orders.raise(fact, done))) as never;
  });
  app.openapi(routes.removeBinding, async (c) => {
    const { id, device } = c.req.valid('param');
    const user = insight.user(id);
    if (user === undefined) return refusal(404, `Nobody is registered or known as ${id}.`) as never;
    return (await outcome((done) => orders.removeBinding(user.aor, device, done))) as never;
  });
}

const outcome = (order: Order): Promise<Response> =>
  new Promise((resolve) => {
    order(({ refused }) => resolve(refused === undefined ? new Response(null, { status: 204 }) : refusal(409, refused)));
  });
