/** Logging in and out: a cookie that no script can read stands for the token. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { COOKIE, type Doorkeeper, SESSION_MS } from '../doorkeeper.ts';
import { addressOf, papersOf, tooMany } from '../guard.ts';
import { apiProblem, PROBLEM_TYPE, refusal } from '../problem.ts';

const problems = { default: { description: 'What is wrong.', content: { [PROBLEM_TYPE]: { schema: apiProblem } } } };
const common = { path: '/api/v1/session', tags: ['session'], security: [] };
const session = z.strictObject({
  isOpen: z.boolean().openapi({ description: 'Nobody has to log in.' }),
  isIn: z.boolean().openapi({ description: 'Whoever asks has logged in, or need not.' }),
});

const ask = createRoute({
  ...{ ...common, method: 'get', summary: 'Whether one has to log in' },
  responses: { 200: { description: 'Whether, and whether one has.', content: { 'application/json': { schema: session } } } },
});
const logIn = createRoute({
  ...{ ...common, method: 'post', summary: 'Log in' },
  request: {
    body: { content: { 'application/json': { schema: z.strictObject({ token: z.string().max(256) }) } }, required: true },
  },
  responses: { 204: { description: 'A cookie says so from now on, for 12 hours.' }, ...problems },
});
const logOut = createRoute({
  ...{ ...common, method: 'delete', summary: 'Log out' },
  responses: { 204: { description: 'The cookie is good for nothing any more.' } },
});

/** Adds them. */
export function addSession(app: OpenAPIHono, doorkeeper: Doorkeeper): void {
  app.openapi(ask, (c) => c.json({ isOpen: doorkeeper.isOpen, isIn: doorkeeper.judge(papersOf(c)) === 'in' }, 200));
  app.openapi(logIn, (c) => {
    const found = doorkeeper.logIn(c.req.valid('json').token, addressOf(c));
    if (found === 'unknown') return refusal(401, 'This is not the token of the config.') as never;
    if ('waitMs' in found) return tooMany(found.waitMs) as never;
    setCookie(c, COOKIE, found.session, {
      ...{ path: '/', httpOnly: true, sameSite: 'Strict', maxAge: SESSION_MS / 1000 },
      secure: c.req.url.startsWith('https:'),
    });
    return c.body(null, 204);
  });
  app.openapi(logOut, (c) => {
    doorkeeper.logOut(getCookie(c, COOKIE) ?? '');
    deleteCookie(c, COOKIE, { path: '/' });
    return c.body(null, 204);
  });
}
