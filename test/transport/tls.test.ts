import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect, createServer, type TlsOptions } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import type { ListenerSettings } from '../../src/transport/endpoint.ts';
import type { Endpoint } from '../../src/transport/transport.ts';
import { certificates, closing, fixture, listening, MESSAGE, watch } from '../support/sockets.ts';

const TLS4: ListenerSettings = { transport: 'tls', host: '127.0.0.1', port: 0 };
const read = (name: string): string => readFileSync(fixture(name), 'utf8');
const SHORT = { lingerMs: 20 };
const OTHER = { certificate: fixture('other.pem'), key: fixture('other.key') };

function dial(to: Endpoint, options: ConnectionOptions = {}) {
  const socket = connect({ host: to.host, port: to.port, ca: read('ca.pem'), servername: 'localhost', ...options });
  return Object.assign(watch(socket), { tls: socket, secured: once(socket, 'secureConnect') });
}

describe('TLS, as a server', () => {
  it('passes messages both ways, on a flow that says it is secure', async () => {
    const { heard, local } = await listening([TLS4], { ...certificates(), streams: SHORT });
    const peer = dial(local);
    await peer.secured;
    expect(peer.tls.authorized).toBe(true);
    peer.socket.write(`\r\n\r\n${MESSAGE.slice(0, 9)}`, 'latin1');
    peer.socket.write(MESSAGE.slice(9), 'latin1');
    await vi.waitFor(() => expect(heard.messages.map(({ text }) => text)).toEqual([MESSAGE]));
    const flow = heard.messages[0]?.flow;
    expect(flow).toMatchObject({
      transport: 'tls',
      reliable: true,
      secure: true,
      open: true,
      local,
      remote: { host: '127.0.0.1' },
    });
    expect(flow?.id).toMatch(/^tls\/127\.0\.0\.1:\d+\/127\.0\.0\.1:\d+#1$/);
    flow?.send('answer');
    await vi.waitFor(() => expect(peer.text).toBe('\r\nanswer'));
    peer.socket.destroy();
    await vi.waitFor(() => expect(heard.failures.map((one) => one.flow)).toEqual([flow]));
    expect(flow?.open).toBe(false);
  });

  it('shows the certificate of the name that is asked for, else the first', async () => {
    const { local } = await listening([TLS4], certificates({ names: new Map([['other.test', OTHER]]) }));
    for (const [servername, shown] of [
      ['other.test', 'other.test'],
      ['OTHER.test', 'other.test'],
      ['unknown.test', 'localhost'],
      ['', 'localhost'],
    ]) {
      const peer = dial(local, { servername, checkServerIdentity: () => undefined });
      await peer.secured;
      expect(peer.tls.getPeerCertificate().subject.CN).toBe(shown);
    }
  });

  it('speaks no version below the least that is configured', async () => {
    const { local } = await listening([TLS4], certificates({ minVersion: 'TLSv1.3' }));
    const old = dial(local, { maxVersion: 'TLSv1.2' });
    await expect(old.secured).rejects.toThrow(/version/);
    const newer = dial(local);
    await newer.secured;
    expect(newer.tls.getProtocol()).toBe('TLSv1.3');
  });

  it('asks clients for certificates as it is told', async () => {
    const own = { cert: read('client.pem'), key: read('client.key') };
    const stranger = { cert: read('server.pem'), key: read('server.key') };
    const { local, heard } = await listening([TLS4], certificates({ clientCertificates: 'require' }));
    const known = dial(local, own);
    await known.secured;
    known.socket.write(MESSAGE, 'latin1');
    await vi.waitFor(() => expect(heard.messages).toHaveLength(1));
    const nobody = dial(local);
    nobody.socket.write(MESSAGE, 'latin1');
    await vi.waitFor(() => expect(nobody.closed).toBe(true));
    const unbelieved = await listening([TLS4], certificates({ clientCertificates: 'require', ca: fixture('other.pem') }));
    const foreign = dial(unbelieved.local, stranger);
    foreign.socket.write(MESSAGE, 'latin1');
    await vi.waitFor(() => expect(foreign.closed).toBe(true));
    const asked = await listening([TLS4], certificates({ clientCertificates: 'ask' }));
    const without = dial(asked.local);
    without.socket.write(MESSAGE, 'latin1');
    await vi.waitFor(() => expect(asked.heard.messages).toHaveLength(1));
    expect([heard.messages.length, unbelieved.heard.messages.length]).toEqual([1, 0]);
  });

  it('closes what is no TLS, and what does not finish its handshake, and counts both out', async () => {
    const streams = { ...SHORT, handshakeMs: 150, maxConnectionsPerAddress: 2 };
    const { local, heard, timers } = await listening([TLS4], { ...certificates(), streams });
    const [plain, silent] = [watch(connectTcp(local.port, local.host)), watch(connectTcp(local.port, local.host))];
    plain.socket.write('OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n');
    await vi.waitFor(() => expect([plain.closed, silent.closed]).toEqual([true, true]), 3_000);
    expect(heard.messages).toEqual([]);
    for (let n = 0; n < 5; n += 1) {
      const peer = dial(local);
      await peer.secured;
      peer.socket.write(MESSAGE, 'latin1');
      await vi.waitFor(() => expect(heard.messages).toHaveLength(n + 1));
      peer.socket.destroy();
      await vi.waitFor(() => expect(heard.failures).toHaveLength(n + 1));
    }
    await vi.waitFor(() => expect(timers.size).toBe(0));
  });

  it('counts the connections of one source over all listeners', async () => {
    const { sockets, heard } = await listening([TLS4, { ...TLS4, transport: 'tcp' }], {
      ...certificates(),
      streams: { ...SHORT, maxConnectionsPerAddress: 1 },
    });
    const [tls, tcp] = sockets.listening.map(({ local }) => local);
    if (tls === undefined || tcp === undefined) throw new Error('two listeners');
    const first = dial(tls);
    await first.secured;
    const second = watch(connectTcp(tcp.port, tcp.host));
    await vi.waitFor(() => expect(second.closed).toBe(true));
    first.socket.destroy();
    await vi.waitFor(() => expect(heard.failures).toHaveLength(1));
    const third = watch(connectTcp(tcp.port, tcp.host));
    third.socket.write('\r\n\r\n');
    await vi.waitFor(() => expect(third.text).toBe('\r\n'));
  });

  it('closes a connection on which no whole message comes', async () => {
    const { local, timers } = await listening([TLS4], { ...certificates(), streams: { stallMs: 80 } });
    const slow = dial(local);
    await slow.secured;
    slow.socket.write(MESSAGE + MESSAGE.slice(0, 10), 'latin1');
    await vi.waitFor(() => expect(slow.closed).toBe(true));
    expect(timers.size).toBe(0);
  });
});

async function server(name: string, options: TlsOptions = {}) {
  const accepted: ReturnType<typeof watch>[] = [];
  const one = createServer({ cert: read(`${name}.pem`), key: read(`${name}.key`), ...options }, (socket) =>
    accepted.push(Object.assign(watch(socket), { tls: socket })),
  );
  one.on('tlsClientError', () => {});
  one.listen(0, '127.0.0.1');
  await once(one, 'listening');
  closing.push(() => one.close());
  const address = one.address();
  const remote = { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
  return { remote, accepted };
}

describe('TLS, as a client', () => {
  it.each([['example.test'], ['EXAMPLE.test'], [undefined]])(
    'reaches a server that shows the certificate of %s',
    async (serverName) => {
      const { remote, accepted } = await server('server');
      const { sockets } = await listening([TLS4], certificates());
      const flow = sockets.flowTo('tls', remote, { serverName });
      flow?.send('early');
      expect(flow).toMatchObject({ transport: 'tls', secure: true, open: true });
      await vi.waitFor(() => expect(accepted[0]?.text).toBe('early'));
      expect(sockets.flowTo('tls', remote, { serverName })).toBe(flow);
      expect(sockets.flowTo('tls', remote, { serverName: 'other.test' })).not.toBe(flow);
    },
  );

  it.each([
    ['other', 'example.test', 'its certificate is not that of example.test'],
    ['other', undefined, 'its certificate is not that of 127.0.0.1'],
    ['expired', 'localhost', 'CERT_HAS_EXPIRED'],
  ])('gives up a server with the certificate %s when asked for %s', async (name, serverName, why) => {
    const { remote, accepted } = await server(name);
    const { sockets, heard } = await listening([TLS4], certificates());
    const flow = sockets.flowTo('tls', remote, { serverName });
    flow?.send('secret');
    await vi.waitFor(() => expect(heard.failures).toEqual([{ flow, why }]));
    expect(accepted.map(({ text }) => text).join('')).toBe('');
  });

  it('believes any server where it is told to', async () => {
    const { remote, accepted } = await server('expired');
    const { sockets } = await listening([TLS4], certificates({ verifyServers: false }));
    sockets.flowTo('tls', remote, { serverName: 'example.test' })?.send('hello');
    await vi.waitFor(() => expect(accepted[0]?.text).toBe('hello'));
  });

  it('shows its own certificate to a server that asks', async () => {
    const { remote, accepted } = await server('server', { requestCert: true, rejectUnauthorized: true, ca: read('ca.pem') });
    const { sockets } = await listening([TLS4], certificates({ ...OTHER }));
    sockets.flowTo('tls', remote)?.send('hello');
    await vi.waitFor(() => expect(accepted[0]?.text).toBe('hello'));
  });

  it('does not take an accepted connection for one to a server', async () => {
    const { heard, local, sockets } = await listening([TLS4], certificates());
    const peer = dial(local);
    peer.socket.write(MESSAGE, 'latin1');
    await vi.waitFor(() => expect(heard.messages).toHaveLength(1));
    const [accepted] = heard.messages;
    if (accepted === undefined) throw new Error('a message');
    expect(sockets.flowTo('tls', accepted.flow.remote)).not.toBe(accepted.flow);
    expect(sockets.flowById(accepted.flow.id)).toBe(accepted.flow);
  });
});
