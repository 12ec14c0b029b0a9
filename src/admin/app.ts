/** The HTTP door as one function from request to answer; it knows no socket. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { ZodError } from 'zod';
import { reasonOf } from '../errors.ts';
import { bodyLimit } from './body-limit.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { EventStreams } from './event-streams.ts';
import { carefully, guard, locked } from './guard.ts';
import { describe } from './openapi.ts';
import type { AppParts } from './parts.ts';
import { refusal } from './problem.ts';
import { addHealth } from './routes/health.ts';
import { addInspector } from './routes/inspect.ts';
import { addOrders } from './routes/order.ts';
import { addPage } from './routes/page.ts';
import { addReading } from './routes/read.ts';
import { addSession } from './routes/session.ts';
import { addStreams } from './routes/streams.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** What needs no login: the page itself, whether we live, and the login. */
const OPEN: readonly string[] = ['/', '/inspect', '/healthz', '/readyz', '/api/v1/session'];
const isOpenTo = (path: string): boolean => OPEN.includes(path) || path.startsWith('/assets/');

/** Makes it. */
export function createApp(parts: AppParts): OpenAPIHono {
  const { insight, orders, admission, timers, random } = parts;
  const doorkeeper = new Doorkeeper(admission.token, timers, random);
  const lock = locked(doorkeeper);
  const app = new OpenAPIHono({
    defaultHook: (result) => (result.success ? undefined : refusal(400, inWords(result.error as ZodError))),
  });
  app.use(carefully);
  app.use(guard(doorkeeper, admission.names));
  app.use((c, next) => (isOpenTo(c.req.path) ? next() : lock(c, next)));
  app.use(methodNotAllowed({ app, onMethodNotAllowed }));
  app.use(bodyLimit(MAX_BODY_BYTES));
  addHealth(app, parts);
  addSession(app, doorkeeper);
  addReading(app, insight);
  addStreams(app, { insight, doorkeeper, timers, streams: new EventStreams(timers) });
  if (orders !== undefined) addOrders(app, insight, orders);
  addPage(app, parts.page);
  if (parts.inspector !== undefined) addInspector(app, parts.inspector, parts.page);
  describe(app, insight.now().version);
  app.notFound(() => refusal(404, 'There is nothing here. The API is described at /api/v1/openapi.json.'));
  app.onError((error) => {
    if (error instanceof HTTPException) return refusal(error.status, error.message);
    parts.report(reasonOf(error));
    return refusal(500, 'Something broke in here; the log of the service says what.');
  });
  return app;
}

const MAX_ISSUES = 5;

/** One sentence for each value that is wrong. */
const inWords = ({ issues }: ZodError): string =>
  issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => `${path.length === 0 ? 'the request' : path.join('.')}: ${message}`)
    .join('; ');

/** OPTIONS tells what may be done (RFC 9110 §9.3.7); nothing of it to other origins. */
function onMethodNotAllowed({ req }: { req: { method: string } }, methods: readonly string[]): Response {
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (req.method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } });
  return refusal(405, `Here is no ${req.method}; there is ${allow}.`, { allow });
}
