import { isIP } from 'node:net';
import { z } from 'zod';
import { admin } from './admin.ts';
import { type Bounds, choice, optional, seconds, section, text, whole, yesOrNo } from './forms.ts';
import { headers, http } from './http.ts';
import { inCallCodes } from './in-call-codes.ts';
import { inspector } from './inspector.ts';
import { ivr } from './ivr.ts';
import { media } from './media.ts';
import { parseNetwork } from './network.ts';
import { pickup } from './pickup.ts';
import { codes, numbers, trunks, userName, userRouting } from './routing-schema.ts';
import { scenarios } from './scenarios.ts';
import { listener, tls, websocket } from './transports.ts';

/**
 * The config as people write it. Each leaf's error message is the fix ("write …"), the same for every way to be wrong;
 * the message of an unknown key lists the keys that are known there.
 */

export { KEY_SEPARATOR } from './forms.ts';

// listen

const LISTENERS = `a list of 1 to 32 listeners, each like udp:127.0.0.1:5060`;

// names

const DOMAIN = 'a domain name or address without scheme and port, such as example.com';
const domain = text(DOMAIN, { max: 253, form: /^([A-Za-z0-9_]([A-Za-z0-9_-]*)(\.[A-Za-z0-9_-]+)*\.?|\[[0-9a-fA-F:.]+\])$/ });
/** RFC 3261 §25.1 token, which is what pn-provider may be (RFC 8599 §8.2). */
const TOKEN = 'a provider that stands under push.providers, such as apns, fcm or webpush';
const token = text(TOKEN, { max: 64, form: /^[A-Za-z0-9\-.!%*_+`'~]+$/ });

// name servers

const NAME_SERVER = 'the IP address of a name server, such as 192.0.2.53, 192.0.2.53:5353 or "[2001:db8::53]:53"';
const NAME_SERVERS = 'a list of at most 8 name servers, such as [192.0.2.53]';
const NAME_SERVER_FORM = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/;
const nameServer = text(NAME_SERVER, { max: 64 }).refine(isNameServer, { error: NAME_SERVER });

function isNameServer(value: string): boolean {
  const [, v6, v4, port = '53'] = NAME_SERVER_FORM.exec(value) ?? [];
  return isIP(v6 ?? v4 ?? value) !== 0 && Number(port) >= 1 && Number(port) <= 65_535;
}

// users

const WAKEABLE = 'true, false, or a map with provider and prid';
const wakeable = z
  .preprocess(
    (value) => (value === true ? {} : value === false ? undefined : value),
    section(
      {
        provider: token.optional(),
        prid: text("the device's pn-prid, as text in quotes", { max: 2048 }).optional(),
        param: text("the device's pn-param, as text in quotes", { max: 512 }).optional(),
      },
      WAKEABLE,
    ).optional(),
  )
  .optional();

/** What a password must be. */
export const PASSWORD = 'a password that is not empty, as text in quotes';

const user = section(
  {
    /** False for a name that no phone registers with, such as that of a group. */
    phone: yesOrNo(true),
    password: text(PASSWORD, { max: 256 }).optional(),
    displayName: text('a name, as text in quotes', { max: 128 }).optional(),
    wakeable,
    ...userRouting,
  },
  'a map with a password, such as { password: "…" }',
);

// push

const URL_FORM = 'an address such as https://push.example.com/wake';
const isHttp = (address: string): boolean => URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);

const provider = section(
  {
    sender: z.enum(['log', 'http'], { error: 'one of log, http' }),
    url: text(URL_FORM, { max: 2048 }).refine(isHttp, { error: URL_FORM }).optional(),
    timeoutSeconds: seconds(3, { min: 0.1, max: 60 }),
    retries: whole(2, { min: 0, max: 10 }),
    headers: headers.optional(),
  },
  'a map such as { sender: http, url: "https://push.example.com/wake" }',
);

const PROGRESS = 'one of none, 182, 180';
const progress = z.union([z.literal('none'), z.literal(182), z.literal(180)], { error: PROGRESS }).default(182);

const EXPIRES: Bounds = { min: 1, max: 86_400 * 30 };
const expires = (preset: number) => whole(preset, EXPIRES, 'whole seconds');

const NETWORK = 'an IP address or network, such as 192.0.2.0/24';
const NETWORKS = 'a list of at most 10000 IP addresses and networks, such as [192.0.2.7, 2001:db8::/32]';
const network = text(NETWORK, { max: 64 }).refine((written) => parseNetwork(written) !== undefined, { error: NETWORK });
const SCANNER = 'a word that stands in the User-Agent of a scanner, such as sipvicious';

const TRACED = 'a list of at most 1000 users or numbers, such as [alice, "1001"]';
const COLLECTOR = 'an IP address and a port, such as 192.0.2.9:9060 or "[2001:db8::9]:9060"';
const COLLECTOR_FORM = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):(\d{1,5})$/;

function isCollector(value: string): boolean {
  const [, v6, v4, port] = COLLECTOR_FORM.exec(value) ?? [];
  return isIP(v6 ?? v4 ?? '') > 0 && Number(port) >= 1 && Number(port) <= 65_535;
}

/** The whole config file. */
export const configSchema = section({
  listen: z
    .array(listener, { error: LISTENERS })
    .min(1, { error: LISTENERS })
    .max(32, { error: LISTENERS })
    .default([
      { transport: 'udp', host: '127.0.0.1', port: 5060 },
      { transport: 'tcp', host: '127.0.0.1', port: 5060 },
    ]),
  tls,
  websocket: optional(websocket),
  domains: z
    .array(domain, { error: `a list of domains, such as [example.com]` })
    .max(1000, { error: 'at most 1000 domains' })
    .default([]),
  realm: text('a realm without quotes, such as example.com', { max: 128, form: /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/ }).optional(),
  auth: choice('digest', ['digest', 'none']),
  digest: optional(
    section({
      algorithm: choice('MD5', ['MD5', 'SHA-256', 'SHA-512-256']),
      nonceSeconds: seconds(300, { min: 5, max: 86_400 }),
    }),
  ),
  users: z
    .record(z.string().regex(userName), user, { error: 'a map of user names, such as alice: { password: "…" }' })
    .optional(),
  trunks,
  numbers,
  codes,
  pickup,
  scenarios,
  registrar: optional(
    section({
      minExpiresSeconds: expires(60),
      maxExpiresSeconds: expires(7200),
      defaultExpiresSeconds: expires(3600),
      maxContacts: whole(10, { min: 1, max: 32 }),
    }),
  ),
  calls: optional(
    section({
      ringLimitSeconds: seconds(60, { min: 1, max: 600 }),
      silentAfterSeconds: seconds(10, { min: 0.5, max: 32 }),
      maxForks: whole(16, { min: 1, max: 32 }),
      earlyDialogs: choice('forked', ['forked', 'single']),
      declineEndsCall: yesOrNo(false),
      sessionExpiresSeconds: whole(1800, { min: 0, max: 86_400 }, 'whole seconds'),
      minSessionExpiresSeconds: whole(90, { min: 90, max: 86_400 }, 'whole seconds'),
      aliveCheckSeconds: whole(300, { min: 0, max: 86_400 }, 'whole seconds'),
      transfer: choice('local', ['local', 'relay']),
      maxCalls: whole(200_000, { min: 1, max: 10_000_000 }),
    }),
  ),
  push: optional(
    section({
      wakeLimitSeconds: seconds(20, { min: 0.5, max: 300 }),
      awakeForSeconds: seconds(0, { min: 0, max: 86_400 }),
      progress,
      providers: z.record(token, provider, { error: 'a map of providers, such as apns: { sender: log }' }).optional(),
    }),
  ),
  http: optional(http),
  media,
  ivr,
  inCallCodes,
  dns: optional(
    section({
      servers: z.array(nameServer, { error: NAME_SERVERS }).max(8, { error: NAME_SERVERS }).default([]),
      timeoutSeconds: seconds(2, { min: 0.1, max: 30 }),
      failoverSeconds: seconds(4, { min: 0.5, max: 32 }),
    }),
  ),
  nat: optional(
    section({
      pingSeconds: seconds(30, { min: 0, max: 3600 }),
      removeAfterMissed: whole(0, { min: 0, max: 100 }),
    }),
  ),
  store: optional(
    section({
      path: text('a file such as ./callweave.sqlite, or ":memory:"', { max: 4096 }).default('./callweave.sqlite'),
    }),
  ),
  drain: optional(section({ limitSeconds: seconds(60, { min: 0, max: 86_400 }) })),
  records: optional(section({ path: text('a file such as ./calls.jsonl', { max: 4096 }).optional() })),
  journal: optional(
    section({
      path: text('a file such as ./journal.jsonl', { max: 4096 }).optional(),
      calls: choice('all', ['all', 'failed']),
      users: z
        .array(text('a user or a number, such as alice or "1001"', { max: 64 }), { error: TRACED })
        .max(1000, { error: TRACED })
        .default([]),
      maxMegabytes: whole(100, { min: 1, max: 100_000 }),
    }),
  ),
  trace: optional(
    section({
      path: text('a file such as ./trace.pcap', { max: 4096 }).optional(),
      users: z
        .array(text('a user or a number, such as alice or "1001"', { max: 64 }), { error: TRACED })
        .max(1000, { error: TRACED })
        .default([]),
      maxMegabytes: whole(100, { min: 1, max: 100_000 }),
      atStart: yesOrNo(true),
    }),
  ),
  hep: section(
    {
      address: text(COLLECTOR, { max: 64, form: COLLECTOR_FORM }).refine(isCollector, { error: COLLECTOR }),
      captureId: whole(2001, { min: 0, max: 4_294_967_295 }),
      password: text('the password of the collector, as text in quotes', { max: 256 }).optional(),
    },
    `a map such as { address: "192.0.2.9:9060" }`,
  ).optional(),
  admin,
  inspector,
  log: optional(
    section({
      level: choice('info', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
      format: choice('auto', ['auto', 'pretty', 'json']),
    }),
  ),
  limits: optional(
    section({
      tcpConnections: whole(20_000, { min: 1, max: 1_000_000 }),
      tcpConnectionsPerSource: whole(200, { min: 1, max: 1_000_000 }),
      transactions: whole(400_000, { min: 100, max: 10_000_000 }),
      overloadLagMs: whole(100, { min: 5, max: 10_000 }, 'milliseconds'),
      requestsPerSecondPerSource: whole(200, { min: 0, max: 1_000_000 }),
      trusted: z.array(network, { error: NETWORKS }).max(10_000, { error: NETWORKS }).default(['127.0.0.0/8', '::1']),
      failuresBeforeBan: whole(20, { min: 0, max: 1_000_000 }),
      banSeconds: seconds(300, { min: 1, max: 86_400 * 30 }),
      scanners: z
        .array(text(SCANNER, { max: 64 }), { error: `a list of words, such as [sipvicious], or [] for none` })
        .max(100, { error: 'at most 100 words' })
        .default(['friendly-scanner', 'sipvicious', 'sipcli', 'pplsip', 'sundayddr', 'sip-scan', 'iwar', 'vaxsipuseragent']),
    }),
  ),
});

/** A config file that passed the schema, presets filled in. */
export type WrittenConfig = z.output<typeof configSchema>;
