/** `media.rtpengine` of the config: the daemon that media passes through. */
import { isIP } from 'node:net';
import type { z } from 'zod';
import { choice, optional, seconds, section, text } from './forms.ts';

const DAEMON = 'the IP address and port of its ng protocol, such as 127.0.0.1:2223 or "[::1]:2223"';
const KEYS = 'an IP address of this machine and a port, as its dtmf-log-dest says, such as 127.0.0.1:2224';
const FORM = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/;
const MAX_PORT = 65_535;

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

function endpointIn(written: string): Endpoint | undefined {
  const [, v6, v4, port] = FORM.exec(written) ?? [];
  const host = v6 ?? v4 ?? '';
  return isIP(host) !== 0 && Number(port) > 0 && Number(port) <= MAX_PORT ? { host, port: Number(port) } : undefined;
}

const endpoint = (error: string) => text(error, { max: 64 }).refine((written) => endpointIn(written) !== undefined, { error });

const rtpengineSection = section({
  address: endpoint(DAEMON).default('127.0.0.1:2223'),
  dtmfLog: endpoint(KEYS).optional(),
  timeoutSeconds: seconds(1, { min: 0.1, max: 10 }),
  whenDown: choice('builtin', ['builtin', 'refuse']),
});

/** The section as people write it. */
export const rtpengine = optional(rtpengineSection);

/** Which daemon, and what becomes of calls without it. */
export interface RtpengineConfig {
  readonly address: Endpoint;
  /** Where it reports digits to; undefined: they are not heard. */
  readonly dtmfLog: Endpoint | undefined;
  /** Without an answer for so long it is down. */
  readonly timeoutMs: number;
  /** New calls then: relayed by the built-in engine, or refused with 503. */
  readonly whenDown: 'builtin' | 'refuse';
}

export const resolveRtpengine = (written: z.output<typeof rtpengineSection>): RtpengineConfig => ({
  // Both were looked at when they were read.
  address: endpointIn(written.address) ?? { host: '127.0.0.1', port: 0 },
  dtmfLog: written.dtmfLog === undefined ? undefined : endpointIn(written.dtmfLog),
  timeoutMs: Math.round(written.timeoutSeconds * 1000),
  whenDown: written.whenDown,
});
