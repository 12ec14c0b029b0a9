/** The way to a HEP collector: sent and forgotten, so that one that is down or slow is not felt by calls. */
import { createSocket } from 'node:dgram';
import type { Endpoint } from '../transport/transport.ts';

/** What may wait in this process for the network; beyond it datagrams are dropped. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

export interface HepSocket {
  send(datagram: Buffer): void;
  close(): void;
}

/** Opens it; `report` hears the first error. */
export function openHepSocket({ host, port }: Endpoint, report: (error: Error) => void): HepSocket {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  let isTold = false;
  const fail = (error: Error): void => {
    if (isTold) return;
    isTold = true;
    report(error);
  };
  socket.on('error', fail);
  socket.unref();
  return {
    send: (datagram) => {
      if (socket.getSendQueueSize() + datagram.length > MAX_QUEUED_BYTES) fail(new Error('the network does not follow'));
      else socket.send(datagram, port, host);
    },
    close: () => socket.close(),
  };
}
