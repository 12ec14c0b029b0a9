import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../../src/clock.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import type { ListenerSettings } from '../../src/transport/endpoint.ts';
import { openSockets } from '../../src/transport/sockets.ts';
import type { Endpoint } from '../../src/transport/transport.ts';
import { closing, Heard, listening, MESSAGE, tcpPeer, udpPeer, watch } from '../support/sockets.ts';

const UDP4: ListenerSettings = { transport: 'udp', host: '127.0.0.1', port: 0 };
const TCP4: ListenerSettings = { transport: 'tcp', host: '127.0.0.1', port: 0 };

describe('open connections', () => {
  it('are counted by transport, over all its listeners, from their beginning to their end', async () => {
    const { sockets } = await listening([UDP4, TCP4, { ...TCP4 }]);
    const [, one, other] = sockets.listening.map(({ local }) => local);
    expect([...sockets.connections()]).toEqual([['tcp', 0]]);
    const peers = [await tcpPeer(one as Endpoint), await tcpPeer(other as Endpoint)];
    await vi.waitFor(() => expect([...sockets.connections()]).toEqual([['tcp', 2]]));
    peers[0]?.socket.resetAndDestroy();
    await vi.waitFor(() => expect([...sockets.connections()]).toEqual([['tcp', 1]]));
  });
});

describe('UDP', () => {
  it('passes datagrams on byte for byte, and answers along the flow they came on', async () => {
    const { heard, local } = await listening([UDP4]);
    const peer = await udpPeer();
    peer.send(MESSAGE, local);
    await vi.waitFor(() => expect(heard.messages.map(({ text }) => text)).toEqual([MESSAGE]));
    const flow = heard.messages[0]?.flow;
    expect(flow).toMatchObject({ transport: 'udp', reliable: false, open: true, local });
    expect(flow?.id).toBe(`udp/127.0.0.1:${local.port}/127.0.0.1:${peer.port}`);
    flow?.send('SIP/2.0 200 \xfc\r\n\r\n');
    await vi.waitFor(() => expect(peer.got).toEqual(['SIP/2.0 200 \xfc\r\n\r\n']));
  });

  it('has one flow for one peer, and finds it by its id', async () => {
    const { heard, sockets, local } = await listening([UDP4]);
    const peer = await udpPeer();
    peer.send('one', local);
    peer.send('two', local);
    await vi.waitFor(() => expect(heard.messages).toHaveLength(2));
    const [one, two] = heard.messages.map(({ flow }) => flow);
    expect(one).toBe(two);
    expect(sockets.flowById(one?.id ?? '')).toBe(one);
    expect(sockets.flowTo('udp', { host: '127.0.0.1', port: peer.port })).toBe(one);
  });

  it('answers a double CRLF with one, and shows no keep-alive and no STUN to anybody', async () => {
    const { heard, local } = await listening([UDP4]);
    const peer = await udpPeer();
    for (const noise of ['\r\n\r\n', '\r\n', '\0\0\0\0', '\0\x01\0\0\x21\x12\xa4\x42', '']) peer.send(noise, local);
    peer.send('\r\nOPTIONS', local);
    await vi.waitFor(() => expect(heard.messages.map(({ text }) => text)).toEqual(['\r\nOPTIONS']));
    await vi.waitFor(() => expect(peer.got).toEqual(['\r\n']));
  });

  it('reports a message that cannot be sent, after the sending', async () => {
    const { heard, sockets } = await listening([UDP4]);
    const flow = sockets.flowTo('udp', { host: '127.0.0.1', port: 9 });
    flow?.send('x'.repeat(70_000));
    expect(heard.failures).toEqual([]);
    await vi.waitFor(() => expect(heard.failures).toEqual([{ flow, why: 'EMSGSIZE' }]));
  });

  it('chooses the listener by address family, or the one that is asked for', async () => {
    const { sockets } = await listening([UDP4, { ...UDP4 }, { transport: 'udp', host: '::1', port: 0 }]);
    const [, second, v6] = sockets.listening.map(({ local }) => local);
    expect(sockets.flowTo('udp', { host: '127.0.0.1', port: 9 }, { local: second })?.local).toEqual(second);
    expect(sockets.flowTo('udp', { host: '::1', port: 9 })?.local).toEqual(v6);
    expect(sockets.flowTo('tcp', { host: '127.0.0.1', port: 9 })).toBeUndefined();
    expect(sockets.flowTo('udp', { host: 'example.com', port: 9 })).toBeUndefined();
    expect(sockets.flowTo('udp', { host: '127.0.0.1', port: 0 })).toBeUndefined();
  });

  it('speaks IPv6', async () => {
    const { heard, sockets, local } = await listening([{ transport: 'udp', host: '::1', port: 0 }]);
    const peer = await udpPeer('::1');
    peer.send('six', local);
    await vi.waitFor(() => expect(heard.messages).toHaveLength(1));
    const flow = heard.messages[0]?.flow;
    expect(flow?.id).toBe(`udp/[::1]:${local.port}/[::1]:${peer.port}`);
    expect(sockets.flowById(flow?.id ?? '')).toBe(flow);
  });
});

describe('TCP', () => {
  it('cuts a stream into messages, and answers pings', async () => {
    const { heard, local } = await listening([TCP4]);
    const peer = await tcpPeer(local);
    peer.socket.write(`\r\n\r\n${MESSAGE}${MESSAGE.slice(0, 30)}`, 'latin1');
    await vi.waitFor(() => expect(heard.messages).toHaveLength(1));
    peer.socket.write(MESSAGE.slice(30), 'latin1');
    await vi.waitFor(() => expect(heard.messages.map(({ text }) => text)).toEqual([MESSAGE, MESSAGE]));
    expect(peer.text).toBe('\r\n');
    heard.messages[0]?.flow.send('answer');
    await vi.waitFor(() => expect(peer.text).toBe('\r\nanswer'));
  });

  it('reports what cannot be cut, and closes', async () => {
    const { heard, local } = await listening([TCP4]);
    const peer = await tcpPeer(local);
    peer.socket.write('OPTIONS sip:a SIP/2.0\r\n\r\n');
    await vi.waitFor(() => expect(peer.closed).toBe(true));
    expect(heard.defects).toEqual(['no-content-length']);
    await vi.waitFor(() => expect(heard.failures).toHaveLength(1));
    expect(heard.failures[0]?.flow.open).toBe(false);
  });

  it('opens a connection, keeps what is sent before it stands, and uses it again', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    const accepted: ReturnType<typeof watch>[] = [];
    server.on('connection', (socket) => accepted.push(watch(socket)));
    const address = server.address();
    const remote = { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
    const { sockets, heard } = await listening([TCP4]);
    const flow = sockets.flowTo('tcp', remote);
    flow?.send('early ');
    expect(sockets.flowTo('tcp', remote)).toBe(flow);
    await vi.waitFor(() => expect(accepted[0]?.text).toBe('early '));
    flow?.send('late');
    await vi.waitFor(() => expect(accepted[0]?.text).toBe('early late'));
    expect(sockets.flowById(flow?.id ?? '')).toBe(flow);
    accepted[0]?.socket.write(MESSAGE, 'latin1');
    await vi.waitFor(() => expect(heard.messages[0]?.flow).toBe(flow));
    accepted[0]?.socket.resetAndDestroy();
    await vi.waitFor(() => expect(heard.failures).toEqual([{ flow, why: 'ECONNRESET' }]));
    expect(sockets.flowById(flow?.id ?? '')).toBeUndefined();
    expect(sockets.flowTo('tcp', remote)).not.toBe(flow);
  });

  it('reports a refused connection, after the asking', async () => {
    const { sockets, heard } = await listening([TCP4]);
    const flow = sockets.flowTo('tcp', { host: '127.0.0.1', port: 1 });
    expect(heard.failures).toEqual([]);
    await vi.waitFor(() => expect(heard.failures).toEqual([{ flow, why: 'ECONNREFUSED' }]));
  });

  it('closes a connection on which no whole message comes', async () => {
    const { local, heard, timers } = await listening([TCP4], { streams: { stallMs: 1000 } });
    const silent = await tcpPeer(local);
    const pinging = await tcpPeer(local);
    pinging.socket.write('\r\n\r\n');
    const slow = await tcpPeer(local);
    slow.socket.write(MESSAGE + MESSAGE.slice(0, 10), 'latin1');
    const good = await tcpPeer(local);
    good.socket.write(MESSAGE, 'latin1');
    await vi.waitFor(() => expect([silent.closed, pinging.closed, slow.closed]).toEqual([true, true, true]), 20_000);
    expect(good.closed).toBe(false);
    expect(heard.messages).toHaveLength(2);
    expect(timers.size).toBe(0);
  });

  it('bounds connections, in all and from one address', async () => {
    const { local, sockets, heard } = await listening([TCP4], { streams: { maxConnections: 3, maxConnectionsPerAddress: 2 } });
    const peers = [await tcpPeer(local), await tcpPeer(local), await tcpPeer(local)];
    await vi.waitFor(() => expect(peers.filter(({ closed }) => closed)).toHaveLength(1));
    peers.find(({ closed }) => !closed)?.socket.resetAndDestroy();
    await vi.waitFor(() => expect(heard.failures).toHaveLength(1));
    const again = await tcpPeer(local);
    again.socket.write('\r\n\r\n');
    await vi.waitFor(() => expect(again.text).toBe('\r\n'));
    expect(sockets.flowTo('tcp', { host: '127.0.0.1', port: 9 })).toBeDefined();
    expect(sockets.flowTo('tcp', { host: '127.0.0.1', port: 10 })).toBeUndefined();
  });

  it('takes no connection that its listener does not want', async () => {
    const { local, heard } = await listening([TCP4]);
    heard.admitsConnection = (host) => host !== '127.0.0.1';
    const peer = await tcpPeer(local);
    await vi.waitFor(() => expect(peer.closed).toBe(true));
    heard.admitsConnection = () => true;
    const wanted = await tcpPeer(local);
    wanted.socket.write('\r\n\r\n');
    await vi.waitFor(() => expect(wanted.text).toBe('\r\n'));
  });

  it('closes a connection whose peer does not read', async () => {
    const { local, heard } = await listening([TCP4], { streams: { maxQueuedBytes: 100_000 } });
    const peer = await tcpPeer(local);
    peer.socket.write(MESSAGE, 'latin1');
    await vi.waitFor(() => expect(heard.messages).toHaveLength(1));
    peer.socket.pause();
    const flow = heard.messages[0]?.flow;
    for (let n = 0; n < 10_000 && flow?.open; n++) flow.send('x'.repeat(10_000));
    await vi.waitFor(() => expect(heard.failures).toEqual([{ flow, why: 'the peer does not read' }]));
  });

  it('still answers a peer that has closed its half', async () => {
    const { local, heard } = await listening([TCP4], { streams: { lingerMs: 2000 } });
    const peer = watch(connect({ ...local, allowHalfOpen: true }));
    peer.socket.end(MESSAGE, 'latin1');
    await vi.waitFor(() => expect(heard.messages).toHaveLength(1));
    await new Promise((later) => setTimeout(later, 30));
    heard.messages[0]?.flow.send('answer');
    await vi.waitFor(() => expect(peer.text).toBe('answer'), 20_000);
    expect(heard.failures).toEqual([]);
    await vi.waitFor(() => expect(heard.failures).toHaveLength(1), 20_000);
  });
});

describe('openSockets', () => {
  it('names the listeners that cannot be opened, and opens none', async () => {
    const { local } = await listening([UDP4]);
    const timers = new TimerHeap(new SystemClock(), () => {});
    const taken: ListenerSettings = { transport: 'udp', host: '127.0.0.1', port: local.port };
    const foreign: ListenerSettings = { transport: 'tcp', host: '192.0.2.1', port: 5060 };
    const errors = await openSockets({ listeners: [TCP4, taken, foreign], listener: new Heard(), timers });
    expect(errors).toEqual([
      { listener: `udp:127.0.0.1:${local.port}`, why: 'EADDRINUSE' },
      { listener: 'tcp:192.0.2.1:5060', why: 'EADDRNOTAVAIL' },
    ]);
  });

  it('names an address that peers can use where it listens on all', async () => {
    const { local } = await listening([{ transport: 'udp', host: '0.0.0.0', port: 0 }]);
    expect(local.host).not.toBe('0.0.0.0');
    expect(local.port).toBeGreaterThan(0);
  });

  it('closes everything', async () => {
    const { sockets, local } = await listening([TCP4, UDP4]);
    const peer = await tcpPeer(local);
    await sockets.close();
    await vi.waitFor(() => expect(peer.closed).toBe(true));
    const again = await listening([{ ...TCP4, port: local.port }]);
    expect(again.local.port).toBe(local.port);
  });
});
