import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { table } from '../../src/cli/operating/table.ts';
import { instantOf, lengthOf } from '../../src/cli/operating/words.ts';
import type { CallRow, CallView, FactView, UserView } from '../../src/insight/model.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';

/** Stands in for a service's HTTP API. */
const TOKEN = 'a-token-of-sixteen';
const AT = Date.UTC(2026, 10, 22, 21, 40, 1);
let server: Server;
let url = '';
let asked: { line: string; token: string | undefined; type: string | undefined; body: string }[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

const row: CallRow = {
  ...{ call: 'call:7', caller: 'sip:alice@example.com', callee: 'sip:bob@example.com', callerName: 'Alice \u001b[2J' },
  ...{ outcome: 'failed', state: 'over', startedAt: AT, answeredAt: null, endedAt: AT + 30_500, status: 480 },
  ...{ why: 'Bob’s phones did not answer', callId: 'abc@10.0.0.1' },
};
const view: CallView = {
  ...row,
  parties: [{ leg: 'leg:7/0', name: 'Alice', aor: row.caller, device: '', remote: '10.0.0.1:5062' }],
  actors: [
    {
      ...{ address: 'call:7', scenario: 'call', bornAt: AT, endedAt: AT + 30_500, state: 'over' },
      path: [
        { at: AT, state: 'offering', event: '', n: 1 },
        { at: AT + 30_500, state: 'over', event: 'leg.failed', n: 9 },
      ],
    },
  ],
  entries: [],
  messages: [
    {
      ...{ at: AT + 20, isIncoming: true, transport: 'udp', remote: '10.0.0.1:5062', label: 'INVITE', callId: 'abc@10.0.0.1' },
      ...{ leg: 'leg:7/0', text: 'INVITE sip:bob@example.com SIP/2.0\r\nSubject: \u0007bell\r\n\r\n' },
    },
  ],
  messagesCut: 3,
  story: [
    { at: AT + 20, text: 'Bob’s mobile was pushed', tone: 'plain', n: 3 },
    { at: AT + 30_500, text: 'nobody answered in 30 s', tone: 'end', n: 9 },
  ],
  related: ['call:8'],
};
const user: UserView = {
  ...{ aor: 'sip:bob@example.com', user: 'bob', awake: 0, asleep: 1, expiresAt: AT, calls: 0 },
  ...{ bindings: [], recent: [row] },
  pushes: [{ at: AT, device: 'pn-1', provider: 'apns', call: 'call:7', came: 'failed', afterMs: 120, why: 'BadDeviceToken' }],
};

const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
};

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => {
      body += bytes;
    });
    request.on('end', () => {
      const { authorization: token, 'content-type': type } = request.headers;
      asked.push({ line: `${request.method} ${request.url}`, token, type, body });
      answer(request, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
});

interface Around {
  columns?: number;
  env?: Record<string, string>;
  cwd?: string;
}
const run = (name: string, args: readonly string[] = [], around: Around = {}) => runAs(name, ['--url', url, ...args], around);
async function runAs(name: string, args: readonly string[], around: Around) {
  const command = COMMANDS.find((one) => one.name === name);
  const [said, complained]: [string[], string[]] = [[], []];
  const code = await command?.run({
    args,
    env: around.env ?? {},
    cwd: around.cwd ?? '/',
    columns: around.columns,
    say: (line) => void said.push(line),
    complain: (line) => void complained.push(line),
  });
  return { code, said, complained };
}

describe('commands that read', () => {
  it('calls: a table that fits the terminal, what is searched, and JSON as it came', async () => {
    answer = (_, response) => json(response, { rows: [row], total: 12 });
    const wide = await run('calls', ['--search', 'bob &c', '--limit', '1']);
    expect(asked[0]?.line).toBe('GET /api/v1/calls?search=bob+%26c&limit=1');
    expect(wide).toMatchObject({ code: 0, complained: [] });
    expect(wide.said[0]).toMatch(/^call {4}began +lasted +caller +callee +outcome +why$/);
    expect(wide.said[1]).toMatch(
      /^call:7 {2}2026-11-2\d \d\d:40:01 {2}30 s +sip:alice@example\.com .* failed 480 {2}Bob’s phones did not answer$/,
    );
    expect(wide.said[2]).toBe('1 of 12 calls; --search and --limit show others');
    const narrow = await run('calls', [], { columns: 80 });
    for (const line of narrow.said) expect(line.length).toBeLessThanOrEqual(80);
    expect(narrow.said[1]).toContain('…');
    expect(narrow.said[1]).toContain('failed 480');
    expect((await run('calls', ['--json'])).said).toEqual([JSON.stringify({ rows: [row], total: 12 })]);
    answer = (_, response) => json(response, { rows: [], total: 0 });
    expect((await run('calls')).said).toEqual(['no calls']);
  });

  it('call: everything of it, and nothing that a terminal would obey', async () => {
    answer = (_, response) => json(response, view);
    const { said, code } = await run('call', ['7']);
    expect(code).toBe(0);
    expect(asked[0]?.line).toBe('GET /api/v1/calls/call%3A7');
    const text = said.join('\n');
    expect(text).toContain('call:7  sip:alice@example.com ("Alice ·[2J") → sip:bob@example.com');
    expect(text).toContain('failed 480 after 30 s: Bob’s phones did not answer');
    expect(text).toMatch(/call:7 {3}call {3}over \(ended\) {2}0\.00 s {2}offering → over/);
    expect(text).toMatch(/0\.02 s {2}← {2}INVITE {3}leg:7\/0 {2}udp 10\.0\.0\.1:5062/);
    expect(text).toContain('3 more were not kept');
    expect(text).toContain('Goes on with call:8');
    const full = await run('call', ['abc@10.0.0.1', '--messages']);
    expect(asked[1]?.line).toBe('GET /api/v1/calls/abc%4010.0.0.1');
    expect(full.said).toContain('  Subject: ·bell');
    expect(JSON.stringify([said, full.said])).not.toMatch(/\\u00(?:1b|07)/);
    answer = (_, response) => json(response, { callweave: 'journal' });
    expect((await run('call', ['7', '--journal'])).said).toEqual(['{"callweave":"journal"}']);
    expect(asked[2]?.line).toBe('GET /api/v1/calls/call%3A7/journal');
  });

  it('story: one line a sentence, wrapped where the terminal ends', async () => {
    answer = (_, response) => json(response, view);
    expect((await run('story', ['call:7'])).said).toEqual([
      '0.02 s   Bob’s mobile was pushed',
      '  30 s = nobody answered in 30 s',
    ]);
    expect((await run('story', ['call:7'], { columns: 31 })).said).toEqual([
      '0.02 s   Bob’s mobile was',
      '         pushed',
      '  30 s = nobody answered in 30',
      '         s',
    ]);
    const [line = ''] = (await run('story', ['7', '--json'])).said;
    expect(JSON.parse(line)).toEqual({ call: 'call:7', outcome: 'failed', why: row.why, story: view.story });
  });

  it('users and user', async () => {
    answer = (_, response) => json(response, { rows: [user], total: 1 });
    expect((await run('users')).said).toEqual([
      'user  address of record    asleep  expires in',
      'bob   sip:bob@example.com  1       0.00 s',
    ]);
    answer = (_, response) => json(response, user);
    const { said } = await run('user', ['bob']);
    expect(said[0]).toBe('bob  sip:bob@example.com');
    expect(said).toContain('No phone is registered');
    expect(said.join('\n')).toMatch(/call:7 {2}apns {2}failed: BadDeviceToken {2}0\.12 s {2}pn-1/);
    expect(asked[1]?.line).toBe('GET /api/v1/users/bob');
  });
});

describe('commands that order', () => {
  it('hangup, fork, pickup and raise send what they were told', async () => {
    answer = (_, response) => response.writeHead(204).end();
    expect(await run('hangup', ['7'])).toEqual({ code: 0, said: ['call:7 is ended'], complained: [] });
    await run('fork', ['call:7', 'carol']);
    await run('pickup', ['7', 'carol', '--json']);
    await run('raise', ['door.opened', 'door=front door', 'times:=3', 'open:=true', 'empty=']);
    expect(asked.map(({ line, body, type }) => [line, type, JSON.parse(body)])).toEqual([
      ['POST /api/v1/calls/call%3A7/hangup', 'application/json', {}],
      ['POST /api/v1/calls/call%3A7/fork', 'application/json', { to: 'carol' }],
      ['POST /api/v1/calls/call%3A7/pickup', 'application/json', { by: 'carol' }],
      [
        'POST /api/v1/facts',
        'application/json',
        { type: 'door.opened', attributes: { door: 'front door', times: 3, open: true, empty: '' } },
      ],
    ]);
  });

  it('an order that was refused is one line and exit code 1', async () => {
    answer = (_, response) =>
      json(response, { type: 'about:blank', title: 'Refused', status: 409, detail: 'call:7 is over' }, 409);
    expect(await run('hangup', ['7'])).toEqual({ code: 1, said: [], complained: ['call:7 is over'] });
  });

  it('raise says which attribute it cannot read, and asks nobody', async () => {
    for (const [word, why] of [
      ['door', /^"door" is no attribute; write name=text, or name:=5/],
      ['times:=three', /^"times:=three" is no JSON behind :=/],
    ] as const) {
      const { code, complained } = await run('raise', ['door.opened', word]);
      expect([code, complained]).toEqual([78, [expect.stringMatching(why)]]);
    }
    expect(asked).toEqual([]);
  });
});

describe('the way to the service', () => {
  const problem = { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'a token is needed' };

  it('sends the token of the environment or of the option, and says what is missing', async () => {
    answer = ({ headers }, response) =>
      headers.authorization === `Bearer ${TOKEN}` ? json(response, { rows: [], total: 0 }) : json(response, problem, 401);
    expect((await run('calls', [], { env: { CALLWEAVE_TOKEN: TOKEN } })).code).toBe(0);
    expect((await run('calls', ['--token', TOKEN], { env: { CALLWEAVE_TOKEN: 'other' } })).code).toBe(0);
    expect(await run('calls')).toEqual({
      ...{ code: 77, said: [] },
      complained: [`${url} refuses: a token is needed; give its token by CALLWEAVE_TOKEN, --token or --config`],
    });
    const wrong = await run('calls', ['--token', 'not-this-token-but-another']);
    expect(wrong.complained).toEqual([`${url} refuses: a token is needed; this is not its token`]);
    expect(wrong.complained.join()).not.toContain('not-this');
  });

  it('finds door and token in the config, the one that is named or that lies here', async () => {
    answer = (_, response) => json(response, { rows: [], total: 0 });
    const cwd = mkdtempSync(join(tmpdir(), 'callweave-door-'));
    try {
      const write = (name: string, text: string) => writeFileSync(join(cwd, name), `auth: none\n${text}\n`);
      write('callweave.yaml', `admin: { listen: "${url.replace('//', '')}", token: ${TOKEN} }`);
      write('every.yaml', `admin: { listen: "http:0.0.0.0:${new URL(url).port}", token: ${TOKEN} }`);
      write('off.yaml', 'admin: off');
      write('wrong.yaml', 'admin: { tokn: 1 }');
      for (const args of [[], ['--config', 'every.yaml']]) expect((await runAs('calls', args, { cwd })).code).toBe(0);
      expect((await runAs('calls', ['--token', 'another-one-of-mine'], { cwd })).code).toBe(0);
      expect(asked.map(({ token }) => token)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`, 'Bearer another-one-of-mine']);
      const off = await runAs('calls', ['--config', 'off.yaml'], { cwd });
      expect(off).toMatchObject({ code: 78, complained: [expect.stringMatching(/off\.yaml has admin: off, so that nobody/)] });
      const wrong = await runAs('calls', ['--config', 'wrong.yaml'], { cwd });
      expect(wrong).toMatchObject({ code: 78, complained: [expect.stringMatching(/wrong\.yaml:2: admin\.tokn: unknown key/)] });
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  it('does not follow where a redirect leads, and takes no page for an answer', async () => {
    answer = (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    expect(await run('calls', ['--token', TOKEN])).toMatchObject({ code: 69, said: [] });
    answer = (_, response) => response.writeHead(502).end('<html>Bad Gateway</html>');
    expect(await run('calls')).toEqual({ code: 69, said: [], complained: [`${url} answered with status 502`] });
    answer = (_, response) => response.writeHead(200).end('<html>');
    expect((await run('calls')).code).toBe(69);
  });

  it('says in one line where nobody answers, and what an argument should be', async () => {
    const closed = createServer();
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
    const free = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
    await new Promise((done) => closed.close(done));
    const gone = await run('calls', ['--url', `${free}/`]);
    expect(gone).toEqual({
      ...{ code: 69, said: [] },
      complained: [
        `the service does not answer at ${free}: nobody listens there; start it, or say where it is by --url or --config`,
      ],
    });
    expect((await run('calls', ['--url', 'ftp://x'])).complained).toEqual([
      '--url ftp://x is no address; write one such as http://127.0.0.1:8060; write callweave calls [--search TEXT]',
    ]);
    expect((await run('story')).complained).toEqual(['a word is missing; write callweave story ID']);
    expect((await run('story', ['7', '8'])).complained).toEqual(['"8" is one word too many; write callweave story ID']);
    expect((await run('hangup', ['7', '--now'])).code).toBe(78);
  });
});

describe('watch', () => {
  const fact = (n: number): FactView => ({
    ...{ seq: n, at: AT + n, by: 'port:sip', cause: 0, type: 'call.offered', call: 'call:7' },
    attributes: { call: 'call:7', caller: 'sip:alice@example.com', dialled: 'a "b"', code: '', depth: 2 },
  });

  it('tells facts one line each, whatever the pieces they come in, and opens the stream again when it was lost', async () => {
    let times = 0;
    answer = (_, response) => {
      times++;
      if (times === 3) return json(response, { title: 'Gone', status: 410, detail: 'no more' }, 410);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const text = `: hello\n\nevent: fact\r\ndata: ${JSON.stringify(fact(times))}\r\n\r\n`;
      response.write(text.slice(0, 40));
      setTimeout(() => response.end(text.slice(40)), 20);
    };
    const { said, complained, code } = await run('watch', ['call.*', 'leg.*', 'caller=sip:a=b']);
    expect(asked[0]?.line).toBe('GET /api/v1/facts?kind=call.*&kind=leg.*&where.caller=sip%3Aa%3Db');
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(
      /^\d\d:40:01\.001 {2}call\.offered {2}call:7 {2}caller=sip:alice@example\.com {2}dialled="a \\"b\\"" {2}depth=2$/,
    );
    expect(complained.filter((line) => line.startsWith('lost the service'))).toHaveLength(2);
    expect([code, complained.at(-1)]).toEqual([1, 'no more']);
  });
});

describe('words and tables', () => {
  it('lengths and instants', () => {
    expect([20, 9_999, 12_300, 245_000, 7_380_000, -5].map(lengthOf)).toEqual([
      ...['0.02 s', '10.00 s', '12 s', '4 min 05 s', '2 h 03 min', '0.00 s'],
    ]);
    expect(instantOf(AT, AT + 1000)).toMatch(/^\d\d:40:01$/);
    expect(instantOf(AT, AT + 86_400_000)).toMatch(/^2026-11-2\d \d\d:40:01$/);
  });

  it('leaves empty columns out, and never cuts what is to be whole', () => {
    const columns = [
      { title: 'id', of: (row: string[]) => row[0] ?? '', whole: true as const },
      { title: 'text', of: (row: string[]) => row[1] ?? '' },
      { title: 'none', of: () => '' },
    ];
    expect(table(columns, [['0123456789', 'abcdefghijkl']], 20)).toEqual(['id          text', '0123456789  abcdefg…']);
    expect(table(columns, [['0123456789', 'abcdefghijkl']], 5)).toEqual(['id          text', '0123456789  abcde…']);
  });
});

it('tells of a call of the real service what the README shows', async () => {
  const world = serviceWorld({ insight: true });
  const push = { provider: 'apns', prid: 'token-of-bobs-mobile', param: 'TEAM.app.voip' };
  const [alice, desk] = [
    world.phone('alice'),
    world.phone('desk', { user: 'bob', onInvite: { decline: 486, declineAfterMs: 2_000 } }),
  ];
  const mobile = world.phone('mobile', { user: 'bob', push, onInvite: { ringAfterMs: 100 } });
  for (const phone of [alice, desk, mobile]) phone.register();
  world.run(500);
  world.sleepUntilPushed(mobile, push.prid, { afterMs: 3_000 });
  const call = alice.call('bob');
  world.run(12_000);
  call.cancel();
  expectQuiet(world);
  answer = (_, response) => json(response, world.service.service.insight?.call('call:1'));
  const { said } = await run('story', ['1']);
  const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  expect(readme).toContain(`$ npm start --silent -- story 1\n${said.join('\n')}\n`);
});
