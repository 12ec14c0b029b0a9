/** Asks a listener from outside whether it lives: what a container's health check is made of. */
import { createSocket } from 'node:dgram';
import { createConnection } from 'node:net';
import { isV6, type ListenerSettings } from './endpoint.ts';

/** What a probe needs of the world. */
export interface ProbeParts {
  /** Calls back once, after so long. */
  readonly after: (delayMs: number, fire: () => void) => void;
  /** Unguessable; names the request. */
  readonly token: string;
}

const LIMIT_MS = 2_000;
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function options(host: string, token: string): string {
  const name = isV6(host) ? `[${host}]` : host;
  return [
    `OPTIONS sip:${name} SIP/2.0`,
    `Via: SIP/2.0/UDP ${name};branch=z9hG4bK${token};rport`,
    'Max-Forwards: 0',
    `From: <sip:probe@${name}>;tag=${token}`,
    `To: <sip:${name}>`,
    `Call-ID: ${token}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** Whether it answers OPTIONS (UDP; an answer of whatever status will do) or takes a connection (all others) within two seconds. */
export function probe({ transport, host, port }: ListenerSettings, { after, token }: ProbeParts): Promise<boolean> {
  const at = LOOPBACK[host] ?? host;
  return new Promise((done) => {
    after(LIMIT_MS, () => done(false));
    if (transport === 'udp') {
      const socket = createSocket(isV6(at) ? 'udp6' : 'udp4');
      socket.on('error', () => done(false));
      socket.on('message', (bytes) => done(bytes.includes(token)));
      socket.send(options(at, token), port, at);
    } else {
      const socket = createConnection({ host: at, port }, () => done(true));
      socket.on('error', () => done(false));
    }
  });
}
