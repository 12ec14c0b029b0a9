import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { SystemClock } from '../../src/clock.ts';
import { isProblem } from '../../src/errors.ts';
import type { Defect } from '../../src/sip/message.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { Certificates, type TlsSettings } from '../../src/transport/certificates.ts';
import type { ListenerSettings } from '../../src/transport/endpoint.ts';
import { openSockets, type SocketParts, Sockets } from '../../src/transport/sockets.ts';
import type { Endpoint, Flow, TransportListener } from '../../src/transport/transport.ts';
import { fixture } from './tls-fixture.ts';

/** What is to be closed when the case ends, latest first. */
export const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A listener that keeps what it hears. */
export class Heard implements TransportListener {
  readonly messages: { text: string; flow: Flow }[] = [];
  readonly failures: { flow: Flow; why: string }[] = [];
  readonly defects: string[] = [];
  admitsConnection?: (host: string) => boolean;

  received(message: Buffer, flow: Flow): void {
    this.messages.push({ text: message.toString('latin1'), flow });
  }
  failed(flow: Flow, why: string): void {
    this.failures.push({ flow, why });
  }
  malformed(defect: Defect): void {
    this.defects.push(defect.name);
  }
}

/** Opens sockets for one case. */
export async function listening(listeners: ListenerSettings[], more: Partial<SocketParts> = {}) {
  const heard = new Heard();
  const timers = new TimerHeap(new SystemClock(), () => {});
  const sockets = await openSockets({ listeners, listener: heard, timers, ...more });
  if (!(sockets instanceof Sockets)) throw new Error(JSON.stringify(sockets));
  closing.push(() => sockets.close());
  const [first] = sockets.listening;
  if (first === undefined) throw new Error('nothing listens');
  return { heard, sockets, local: first.local, timers };
}

export async function udpPeer(host = '127.0.0.1') {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const got: string[] = [];
  socket.on('message', (bytes) => got.push(bytes.toString('latin1')));
  socket.bind(0, host);
  await once(socket, 'listening');
  closing.push(() => socket.close());
  const send = (text: string, to: Endpoint) => socket.send(Buffer.from(text, 'latin1'), to.port, to.host);
  return { got, send, port: socket.address().port };
}

export async function tcpPeer(to: Endpoint) {
  const socket = connect({ host: to.host, port: to.port });
  const peer = watch(socket);
  await once(socket, 'connect');
  return peer;
}

/** What comes over a connection, and whether it is closed. */
export function watch(socket: Socket) {
  const peer = { socket, text: '', closed: false };
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    peer.text += bytes.toString('latin1');
  });
  socket.on('close', () => {
    peer.closed = true;
  });
  closing.push(() => socket.destroy());
  return peer;
}

export { fixture };

export const TLS: TlsSettings = {
  certificate: fixture('server.pem'),
  key: fixture('server.key'),
  names: new Map(),
  clientCertificates: 'none',
  ca: fixture('ca.pem'),
  minVersion: 'TLSv1.2',
  verifyServers: true,
};

/** Certificates for one case, and what they said to the operator. */
export function certificates(settings: Partial<TlsSettings> = {}, timers = new TimerHeap(new SystemClock(), () => {})) {
  const said: string[] = [];
  const read = Certificates.read({ ...TLS, ...settings }, { timers, report: (line) => void said.push(line) });
  if (isProblem(read)) throw new Error(read.problem);
  closing.push(() => read.close());
  return { certificates: read, said };
}

/** A message with raw bytes in its body. */
export const MESSAGE = 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\n\xe4\xf6\xfc';
