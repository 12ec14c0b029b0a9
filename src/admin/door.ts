/** The HTTP door for operators, the live page and other programs, open on a socket. */
import type { Server, ServerOptions } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { type Problem, problem, reasonOf } from '../errors.ts';
import { createApp } from './app.ts';
import { type DoorAddress, type DoorCertificates, listen } from './listener.ts';
import type { AppParts } from './parts.ts';
import { refusal } from './problem.ts';
import { Upgrades } from './upgrade.ts';

export interface DoorParts extends AppParts {
  /** How slow and how large requests may be; by default as `LIMITS` says. */
  readonly limits?: ServerOptions;
  readonly address: DoorAddress;
  readonly certificates: DoorCertificates | undefined;
}

/** A door that is open. */
export interface Door {
  /** `http://127.0.0.1:8060` */
  readonly url: string;
  close(): Promise<void>;
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use',
  EACCES: 'ports below 1024 are not for this user',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** Opens it, or says in one line what is in the way. */
export async function openDoor(parts: DoorParts): Promise<Door | Problem> {
  const { scheme, host, port } = parts.address;
  const app = createApp(parts);
  const answer = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // What the adapter cannot make a request of.
    errorHandler: (error) => refusal(400, `This is no request: ${reasonOf(error)}.`),
  });
  const listener = await listen(parts.address, parts.certificates, answer, parts.limits);
  const inUrl = host.includes(':') ? `[${host}]` : host;
  if ('code' in listener) return problem(`cannot listen on ${scheme}:${inUrl}:${port}: ${WHY[listener.code] ?? listener.code}`);
  listener.server.on('error', (error) => parts.report(reasonOf(error)));
  const upgrades = parts.inspector && openUpgrades(listener.server, app, parts);
  return {
    url: `${scheme}://${inUrl}:${listener.port}`,
    close: () => {
      upgrades?.close();
      return listener.close();
    },
  };
}

const openUpgrades = (server: Server, app: OpenAPIHono, { timers, report }: AppParts): Upgrades =>
  new Upgrades(server, {
    answer: (request, bindings) => app.fetch(request, bindings),
    timers,
    report: (error) => report(reasonOf(error)),
  });
