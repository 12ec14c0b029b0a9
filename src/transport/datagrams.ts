/** Datagrams to and from a program of ours, such as a media relay's daemon; text is bytes (latin1). */
import { createSocket, type Socket } from 'node:dgram';
import { isV6 } from './endpoint.ts';
import type { Endpoint } from './transport.ts';

/** The way to one peer: its datagrams, and nobody else's, are heard. */
export interface DatagramWire {
  send(datagram: string): void;
  /** `failed`: the system says that nobody is there. Called once. */
  hear(heard: (datagram: string) => void, failed: () => void): void;
  close(): void;
}

const open = ({ host }: Endpoint): Socket => createSocket(isV6(host) ? 'udp6' : 'udp4');

/** Opens a wire; `to` is an address, no name. It is connected: so the kernel keeps others out, and reports a peer that is gone. */
export function openDatagrams(to: Endpoint): DatagramWire {
  const socket = open(to);
  /** Said before it is connected, which takes a turn of the event loop. */
  let early: string[] | undefined = [];
  const send = (datagram: string): void => {
    try {
      socket.send(Buffer.from(datagram, 'latin1'));
    } catch {
      // Closed, or it could not be connected: whoever asked is told when its time is over.
    }
  };
  socket.connect(to.port, to.host, () => {
    for (const datagram of early ?? []) send(datagram);
    early = undefined;
  });
  return {
    send: (datagram) => (early === undefined ? send(datagram) : void early.push(datagram)),
    hear: (heard, failed) => {
      socket.on('message', (bytes) => heard(bytes.toString('latin1')));
      socket.on('error', failed);
    },
    close: () => socket.close(),
  };
}

/** What is sent to an address of ours, by whomever; `from` is an IP address. */
export interface DatagramInbox {
  readonly local: Endpoint;
  close(): void;
}

/** Binds one; the reason as a value where that fails. */
export function listenForDatagrams(
  at: Endpoint,
  heard: (datagram: string, from: string) => void,
): Promise<DatagramInbox | Error> {
  const socket = open(at);
  return new Promise((done) => {
    socket.once('error', (error) => {
      socket.close();
      done(error);
    });
    socket.bind({ address: at.host, port: at.port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      // What fails later is a datagram, not the socket.
      socket.on('error', () => {});
      socket.on('message', (bytes, from) => heard(bytes.toString('latin1'), from.address));
      const { address, port } = socket.address();
      done({ local: { host: address, port }, close: () => void socket.close() });
    });
  });
}
