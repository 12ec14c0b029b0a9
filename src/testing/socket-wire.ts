import { createSocket } from 'node:dgram';
import { createConnection, createServer, type Socket } from 'node:net';
import type { Endpoint } from '../transport/transport.ts';
import { endpointName } from './network.ts';
import type { Wire } from './wire.ts';

const LARGEST_MESSAGE = 65_536;

/** Real time and its timers for one wire, which end with it. */
class RealTimers {
  readonly #pending = new Set<NodeJS.Timeout>();
  #closed = false;

  now(): number {
    return performance.now();
  }

  after(delayMs: number, fire: () => void): () => void {
    if (this.#closed) return () => {};
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      fire();
    }, delayMs);
    this.#pending.add(timer);
    return () => {
      clearTimeout(timer);
      this.#pending.delete(timer);
    };
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}

/** A phone's real socket: UDP or TCP on `host`, port 0 for any. Throws what the socket throws, such as EADDRINUSE. */
export const openSocketWire = (transport: 'udp' | 'tcp', host: string, port = 0): Promise<Wire> =>
  transport === 'udp' ? openUdp(host, port) : openTcp(host, port);

function openUdp(host: string, port: number): Promise<Wire> {
  const { promise, resolve, reject } = Promise.withResolvers<Wire>();
  const timers = new RealTimers();
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  let open = true;
  socket.once('error', reject);
  socket.bind(port, host, () => {
    socket.off('error', reject);
    // ICMP errors of earlier datagrams; the phone's timers notice what is lost.
    socket.on('error', () => {});
    const wire: Wire = {
      transport: 'udp',
      local: { host, port: socket.address().port },
      onMessage: () => {},
      onClosed: () => {},
      send: (text, remote) => {
        if (open) socket.send(Buffer.from(text, 'latin1'), remote.port, remote.host, () => {});
      },
      close: () => {
        timers.close();
        if (open) socket.close();
        open = false;
      },
      now: () => timers.now(),
      after: (delayMs, fire) => timers.after(delayMs, fire),
    };
    socket.on('message', (bytes, from) => wire.onMessage(bytes.toString('latin1'), { host: from.address, port: from.port }));
    resolve(wire);
  });
  return promise;
}

function openTcp(host: string, port: number): Promise<Wire> {
  const { promise, resolve, reject } = Promise.withResolvers<Wire>();
  const timers = new RealTimers();
  const sockets = new Map<string, Socket>();
  const adopt = (socket: Socket, remote: Endpoint): Socket => {
    const key = endpointName(remote);
    let buffered = '';
    sockets.set(key, socket);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      buffered = takeMessages(buffered + bytes.toString('latin1'), (text) => wire.onMessage(text, remote));
      if (buffered.length > LARGEST_MESSAGE) socket.destroy();
    });
    // `close` follows and tells.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (sockets.get(key) === socket) sockets.delete(key);
      wire.onClosed(remote, 'closed');
    });
    return socket;
  };
  const server = createServer((socket) => {
    adopt(socket, { host: socket.remoteAddress ?? host, port: socket.remotePort ?? 0 });
  });
  const local = { host, port };
  const wire: Wire = {
    transport: 'tcp',
    local,
    onMessage: () => {},
    onClosed: () => {},
    send: (text, remote) => {
      const open = sockets.get(endpointName(remote));
      const socket = open ?? adopt(createConnection({ host: remote.host, port: remote.port, localAddress: host }), remote);
      socket.write(Buffer.from(text, 'latin1'));
    },
    close: () => {
      timers.close();
      server.close();
      for (const socket of sockets.values()) socket.end();
    },
    now: () => timers.now(),
    after: (delayMs, fire) => timers.after(delayMs, fire),
  };
  server.once('error', reject);
  server.listen(port, host, () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') local.port = address.port;
    resolve(wire);
  });
  return promise;
}

/** Cuts whole messages off the front of a stream by Content-Length (RFC 3261 §18.3); the answer is what is left. */
export function takeMessages(stream: string, take: (text: string) => void): string {
  let rest = stream;
  for (;;) {
    rest = rest.replace(/^(?:\r\n)+/, '');
    const headEnds = rest.indexOf('\r\n\r\n');
    if (headEnds < 0) return rest;
    const length = Number(/^(?:content-length|l)[ \t]*:[ \t]*(\d{1,9})/im.exec(rest.slice(0, headEnds))?.[1] ?? 0);
    const ends = headEnds + 4 + length;
    if (rest.length < ends) return rest;
    take(rest.slice(0, ends));
    rest = rest.slice(ends);
  }
}
