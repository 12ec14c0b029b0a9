import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';
const POLL_MS = 10;
const MAX_TRIES = 200;
const given = new Set<number>();

/** A port free over UDP and TCP together with the next one (baresip takes it for TLS), never given twice. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = await freeOverTcp(0);
    const isApart = [port - 1, port, port + 1].every((near) => !given.has(near));
    const fits = isApart && (await isFreeOverUdp(port)) && (await freeOverTcp(port + 1)) !== 0 && (await isFreeOverUdp(port + 1));
    if (!fits) continue;
    given.add(port);
    return port;
  }
  throw new Error('no free port found');
}

/** A port that was free a moment ago, that one unless 0; 0 if it was not. */
function freeOverTcp(port: number): Promise<number> {
  return new Promise((found) => {
    const probe = createServer();
    probe.once('error', () => found(0));
    probe.listen(port, HOST, () => {
      const address = probe.address();
      probe.close(() => found(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function isFreeOverUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const free = new Promise<boolean>((resolve) => {
    socket.once('listening', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  socket.bind(port, HOST);
  const isFree = await free;
  socket.close();
  return isFree;
}

/**
 * Resolves once somebody listens on that port. The kernel tells nobody, so its table is read; false once `given up` says so.
 */
export async function isBound(transport: 'udp' | 'tcp', port: number, givenUp: () => boolean): Promise<boolean> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  while (!givenUp()) {
    const lines = readFileSync(`/proc/net/${transport}`, 'latin1').split('\n');
    if (lines.some((line) => line.slice(0, 25).includes(local))) return true;
    await sleep(POLL_MS);
  }
  return false;
}
