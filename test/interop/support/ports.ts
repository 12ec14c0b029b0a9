import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';
const POLL_MS = 10;
const MAX_TRIES = 200;
/**
 * Each worker of vitest has ports of its own, since a port is free between being probed and being bound. They are below those that
 * systems give to whoever asks for any (32768 on Linux), and below the media ports of the service.
 */
const FIRST_PORT = 10_000;
const PAIRS_OF_WORKER = 1_000;
const WORKERS = 5;
const workersPort = FIRST_PORT + 2 * PAIRS_OF_WORKER * (Number(process.env.VITEST_POOL_ID ?? 1) % WORKERS);
/** The next file of a worker begins elsewhere: late packets of this one find nobody. */
let pair = (process.pid * 37) % PAIRS_OF_WORKER;

/** A port free over UDP and TCP together with the next one (baresip takes it for TLS), not given again for long. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = workersPort + 2 * pair;
    pair = (pair + 1) % PAIRS_OF_WORKER;
    const isFree = await Promise.all([port, port + 1].flatMap((near) => [isFreeOverTcp(near), isFreeOverUdp(near)]));
    if (isFree.every(Boolean)) return port;
  }
  throw new Error('no free port found');
}

function isFreeOverTcp(port: number): Promise<boolean> {
  return new Promise((found) => {
    const probe = createServer();
    probe.once('error', () => found(false));
    probe.listen(port, HOST, () => probe.close(() => found(true)));
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
export async function isBound(table: 'udp' | 'udp6' | 'tcp', port: number, givenUp: () => boolean): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const line = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} `, 'm');
  while (!givenUp()) {
    if (line.test(readFileSync(`/proc/net/${table}`, 'latin1'))) return true;
    await sleep(POLL_MS);
  }
  return false;
}
