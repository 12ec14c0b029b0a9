import { expect, it } from 'vitest';
import { adminWorld } from '../support/admin.ts';

interface Operation {
  readonly summary?: string;
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

it('the description names every route that there is, and nothing else, and all that it refers to', async () => {
  const { app, ask } = adminWorld();
  const response = await ask('GET /api/v1/openapi.json');
  expect(response.status).toBe(200);
  const text = await response.text();
  const { openapi, paths, components } = JSON.parse(text) as Description;
  expect(openapi).toBe('3.1.0');
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  const served = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`);
  const ofPage = ['GET /', 'GET /assets/*', 'GET /api/v1/openapi.json'];
  expect([...new Set(served)].filter((route) => !ofPage.includes(route)).sort()).toEqual(described.sort());
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
    expect(components.schemas).toHaveProperty(name);
  for (const name of ['Call', 'CallRow', 'Now', 'User', 'Chart', 'StateNode', 'Fact', 'Problem', 'CallJournal'])
    expect(components.schemas).toHaveProperty(name);
  for (const operation of Object.values(paths).flatMap((operations) => Object.values(operations))) {
    expect(operation.summary).toMatch(/^[A-Z]/);
    expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
  }
});
