/** What every request passes before it reaches a route, and what every answer carries. */
import { isIP } from 'node:net';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { COOKIE, type Doorkeeper, type Papers } from './doorkeeper.ts';
import { refusal } from './problem.ts';

/** Nothing but what the service itself serves is loaded, and no other page may put this one into a frame. */
const POLICY = [
  "default-src 'none'",
  ...['script', 'style', 'font', 'connect', 'worker', 'manifest'].map((what) => `${what}-src 'self'`),
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Adds the headers that browsers are held by; what a route has set itself stays. */
export const carefully: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
};

/** What a request shows of itself. */
export const papersOf = (c: Context): Papers => ({
  from: addressOf(c),
  authorization: c.req.header('authorization'),
  session: getCookie(c, COOKIE),
});

export const addressOf = (c: Context): string => getConnInfo(c).remote.address ?? '';

/** Which of our names the request is for; undefined for a name that leads to us without our knowing (DNS rebinding). */
function ownHost(header: string | undefined, names: readonly string[]): string | undefined {
  const host = header?.toLowerCase() ?? '';
  const name = host.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1');
  // Who names an address was led here by no DNS.
  return isIP(name) > 0 || name === 'localhost' || names.includes(name) ? host : undefined;
}

/** Whether another page sent it: its origin is not ours, or the browser says so (Fetch Metadata). */
function isForeign(c: Context, host: string): boolean {
  const origin = c.req.header('origin');
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== hostOf(host, origin))) return true;
  const site = c.req.header('sec-fetch-site') ?? 'none';
  // Whoever follows a link sees the answer himself; the page with the link does not.
  const isVisit = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate';
  return !isVisit && site !== 'none' && site !== 'same-origin';
}

/** As `URL` writes it, that is without the port that the scheme implies. */
const hostOf = (host: string, origin: string): string => {
  const url = `${origin.slice(0, origin.indexOf(':'))}://${host}`;
  return URL.canParse(url) ? new URL(url).host : '';
};

const FOREIGN = 'A page of another origin sent this; only the page of this service may.';
const waitHeaders = (waitMs: number): Record<string, string> => ({ 'retry-after': String(Math.ceil(waitMs / 1000)) });
/** The words for too many wrong tokens. */
export const tooMany = (waitMs: number): Response =>
  refusal(429, `Too many wrong tokens came from your address; wait ${Math.ceil(waitMs / 1000)} s.`, waitHeaders(waitMs));

/** Refuses who asks for a name that is not ours, who asks too often, and other pages. */
export const guard =
  (doorkeeper: Doorkeeper, names: readonly string[]): MiddlewareHandler =>
  async (c, next) => {
    const host = ownHost(c.req.header('host'), names);
    if (host === undefined) return refusal(421, 'This service does not know that name as its own; write it into admin.names.');
    if (!doorkeeper.sources.admits(addressOf(c)))
      return refusal(429, 'Your address sends too many requests; send at most 50 a second.', waitHeaders(1000));
    const isProgram = c.req.path.startsWith('/api/') || c.req.path === '/metrics';
    if (isProgram && isForeign(c, host)) return refusal(403, FOREIGN);
    // A form of another page could send anything else without asking first.
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (c.req.method === 'POST' && type !== 'application/json')
      return refusal(415, 'Send JSON, with content-type: application/json.');
    return next();
  };

/** Lets in who has the token or a session. */
export const locked =
  (doorkeeper: Doorkeeper): MiddlewareHandler =>
  async (c, next) => {
    const verdict = doorkeeper.judge(papersOf(c));
    if (verdict === 'in') return next();
    if (verdict !== 'unknown') return tooMany(verdict.waitMs);
    return refusal(401, 'Log in, or send the token of the config: authorization: Bearer TOKEN.', {
      'www-authenticate': 'Bearer realm="callweave"',
    });
  };
