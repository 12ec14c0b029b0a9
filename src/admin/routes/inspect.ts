/** The official inspector: the page that shows it, and the WebSocket by which it is told. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { PageFiles } from '../page-files.ts';
import type { InspectorPart } from '../parts.ts';
import { refusal } from '../problem.ts';
import type { UpgradeBindings } from '../upgrade.ts';

const NOT_BUILT = `<!doctype html><html lang="en"><title>callweave</title><h1>The page is not built</h1>
<p>Run <code>npm run build:page</code> and start the service anew.</p></html>
`;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** Only this page may show a page of somebody else's, and only that one. */
const policyFor = (page: string): string =>
  [
    "default-src 'none'",
    ...['script', 'style', 'font', 'connect'].map((what) => `${what}-src 'self'`),
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    `frame-src ${new URL(page).origin}`,
  ].join('; ');

/** Adds `/inspect`, and where it is told. */
export function addInspector(app: OpenAPIHono, inspector: InspectorPart, files: PageFiles): void {
  app.get('/inspect', (c) => {
    const file = files.get('/inspect.html');
    if (file === undefined) return c.html(NOT_BUILT, 503);
    const html = file.bytes.toString('utf8').replace('{inspector}', () => escaped(inspector.page));
    return c.html(html, 200, { 'content-security-policy': policyFor(inspector.page), 'cache-control': 'no-cache' });
  });
  app.get('/api/v1/inspect', (c) => {
    const { admit } = c.env as UpgradeBindings;
    if (admit === undefined)
      return refusal(426, 'Open a WebSocket here; a browser does so at /inspect.', {
        upgrade: 'websocket',
        connection: 'upgrade',
      });
    if (inspector.isFull()) return refusal(503, 'Too many look through the inspector at once; close one.');
    const query = new URL(c.req.url).searchParams;
    admit((send) => inspector.open(query, send));
    return c.body(null, 204);
  });
}
