/**
 * The base line: a UDP relay that only copies datagrams between the callers' and the callees' sockets, and returns one datagram
 * for an INVITE as the 100 would be: 6 in, 7 out per plain call. Ports come by IPC: `{ callers, callees }`.
 */
import { createSocket } from 'node:dgram';

const routes = new Map<number, number>();
const FIRST_OF_INVITE = 'I'.charCodeAt(0);
const TRYING = Buffer.alloc(320, 'x');
const HOST = '127.0.0.1';
const ignore = () => {};

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 });
socket.on('message', (bytes, from) => {
  const to = routes.get(from.port);
  if (to === undefined) return;
  if (bytes[0] === FIRST_OF_INVITE) socket.send(TRYING, from.port, HOST, ignore);
  socket.send(bytes, to, HOST, ignore);
});

function isPorts(message: unknown): message is { callers: number[]; callees: number[] } {
  return typeof message === 'object' && message !== null && 'callers' in message;
}

process.on('message', (message) => {
  if (!isPorts(message)) return;
  for (const [i, caller] of message.callers.entries()) {
    const callee = message.callees[i] ?? 0;
    routes.set(caller, callee);
    routes.set(callee, caller);
  }
  process.send?.('routed');
});

socket.bind(Number(process.argv[2]), HOST, () => console.log(`listening on udp ${HOST}:${process.argv[2]}`));
