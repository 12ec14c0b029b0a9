import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';
import { isProblem } from '../../src/errors.ts';
import { type Log, silentLog } from '../../src/log.ts';
import { start } from '../../src/start.ts';

/** A limit for what ought to happen soon, on a busy machine. */
const SOON = { timeout: 20_000 };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The service on real sockets, which trusts 127.0.0.2 alone. */
async function running(limits: Partial<Config['limits']> = {}) {
  const env = { CALLWEAVE_LISTEN: 'tcp:127.0.0.1:0,udp:127.0.0.1:0', CALLWEAVE_DB: ':memory:', CALLWEAVE_ADMIN: 'off' };
  const preset = loadConfig({ argv: [], env, cwd: '/' }) as Config;
  const trusted = [{ address: '127.0.0.2', bits: 32 }];
  const lines: string[] = [];
  const say = (_: object, message: string) => void lines.push(message);
  const log: Log = { ...silentLog, info: say, warn: say, error: say };
  const service = await start({ ...preset, limits: { ...preset.limits, trusted, ...limits } }, log);
  if (isProblem(service)) throw new Error(service.problem);
  closing.push(() => service.stop());
  const portOf = (transport: string) => service.listening.find((one) => one.transport === transport)?.local.port ?? 0;
  return { tcp: portOf('tcp'), udp: portOf('udp'), lines, sees: () => service.service.transactions.counters };
}

interface Peer {
  readonly socket: Socket;
  text: string;
  closedAfterMs: number | undefined;
}

/** A TCP connection, which notes when it was closed. */
async function peer(port: number, localAddress = '127.0.0.1'): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  const found: Peer = { socket, text: '', closedAfterMs: undefined };
  const from = performance.now();
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    found.text += bytes.toString('latin1');
  });
  socket.on('close', () => {
    found.closedAfterMs = performance.now() - from;
  });
  socket.on('end', () => socket.destroy());
  closing.push(() => socket.destroy());
  await once(socket, 'connect');
  return found;
}

const options = (n: number, transport = 'TCP', more = ''): string =>
  [
    'OPTIONS sip:127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/${transport} 127.0.0.1:9;branch=z9hG4bKp${n};rport`,
    'Max-Forwards: 70',
    'From: <sip:stranger@elsewhere.org>;tag=1',
    'To: <sip:127.0.0.1>',
    `Call-ID: p${n}`,
    'CSeq: 1 OPTIONS',
    ...(more === '' ? [] : [more]),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

describe('connections that hold what they do not use, over real sockets', () => {
  it('a sender of one byte at a time is cut off at the limit for a whole message, not kept by its bytes', {
    timeout: 40_000,
  }, async () => {
    const { tcp } = await running();
    const slow = await peer(tcp);
    const whole = await peer(tcp);
    const bytes = options(1, 'TCP', `X-Long: ${'x'.repeat(5000)}`);
    let sent = 0;
    const timer = setInterval(() => slow.socket.write(bytes[sent++] ?? 'x'), 100);
    closing.push(() => clearInterval(timer));
    whole.socket.write(options(2));
    await vi.waitFor(() => expect(slow.closedAfterMs).toBeDefined(), { timeout: 30_000, interval: 100 });
    // 10 s, with room for a busy machine.
    expect(slow.closedAfterMs).toBeGreaterThan(9_000);
    expect(sent).toBeGreaterThan(20);
    expect(slow.text).toBe('');
    expect(whole.text).toContain('SIP/2.0 200 OK');
    expect(whole.closedAfterMs).toBeUndefined();
  });

  it('a half-open one that never said anything is closed at once', async () => {
    const { tcp } = await running();
    const half = await peer(tcp);
    half.socket.end();
    await vi.waitFor(() => expect(half.closedAfterMs).toBeDefined(), SOON);
    expect(half.closedAfterMs).toBeLessThan(9_000);
  });

  it('no more of them than allowed from one source, and others come in', async () => {
    const { tcp } = await running({ tcpConnectionsPerSource: 5 });
    const greedy = await Promise.all(Array.from({ length: 20 }, () => peer(tcp)));
    await vi.waitFor(() => expect(greedy.filter(({ closedAfterMs }) => closedAfterMs !== undefined)).toHaveLength(15), SOON);
    const other = await peer(tcp, '127.0.0.2');
    other.socket.write(options(1));
    await vi.waitFor(() => expect(other.text).toContain('200 OK'), SOON);
  });
});

describe('who is banned, over real sockets', () => {
  it('loses the connection, gets no other, and is not heard over UDP', async () => {
    const { tcp, udp, lines } = await running({ failuresBeforeBan: 3 });
    const idle = await peer(tcp);
    for (let i = 0; i < 3; i++) {
      const bad = await peer(tcp);
      bad.socket.write('no SIP at all\r\n\r\n');
      await vi.waitFor(() => expect(bad.closedAfterMs).toBeDefined(), SOON);
    }
    await vi.waitFor(() => expect(lines).toContain('source banned'), SOON);
    const again = await peer(tcp);
    again.socket.write(options(1));
    idle.socket.write(options(2));
    await vi.waitFor(() => expect([again.closedAfterMs, idle.closedAfterMs]).not.toContain(undefined), SOON);
    expect([again.text, idle.text]).toEqual(['', '']);
    const datagrams = createSocket('udp4');
    closing.push(() => datagrams.close());
    let heard = 0;
    datagrams.on('message', () => void heard++);
    datagrams.send(options(3, 'UDP'), udp, '127.0.0.1');
    const trusted = await peer(tcp, '127.0.0.2');
    trusted.socket.write(options(4));
    await vi.waitFor(() => expect(trusted.text).toContain('200 OK'), SOON);
    expect(heard).toBe(0);
  });

  it('a flood over one connection is cut to the rate while another is served', async () => {
    const { tcp, lines } = await running({ requestsPerSecondPerSource: 50 });
    const flood = await peer(tcp);
    flood.socket.write(Array.from({ length: 5000 }, (_, n) => options(n)).join(''));
    const other = await peer(tcp, '127.0.0.2');
    other.socket.write(options(1));
    await vi.waitFor(() => expect(other.text).toContain('200 OK'), SOON);
    await vi.waitFor(() => expect(lines).toContain('source over the rate limit'), SOON);
    const answered = flood.text.split('SIP/2.0 200 OK').length - 1;
    expect(answered).toBeGreaterThanOrEqual(100);
    expect(answered).toBeLessThan(2500);
  });
});
