/** The description of the API (OpenAPI 3.1), made of the routes themselves. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { COOKIE } from './doorkeeper.ts';
import { factView } from './schemas/service.ts';

const ABOUT = `Shows calls, users and actors of a callweave service, and gives orders. Errors are problem+json (RFC 9457). Where the
config has an \`admin.token\`, send it as \`Authorization: Bearer TOKEN\`, or log in.`;

/** Adds /api/v1/openapi.json. */
export function describe(app: OpenAPIHono, version: string): void {
  const { openAPIRegistry: registry } = app;
  registry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'session', { type: 'apiKey', in: 'cookie', name: COOKIE });
  registry.register('Fact', factView);
  app.doc31('/api/v1/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'callweave', version, description: ABOUT, license: { name: 'MIT' } },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
  });
}
