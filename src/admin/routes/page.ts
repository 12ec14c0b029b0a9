/** The live page: one document, and assets whose names change with what is in them. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { PageFile, PageFiles } from '../page-files.ts';
import { refusal } from '../problem.ts';

const FOR_EVER = 'public, max-age=31536000, immutable';
const NOT_BUILT = `<!doctype html><html lang="en"><title>callweave</title><h1>The live page is not built</h1>
<p>Run <code>npm run build:page</code> and start the service anew. The API is at <a href="/api/v1/now">/api/v1/now</a>.</p></html>
`;

/** Adds `/` and `/assets/*`. */
export function addPage(app: OpenAPIHono, files: PageFiles): void {
  app.get('/', (c) => {
    const index = files.get('/index.html');
    return index === undefined ? c.html(NOT_BUILT, 503) : sent(c, index, 'no-cache');
  });
  app.get('/assets/*', (c) => {
    const file = files.get(c.req.path);
    return file === undefined ? refusal(404, 'There is no such file of the page.') : sent(c, file, FOR_EVER);
  });
}

async function sent(c: Context, { type, bytes, squeezed }: PageFile, cache: string): Promise<Response> {
  const headers = { 'content-type': type, 'cache-control': cache, vary: 'accept-encoding' };
  const small = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '') ? await squeezed() : undefined;
  return small === undefined ? c.body(bytes, 200, headers) : c.body(small, 200, { ...headers, 'content-encoding': 'gzip' });
}
