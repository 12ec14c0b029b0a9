import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { ListenerSettings } from '../../src/transport/endpoint.ts';
import type { SocketParts } from '../../src/transport/sockets.ts';
import type { Endpoint } from '../../src/transport/transport.ts';
import { certificates, closing, fixture, listening, watch } from '../support/sockets.ts';

const WS: ListenerSettings = { transport: 'ws', host: '127.0.0.1', port: 0 };
const WSS: ListenerSettings = { transport: 'wss', host: '127.0.0.1', port: 0 };
/** Without Content-Length, as RFC 7118 §5 allows. */
const MESSAGE = 'OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/WS x.invalid\r\n\r\n';
const own = { admitsOrigin: (origin: string) => origin === 'https://app.test' };

function open(
  to: Endpoint,
  {
    path = '/',
    scheme = 'ws',
    protocols = ['sip'],
    ...options
  }: ClientOptions & { path?: string; scheme?: string; protocols?: string[] } = {},
) {
  const socket = new WebSocket(`${scheme}://${to.host}:${to.port}${path}`, protocols, {
    ca: readFileSync(fixture('ca.pem')),
    ...options,
  });
  const peer = { socket, got: [] as { text: string; isBinary: boolean }[], code: 0, error: '' };
  socket.on('message', (data, isBinary) => peer.got.push({ text: (data as Buffer).toString('latin1'), isBinary }));
  socket.on('error', (error) => {
    peer.error = error.message;
  });
  socket.on('close', (code) => {
    peer.code = code;
  });
  closing.push(() => socket.terminate());
  return { ...peer, peer, opened: once(socket, 'open') };
}

const opened = async (listeners: ListenerSettings[], more: Partial<SocketParts> = {}) => {
  const world = await listening(listeners, { websocket: own, ...more });
  return world;
};

describe('SIP over WebSocket', () => {
  it.each([
    ['ws', WS],
    ['wss', WSS],
  ])('over %s passes a message for each frame, text and binary', async (scheme, settings) => {
    const { heard, local, sockets } = await opened([settings], certificates());
    const { socket, peer, opened: isOpen } = open(local, { scheme });
    await isOpen;
    expect(socket.protocol).toBe('sip');
    socket.send(MESSAGE);
    socket.send(Buffer.from(`${MESSAGE}\xff`, 'latin1'));
    await vi.waitFor(() => expect(heard.messages.map(({ text }) => text)).toEqual([MESSAGE, `${MESSAGE}\xff`]));
    const flow = heard.messages[0]?.flow;
    expect(flow).toMatchObject({ transport: scheme, reliable: true, secure: scheme === 'wss', open: true, local });
    expect(sockets.flowById(flow?.id ?? '')).toBe(flow);
    flow?.send('plain');
    flow?.send('\xc3\xa4');
    flow?.send('\xe4');
    await vi.waitFor(() =>
      expect(peer.got).toEqual([
        { text: 'plain', isBinary: false },
        { text: '\xc3\xa4', isBinary: false },
        // No UTF-8: as text it would end the connection.
        { text: '\xe4', isBinary: true },
      ]),
    );
    expect(sockets.flowTo('ws', { host: '127.0.0.1', port: 9 })).toBeUndefined();
    expect(sockets.flowTo('wss', { host: '127.0.0.1', port: 9 })).toBeUndefined();
    socket.close();
    await vi.waitFor(() => expect(heard.failures.map((one) => one.flow)).toEqual([flow]));
    expect(sockets.flowById(flow?.id ?? '')).toBeUndefined();
  });

  it('answers a CRLF ping, and shows keep-alives to nobody', async () => {
    const { heard, local } = await opened([WS]);
    const { socket, peer, opened: isOpen } = open(local);
    await isOpen;
    for (const noise of ['\r\n\r\n', '\r\n', '']) socket.send(noise);
    socket.send(MESSAGE);
    await vi.waitFor(() => expect(heard.messages).toHaveLength(1));
    expect(peer.got.map(({ text }) => text)).toEqual(['\r\n']);
  });

  it('closes a connection with a frame too large, and says so', async () => {
    const { heard, local } = await opened([WS]);
    const { socket, peer, opened: isOpen } = open(local);
    await isOpen;
    socket.send('x'.repeat(65_537));
    await vi.waitFor(() => expect(peer.code).toBe(1009));
    expect(heard.messages).toEqual([]);
    await vi.waitFor(() => expect(heard.failures[0]?.why).toContain('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'));
  });

  it('closes a connection that says nothing, and one whose peer answers no ping', async () => {
    const { heard, local, timers } = await opened([WS], { streams: { stallMs: 100, pingMs: 100 } });
    const silent = open(local);
    const alive = open(local);
    const gone = open(local, { autoPong: false });
    await Promise.all([silent.opened, alive.opened, gone.opened]);
    alive.socket.send(MESSAGE);
    gone.socket.send(MESSAGE);
    await vi.waitFor(
      () => expect(heard.failures.map(({ why }) => why).sort()).toEqual(['no message came', 'no pong came']),
      3_000,
    );
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
    alive.socket.terminate();
    await vi.waitFor(() => expect(timers.size).toBe(0));
  });

  it('closes a connection whose peer does not read', async () => {
    const { heard, local } = await opened([WS], { streams: { maxQueuedBytes: 100_000 } });
    const { socket, opened: isOpen } = open(local);
    await isOpen;
    socket.send(MESSAGE);
    await vi.waitFor(() => expect(heard.messages).toHaveLength(1));
    socket.pause();
    const flow = heard.messages[0]?.flow;
    for (let n = 0; n < 10_000 && flow?.open; n++) flow.send('x'.repeat(10_000));
    await vi.waitFor(() => expect(heard.failures).toEqual([{ flow, why: 'the peer does not read' }]));
  });
});

describe('the handshake', () => {
  it.each([
    ['without the subprotocol sip', { protocols: [] }, 400],
    ['for another subprotocol', { protocols: ['xmpp'] }, 400],
    ['from a page of another origin', { origin: 'https://evil.test' }, 403],
    ['from a page without an origin', { origin: 'null' }, 403],
    ['at another path', { path: '/other?x=1' }, 404],
  ])('is refused %s', async (_, options, status) => {
    const { local, heard } = await opened([WS], { websocket: { ...own, path: '/sip' } });
    const { peer, opened: isOpen } = open(local, { path: '/sip', ...options });
    isOpen.catch(() => {});
    await vi.waitFor(() => expect(peer.error).toBe(`Unexpected server response: ${status}`));
    expect(heard.failures).toEqual([]);
  });

  it.each([
    ['from a page of ours', { origin: 'https://app.test' }],
    ['without an origin, from what is no browser', {}],
    ['with several subprotocols', { protocols: ['xmpp', 'sip'] }],
  ])('is taken %s', async (_, options) => {
    const { local } = await opened([WS], { websocket: { ...own, path: '/sip' } });
    const { socket, opened: isOpen } = open(local, { path: '/sip?token=1', ...options });
    await isOpen;
    expect(socket.protocol).toBe('sip');
  });

  it('tells browsers and health checks what this is', async () => {
    const { local } = await opened([WS], { websocket: { ...own, path: '/sip' } });
    const fetched = (path: string) =>
      new Promise<{ status: number | undefined; upgrade: string | undefined; text: string }>((resolve) =>
        get({ host: local.host, port: local.port, path }, (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode, upgrade: response.headers.upgrade, text }));
        }),
      );
    expect(await fetched('/sip')).toMatchObject({
      status: 426,
      upgrade: 'websocket',
      text: expect.stringContaining('subprotocol sip'),
    });
    expect(await fetched('/')).toMatchObject({
      status: 404,
      upgrade: undefined,
      text: expect.stringContaining('websocket.path'),
    });
  });

  it.each([
    ['no HTTP', 'OPTIONS sip:a SIP/2.0\r\n\r\n'],
    ['garbage', '\x16\x03\x01\0\0\xff\xff\r\n\r\n'],
    ['no key', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n'],
    [
      'a bad key',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n',
    ],
    [
      'a bad list of protocols',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip,,\r\n\r\n',
    ],
    [
      'an upgrade to something else',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Protocol: sip\r\n\r\n',
    ],
    ['a head without end', `GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}`],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nxxxx'],
  ])('survives %s', async (_, bytes) => {
    const { local, heard, timers } = await opened([WS], { streams: { handshakeMs: 300 } });
    const peer = watch(connect(local.port, local.host));
    peer.socket.write(bytes, 'latin1');
    await vi.waitFor(() => expect(peer.closed).toBe(true), 3_000);
    await vi.waitFor(() => expect(timers.size).toBe(0));
    const { opened: isOpen } = open(local);
    await isOpen;
    expect(heard.messages).toEqual([]);
  });

  it.each([
    ['ws', WS],
    ['wss', WSS],
  ])('over %s has a limit, and connections have theirs', async (scheme, settings) => {
    const streams = { handshakeMs: 200, maxConnectionsPerAddress: 2 };
    const { local, timers } = await opened([settings], { ...certificates(), streams });
    const slow = () =>
      watch(
        scheme === 'ws'
          ? connect(local.port, local.host)
          : connectTls({ ...local, ca: readFileSync(fixture('ca.pem')), servername: 'localhost' }),
      );
    const [one, two, three] = [slow(), slow(), slow()];
    for (const { socket } of [one, two]) socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    await vi.waitFor(() => expect(three.closed).toBe(true));
    await vi.waitFor(() => expect([one.closed, two.closed]).toEqual([true, true]), 3_000);
    await vi.waitFor(() => expect(timers.size).toBe(0));
    const { socket, opened: isOpen } = open(local, { scheme });
    await isOpen;
    socket.terminate();
  });

  it('ends open connections and handshakes with the listener', async () => {
    const { local, sockets } = await opened([WS]);
    const { socket, peer, opened: isOpen } = open(local);
    await isOpen;
    const half = watch(connect(local.port, local.host));
    half.socket.write('GET / HTTP/1.1\r\n');
    socket.send(MESSAGE);
    await vi.waitFor(() => expect(half.socket.readyState).toBe('open'));
    await sockets.close();
    await vi.waitFor(() => expect(half.closed).toBe(true));
    await vi.waitFor(() => expect(peer.code).toBe(1001));
  });
});
