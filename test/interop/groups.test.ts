import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, SIPP } from './support/peers.ts';
import { Service, type User } from './support/service.ts';
import { headerOf, onStage } from './support/stage.ts';

const GROUP: User = { name: 'support', password: '' };
const users = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`u${n}`, { password: `secret-${n}` }]));
const [alice, bob, carol, dan, absent] = [1, 2, 3, 4, 5].map((n): User => ({ name: `u${n}`, password: `secret-${n}` })) as [
  User,
  User,
  User,
  User,
  User,
];
const TOLD_LIMIT_MS = 15_000;

let service: Service;
let web: Server;
const told: { path: string; headers: object; body: Record<string, unknown> }[] = [];

beforeAll(async () => {
  web = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      told.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(body) });
      // Busy at first: it is tried again.
      response.writeHead(told.length === 1 ? 503 : 201).end('{}');
    });
  });
  await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/hooks`;
  service = await Service.start(0, {
    users: { ...users, support: { phone: false, displayName: 'Support' } },
    http: { targets: { chat: { url, headers: { authorization: 'Bearer key' } } } },
    scenarios: [
      {
        use: 'ring-group',
        settings: { group: 'support', members: ['u2', 'u3', 'u4'], strategy: 'inTurn', ringSeconds: 3, label: 'Support' },
      },
      { use: 'missed-call', settings: { target: 'chat', path: 'missed', afterSeconds: 1, callees: ['u5', 'support'] } },
    ],
  });
});
afterAll(async () => {
  await service?.stop();
  web.closeAllConnections();
  await new Promise((done) => web.close(done));
});
const stage = (play: Parameters<typeof onStage>[1]) => onStage(() => service, play);

async function isTold(count: number): Promise<void> {
  await expect.poll(() => told.length, { timeout: TOLD_LIMIT_MS }).toBeGreaterThanOrEqual(count);
}

describeWith(SIPP, 'groups and missed calls', () => {
  it(
    'hunts from a phone that is busy over one that does not answer to one that does',
    stage(async ({ sipp, phone }) => {
      const busy = await phone('callee-declines', { user: bob });
      const slow = await phone('callee', { user: carol, pauseMs: 60_000 });
      const free = await phone('callee', { user: dan, pauseMs: 200 });
      const caller = await sipp('caller', { user: alice, to: GROUP, pauseMs: 500 });
      await caller.done();
      await free.got('BYE');
      expect(busy.received('INVITE')).toHaveLength(1);
      await slow.got('CANCEL');
      const invite = free.received('INVITE')[0] ?? '';
      expect(headerOf(invite, 'from')).toMatch(/^"Support/);
      expect(headerOf(invite, 'to')).toContain('sip:support@');
      expect(headerOf(invite, 'diversion')).toBe('');
    }),
  );

  it(
    'tells a web server of a call to somebody who is not there, and again when that was busy',
    stage(async ({ sipp }) => {
      await (await sipp('caller-fails-480', { user: alice, to: absent })).done();
      await isTold(2);
      expect(told[1]).toMatchObject({
        path: '/hooks/missed',
        headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
        body: { event: 'missed-call', count: 1, why: 'unreachable' },
      });
      expect(told[1]?.body.callee).toContain('u5@');
      expect(service.said).not.toContain('Bearer');
    }),
  );
});
