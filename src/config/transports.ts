/** Where the service listens, and with what certificates: the keys `listen`, `tls` and `websocket`. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { choice, section, text, yesOrNo } from './forms.ts';

// listen

const TRANSPORTS = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
const LISTENER = 'a listener such as udp:127.0.0.1:5060 or tcp:[::1]:5060';
const LISTENER_FORM = /^(udp|tcp|tls|ws|wss):(\[[0-9a-fA-F:.]{2,45}\]|[^\s:[\]]{1,253}):(\d{1,5})$/;
const ADDRESS = 'an IP address of this machine, such as 127.0.0.1';

function shortListener(value: unknown): unknown {
  const parts = typeof value === 'string' ? LISTENER_FORM.exec(value) : null;
  return parts === null ? value : { transport: parts[1], host: parts[2]?.replace(/^\[|\]$/g, ''), port: Number(parts[3]) };
}

const ADVERTISED = 'a name or address, with a port if it is another, such as sip.example.com or 203.0.113.5:5060';
const ADVERTISED_FORM = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?))(?::(\d{1,5}))?$/;

export interface Advertised {
  readonly host: string;
  readonly port: number | undefined;
}

function advertisedIn(written: string): Advertised | undefined {
  const parts = ADVERTISED_FORM.exec(isIP(written) === 6 ? `[${written}]` : written);
  const host = (parts?.[1] ?? parts?.[2] ?? '').toLowerCase();
  const number = parts?.[3] === undefined ? undefined : Number(parts[3]);
  return isHost(host) && (number === undefined || (number >= 1 && number <= 65_535)) ? { host, port: number } : undefined;
}

/** An address that is none, such as 203.0.113.256 or 0.0.0.0, is no name either. */
const isHost = (host: string): boolean =>
  host !== '' && host !== '0.0.0.0' && host !== '::' && (isIP(host) > 0 || !/^[0-9.]+$/.test(host));

const advertise = text(ADVERTISED, { max: 262 })
  .refine((written) => advertisedIn(written) !== undefined, { error: ADVERTISED })
  .transform((written) => advertisedIn(written));

const port = 'a port from 0 to 65535, such as 5060';

/** One listener. */
export const listener = z.preprocess(
  shortListener,
  section(
    {
      transport: z.enum(TRANSPORTS, { error: `one of ${TRANSPORTS.join(', ')}` }),
      host: text(ADDRESS)
        .transform((host) => (host === 'localhost' ? '127.0.0.1' : host))
        .refine((host) => isIP(host) > 0, { error: ADDRESS }),
      port: z.number({ error: port }).int({ error: port }).min(0, { error: port }).max(65_535, { error: port }),
      advertise: advertise.optional(),
    },
    LISTENER,
  ),
);

// tls

const certificate = text('a PEM file with the certificate and those between it and the authority', { max: 4096 });
const key = text('a PEM file with the private key of that certificate', { max: 4096 });
const PAIR = 'a map with certificate and key';
/** The server name that a client asks for: a domain (RFC 6066 §3). */
const serverName = z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/);
const VERSION = 'one of "1.2", "1.3"';

export const tls = section(
  {
    certificate,
    key,
    names: z
      .record(serverName, section({ certificate, key }, PAIR), { error: `a map of server names, each with ${PAIR}` })
      .optional(),
    clientCertificates: choice('none', ['none', 'ask', 'require']),
    ca: text('a PEM file with the certificates of the authorities that you believe', { max: 4096 }).optional(),
    // YAML reads 1.2 without quotes as a number.
    minVersion: z.preprocess(
      (value) => (typeof value === 'number' ? String(value) : value),
      z.enum(['1.2', '1.3'], { error: VERSION }).default('1.2'),
    ),
    verifyServers: yesOrNo(true),
  },
  PAIR,
).optional();

// websocket

const ORIGIN = 'an origin such as https://app.example.com, or "*" for any page';
const isOrigin = (written: string): boolean =>
  written === '*' || (URL.canParse(written) && new URL(written).origin === written.toLowerCase());

export const websocket = section({
  path: text('a path such as /sip', { max: 1024, form: /^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/ }).optional(),
  origins: z
    .array(text(ORIGIN, { max: 300 }).refine(isOrigin, { error: ORIGIN }), {
      error: `a list of origins, each like https://app.example.com`,
    })
    .max(1000, { error: 'at most 1000 origins' })
    .optional(),
});
