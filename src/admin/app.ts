/** The HTTP door as one function from request to answer; it knows no socket. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { ZodError } from 'zod';
import { reasonOf } from '../errors.ts';
import type { AppParts } from './parts.ts';
import { refusal } from './problem.ts';
import { addHealth } from './routes/health.ts';
import { addPage } from './routes/page.ts';
import { addReading } from './routes/read.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** Makes it. */
export function createApp(parts: AppParts): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => (result.success ? undefined : refusal(400, inWords(result.error as ZodError))),
  });
  app.use(methodNotAllowed({ app, onMethodNotAllowed }));
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => refusal(413, `A body may have ${MAX_BODY_BYTES} bytes.`) }));
  addHealth(app, parts);
  addReading(app, parts.insight);
  addPage(app, parts.page);
  app.notFound(() => refusal(404, 'There is nothing here. The API is described at /api/v1/openapi.json.'));
  app.onError((error) => {
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
