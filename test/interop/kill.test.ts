import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { Child } from './support/child.ts';
import { freePort } from './support/ports.ts';

const HOST = '127.0.0.1';
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_MS = 30_000;
const LIMIT_MS = 30_000;
const BINDINGS = 200;
/** The first of them are phones that talk, the last ones sleep. */
const CALLS = 50;
const SLEEPING = 20;

const line = (text: string, name: string): string => new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)\\r?$`, 'im').exec(text)?.[1] ?? '';
const lines = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`^${name}[ \\t]*:.*?\\r?$`, 'gim'))].map(([found]) => found.trimEnd());
const idOf = (text: string): string => line(text, 'Call-ID');

/** A socket on which many phones live: it answers what is asked of it, and remembers what it heard. */
class Peer {
  readonly heard: string[] = [];
  readonly port: number;
  readonly #socket: Socket;
  readonly #service: number;
  /** What it says to INVITE, and its tag in all its dialogs. */
  answer = 200;
  #serial = 0;

  private constructor(socket: Socket, service: number) {
    this.#socket = socket;
    this.#service = service;
    this.port = socket.address().port;
    socket.on('message', (bytes) => this.#hear(bytes.toString('latin1')));
  }

  static async open(service: number): Promise<Peer> {
    const socket = createSocket('udp4').bind(0, HOST);
    await once(socket, 'listening');
    return new Peer(socket, service);
  }

  request(method: string, uri: string, headers: readonly string[], body = ''): string {
    this.#serial += 1;
    const via = `Via: SIP/2.0/UDP ${HOST}:${this.port};branch=z9hG4bKk${this.port}${this.#serial};rport`;
    const text = [
      `${method} ${uri} SIP/2.0`,
      via,
      'Max-Forwards: 70',
      ...headers,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    this.send(text);
    return text;
  }

  send(text: string): void {
    this.#socket.send(Buffer.from(text, 'latin1'), this.#service, HOST);
  }

  /** Resolves with the first message that starts so and has that Call-ID. */
  async hears(start: string, callId: string): Promise<string> {
    const find = () => this.heard.find((text) => text.startsWith(start) && idOf(text) === callId);
    await expect.poll(find, { timeout: LIMIT_MS, interval: 20, message: `${start} in ${callId}` }).toBeDefined();
    return find() ?? '';
  }

  #hear(text: string): void {
    this.heard.push(text);
    const method = text.slice(0, text.indexOf(' '));
    if (method === 'SIP/2.0' || method === 'ACK') return;
    const status = method === 'INVITE' ? this.answer : 200;
    const to = `To: ${line(text, 'To')}${/;tag=/.test(line(text, 'To')) ? '' : `;tag=t${this.port}`}`;
    const kept = [
      ...lines(text, 'Via'),
      `From: ${line(text, 'From')}`,
      to,
      `Call-ID: ${idOf(text)}`,
      `CSeq: ${line(text, 'CSeq')}`,
    ];
    this.send(
      [`SIP/2.0 ${status} Said`, ...kept, `Contact: <sip:peer@${HOST}:${this.port}>`, 'Content-Length: 0', '', ''].join('\r\n'),
    );
  }

  close(): void {
    this.#socket.close();
  }
}

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const name = (n: number): string => `phone${n}`;
const uri = (n: number): string => `sip:${name(n)}@${HOST}`;
const isSleeping = (n: number): boolean => n >= BINDINGS - SLEEPING;
const all = Array.from({ length: BINDINGS }, (_, n) => n);
const talking = all.slice(0, CALLS);
const sleeping = all.filter(isSleeping);

async function register(phones: Peer, n: number, cseq: number): Promise<void> {
  const pn = isSleeping(n) ? `;pn-provider=fcm;pn-prid=${name(n)}` : '';
  const callId = `register-${n}`;
  phones.request('REGISTER', `sip:${HOST}`, [
    `From: <${uri(n)}>;tag=r${n}`,
    `To: <${uri(n)}>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} REGISTER`,
    `Contact: <sip:${name(n)}@${HOST}:${phones.port}${pn}>`,
    'Expires: 3600',
  ]);
  await expect
    .poll(
      () =>
        phones.heard.some(
          (text) => text.startsWith('SIP/2.0 200') && idOf(text) === callId && line(text, 'CSeq') === `${cseq} REGISTER`,
        ),
      { timeout: LIMIT_MS, interval: 20 },
    )
    .toBe(true);
}

const invite = (caller: Peer, n: number, callId: string): string =>
  caller.request('INVITE', uri(n), [
    'From: <sip:stranger@elsewhere.example>;tag=c',
    `To: <${uri(n)}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 INVITE',
    `Contact: <sip:stranger@${HOST}:${caller.port}>`,
  ]);

/** A request inside a dialog, of whoever got that message in it. */
const inDialog = (peer: Peer, method: string, cseq: number, target: string, from: string, to: string, callId: string): string =>
  peer.request(method, target, [`From: ${from}`, `To: ${to}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`]);
const contactIn = (text: string): string => /<([^>]+)>/.exec(line(text, 'Contact'))?.[1] ?? '';

it('kill -9 with calls, waits and bindings: all bindings ring after the restart, and old dialogs are told that they are over', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'callweave-kill-'));
  ends.push(() => rmSync(dir, { recursive: true, force: true }));
  const port = await freePort();
  const config = join(dir, 'callweave.yaml');
  const settings = {
    listen: [`udp:${HOST}:${port}`],
    auth: 'none',
    admin: 'off',
    store: { path: './bindings.sqlite' },
    log: { format: 'json' },
    push: { wakeLimitSeconds: 120 },
  };
  writeFileSync(config, JSON.stringify({ ...settings, limits: { overloadLagMs: 10_000, trusted: ['127.0.0.0/8'] } }));
  const start = async (): Promise<Child> => {
    const child = new Child(process.execPath, [MAIN, '--config', config], dir);
    ends.push(() => child.stop('SIGKILL'));
    await child.says(/listening on udp/, START_MS);
    return child;
  };
  const before = await start();
  const [phones, caller] = [await Peer.open(port), await Peer.open(port)];
  ends.push(
    () => phones.close(),
    () => caller.close(),
  );
  for (const n of all) await register(phones, n, 1);

  const dialogs = await Promise.all(
    talking.map(async (n) => {
      const callId = `talk-${n}`;
      invite(caller, n, callId);
      const ok = await caller.hears('SIP/2.0 200', callId);
      const ack = ['From: <sip:stranger@elsewhere.example>;tag=c', `To: ${line(ok, 'To')}`, `Call-ID: ${callId}`, 'CSeq: 1 ACK'];
      caller.request('ACK', contactIn(ok), ack);
      return { callId, ok };
    }),
  );
  const legs = phones.heard.filter((text) => text.startsWith('INVITE'));
  expect(new Set(legs.map(idOf)).size).toBe(CALLS);
  for (const leg of legs) await phones.hears('ACK', idOf(leg));
  const waiting = sleeping.map((n) => ({ n, callId: `wait-${n}`, text: invite(caller, n, `wait-${n}`) }));
  for (const { callId } of waiting) await caller.hears('SIP/2.0 182', callId);

  await before.stop('SIGKILL');
  phones.heard.length = 0;
  caller.heard.length = 0;
  const after = await start();
  await after.says(new RegExp(`${BINDINGS} bindings restored`), LIMIT_MS);

  // Both parties of each old call go on as if nothing had been: both are told.
  for (const { callId, ok } of dialogs)
    inDialog(caller, 'INFO', 2, contactIn(ok), '<sip:stranger@elsewhere.example>;tag=c', line(ok, 'To'), callId);
  for (const leg of new Map(legs.map((text) => [idOf(text), text])).values())
    inDialog(phones, 'BYE', 1, contactIn(leg), `${line(leg, 'To')};tag=t${phones.port}`, line(leg, 'From'), idOf(leg));
  for (const { callId } of dialogs) await caller.hears('SIP/2.0 481', callId);
  for (const leg of legs) await phones.hears('SIP/2.0 481', idOf(leg));

  // Callers who waited: one gives up (nothing is left to cancel), the others' INVITE comes again and is a call.
  const [impatient, ...patient] = waiting;
  if (impatient === undefined) throw new Error('nobody waits');
  caller.send(impatient.text.replace(/^INVITE/, 'CANCEL').replace('CSeq: 1 INVITE', 'CSeq: 1 CANCEL'));
  await caller.hears('SIP/2.0 481', impatient.callId);
  for (const { text } of patient) caller.send(text);
  for (const { callId } of patient) await caller.hears('SIP/2.0 182', callId);

  // Every binding rings: those who sleep once they register, which the calls wait for.
  phones.answer = 486;
  for (const n of all.filter((n) => !isSleeping(n))) {
    invite(caller, n, `again-${n}`);
    await caller.hears('SIP/2.0 486', `again-${n}`);
  }
  await Promise.all(
    patient.map(async ({ n, callId }) => {
      await register(phones, n, 2);
      await caller.hears('SIP/2.0 486', callId);
    }),
  );
  invite(caller, impatient.n, 'again-impatient');
  await caller.hears('SIP/2.0 182', 'again-impatient');
  await register(phones, impatient.n, 2);
  await caller.hears('SIP/2.0 486', 'again-impatient');
  const rung = new Set(phones.heard.filter((text) => text.startsWith('INVITE')).map((text) => /sip:(\w+)@/.exec(text)?.[1]));
  expect(rung).toEqual(new Set(all.map(name)));

  expect(after.running).toBe(true);
  expect(after.said).not.toMatch(/"level":"(error|fatal)"/);
}, 170_000);
