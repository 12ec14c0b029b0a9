/** `admin` of the config: the HTTP door for operators, the live page and other programs. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { optional, section, text, whole } from './forms.ts';
import type { KeyPath } from './wording.ts';

const PRESET = { scheme: 'http', host: '127.0.0.1', port: 8060 } as const;
const LISTENER = 'http: or https:, an IP address of this machine and a port, such as http:127.0.0.1:8060, or off';
const LISTENER_FORM = /^(http|https):(\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}|localhost):(\d{1,5})$/;
const MAX_PORT = 65_535;
const TOKEN = 'a token of 16 to 256 letters, digits and signs without spaces, as text in quotes';
const NAME = 'the name that browsers ask for, without scheme and port, such as ops.example.com';
const NAMES = 'a list of at most 100 names that browsers ask for, such as [ops.example.com]';

interface DoorAddress {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

function addressIn(written: string): DoorAddress | undefined {
  const [, scheme, inUrl = '', number] = LISTENER_FORM.exec(written) ?? [];
  const host = inUrl === 'localhost' ? '127.0.0.1' : inUrl.replace(/^\[|\]$/g, '');
  const port = Number(number);
  return isIP(host) === 0 || port > MAX_PORT ? undefined : { scheme: scheme === 'https' ? 'https' : 'http', host, port };
}

const adminSection = section({
  listen: text(LISTENER, { max: 64 })
    .refine((written) => written === 'off' || addressIn(written) !== undefined, { error: LISTENER })
    .optional(),
  token: text(TOKEN, { max: 256, form: /^[\x21-\x7e]{16,}$/ }).optional(),
  names: z
    .array(text(NAME, { max: 253, form: /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/ }), { error: NAMES })
    .max(100, { error: NAMES })
    .default([]),
  keep: optional(section({ calls: whole(500, { min: 0, max: 100_000 }), minutes: whole(60, { min: 1, max: 10_080 }) })),
});

/** The section as people write it. */
export const admin = z.preprocess(
  (value) => (value === 'off' || value === false ? { listen: 'off' } : (value ?? {})),
  adminSection,
);

/** The door; there is none where it is off. */
export interface AdminConfig extends DoorAddress {
  /** Nobody wrote the address: the service goes without a door where it is taken. */
  readonly isPreset: boolean;
  /** What whoever enters has to know; undefined, on loopback only: nothing. */
  readonly token: string | undefined;
  /** Names that browsers ask for, lower-case, beside `localhost`, addresses and the domains. */
  readonly names: readonly string[];
  /** Of the calls that are over, how many are kept to be looked at, and for how long. */
  readonly keep: { readonly calls: number; readonly maxAgeMs: number };
}

/** What surrounds the section. */
export interface AroundAdmin {
  readonly domains: readonly string[];
  readonly hasCertificate: boolean;
  readonly isLoopback: (host: string) => boolean;
}

type Complain = (path: KeyPath, what: string, fix: string) => void;

/** Checks it against what surrounds it. */
export function resolveAdmin(
  { listen, token, names, keep }: z.output<typeof adminSection>,
  { domains, hasCertificate, isLoopback }: AroundAdmin,
  complain: Complain,
): AdminConfig | undefined {
  if (listen === 'off') return undefined;
  const address = (listen === undefined ? undefined : addressIn(listen)) ?? PRESET;
  if (token === undefined && !isLoopback(address.host))
    complain(['admin', 'token'], 'missing', `write ${TOKEN}, or listen on 127.0.0.1: ${listen} is not loopback`);
  if (address.scheme === 'https' && !hasCertificate)
    complain(['admin', 'listen'], `${listen} needs a certificate`, 'write tls: { certificate: FILE, key: FILE }');
  return {
    ...address,
    isPreset: listen === undefined,
    token,
    names: [...domains, ...names].map((name) => name.toLowerCase()),
    keep: { calls: keep.calls, maxAgeMs: keep.minutes * 60_000 },
  };
}
