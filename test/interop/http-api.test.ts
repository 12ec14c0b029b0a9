import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Child } from './support/child.ts';
import { describeWith } from './support/peers.ts';
import { freePort } from './support/ports.ts';
import { Service } from './support/service.ts';

const HOST = '127.0.0.1';
const TOKEN = 'tHWT7_0123456789_curl';
const PRID = 'prid-that-nobody-may-see';
const LIMIT_MS = 30_000;
const run = promisify(execFile);

let service: Service;
let url = '';
let folder = '';
let phone: Socket;
const children: Child[] = [];
/** All that curl was ever told. */
let told = '';

/** What curl prints: the answer's body, and behind it its status. */
async function curl(path: string, ...more: readonly string[]): Promise<{ status: number; body: string }> {
  const { stdout } = await run('curl', ['-s', '-m', '20', '-w', '\n%{http_code}', ...more, `${url}${path}`]);
  told += stdout;
  const at = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
}
const WITH_TOKEN = ['-H', `Authorization: Bearer ${TOKEN}`];
const POST = ['-X', 'POST', '-H', 'content-type: application/json', '-d'];

async function register(): Promise<void> {
  const { port } = phone.address();
  const contact = `<sip:u1@${HOST}:${port};pn-provider=fcm;pn-prid=${PRID};pn-param=x>`;
  const lines = [
    `REGISTER sip:${HOST} SIP/2.0`,
    `Via: SIP/2.0/UDP ${HOST}:${port};branch=z9hG4bKcurl${port}`,
    ...['Max-Forwards: 70', `From: <sip:u1@${HOST}>;tag=1`, `To: <sip:u1@${HOST}>`, 'Call-ID: curl', 'CSeq: 1 REGISTER'],
    ...[`Contact: ${contact}`, 'User-Agent: curl-phone', 'Content-Length: 0', '', ''],
  ];
  phone.send(lines.join('\r\n'), service.port, HOST);
  const [answer] = await once(phone, 'message', { signal: AbortSignal.timeout(LIMIT_MS) });
  expect(String(answer)).toMatch(/^SIP\/2\.0 200/);
}

describeWith({ curl: 'curl' }, 'the HTTP API, as curl speaks to it', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'callweave-curl-'));
    const port = await freePort();
    url = `http://${HOST}:${port}`;
    service = await Service.start(1, { auth: 'none', admin: { listen: `http:${HOST}:${port}`, token: TOKEN } });
    await service.says(/live page and HTTP API at http/);
    phone = createSocket('udp4').bind(0, HOST);
    await once(phone, 'listening');
  });
  afterAll(async () => {
    for (const child of children) await child.stop('SIGKILL');
    phone.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('asks for the token, and takes it as a header or for a cookie', async () => {
    expect(await curl('/readyz')).toEqual({ status: 200, body: '{"status":"ready"}' });
    const refused = await curl('/api/v1/now');
    expect(refused.status).toBe(401);
    expect(JSON.parse(refused.body)).toMatchObject({ status: 401, title: 'Unauthorized' });
    expect((await curl('/api/v1/now', ...WITH_TOKEN)).status).toBe(200);
    const jar = join(folder, 'jar');
    expect((await curl('/api/v1/session', ...POST, JSON.stringify({ token: TOKEN }), '-c', jar)).status).toBe(204);
    expect((await curl('/api/v1/now', '-b', jar)).status).toBe(200);
    expect((await curl('/api/v1/session', '-X', 'DELETE', '-b', jar)).status).toBe(204);
    expect((await curl('/api/v1/now', '-b', jar)).status).toBe(401);
  });

  it('follows facts while a phone registers, shows the phone, and forgets it when told to', async () => {
    const args = ['-sN', ...WITH_TOKEN, `${url}/api/v1/facts?kind=binding.*&where.aor=sip:u1@callweave`];
    const facts = new Child('curl', args, folder);
    children.push(facts);
    await facts.says(/retry: 2000/, LIMIT_MS);
    await register();
    await facts.says(/event: fact\ndata: \{.*"type":"binding\.added"/, LIMIT_MS);
    const shown = await curl('/api/v1/users/u1', ...WITH_TOKEN);
    const [binding] = JSON.parse(shown.body).bindings;
    expect(binding).toMatchObject({ userAgent: 'curl-phone', pushProvider: 'fcm', isAwake: false });
    const path = `/api/v1/users/u1/bindings/${encodeURIComponent(binding.device)}`;
    expect((await curl(path, '-X', 'DELETE', ...WITH_TOKEN)).status).toBe(204);
    await facts.says(/"type":"binding\.removed".*"why":"ordered"/, LIMIT_MS);
    expect((await curl(path, '-X', 'DELETE', ...WITH_TOKEN)).status).toBe(409);
    expect((await curl('/metrics', ...WITH_TOKEN)).body).toMatch(/^callweave_/m);
    told += facts.said;
  });

  it('is told what it asked wrongly, and refused what a page of another origin would send', async () => {
    const wrong = await curl('/api/v1/calls?limit=x', ...WITH_TOKEN);
    expect([wrong.status, JSON.parse(wrong.body).detail]).toEqual([400, expect.stringMatching(/^limit: /)]);
    expect((await curl('/api/v1/now', ...WITH_TOKEN, '-H', 'Host: evil.example')).status).toBe(421);
    expect((await curl('/api/v1/now', ...WITH_TOKEN, '-H', 'Origin: https://evil.example')).status).toBe(403);
    expect((await curl('/api/v1/calls/call:1/hangup', ...WITH_TOKEN, '-d', '{}')).status).toBe(415);
    expect((await curl('/assets/../../../package.json', '--path-as-is', ...WITH_TOKEN)).status).toBe(404);
  });

  it('hears no secret, and neither does the log', () => {
    expect(told.length).toBeGreaterThan(1000);
    for (const secret of [TOKEN, PRID]) {
      expect(told).not.toContain(secret);
      expect(service.said).not.toContain(secret);
    }
  });
});
