/** `http:` of the config: the systems that scenarios may ask, and with which credentials. */
import { z } from 'zod';
import { type Bounds, seconds, section, text, whole } from './forms.ts';
import type { HttpConfig, HttpTargetConfig } from './resolved.ts';
import type { KeyPath } from './wording.ts';

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,128}$/;
const headerValue = text("a header's value on one line, as text in quotes", { max: 8192, form: /^[\x20-\x7e\t]+$/ });
/** Headers of HTTP requests, as a map. */
export const headers = z.record(z.string().regex(HEADER_NAME), headerValue, { error: 'a map of header names and values' });

const URL_FORM = 'an address without user, password and #, such as https://crm.example.com/api/';
const isTarget = (address: string): boolean => {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password, hash } = new URL(address);
  return /^https?:$/.test(protocol) && `${username}${password}${hash}` === '';
};

const COUNT: Bounds = { min: 1, max: 1000 };

const target = section(
  {
    url: text(URL_FORM, { max: 2048 }).refine(isTarget, { error: URL_FORM }),
    headers: headers.optional(),
    timeoutSeconds: seconds(5, { min: 0.1, max: 60 }),
    maxOpen: whole(8, COUNT),
    maxKilobytes: whole(64, { min: 1, max: 1024 }),
  },
  'a map with a url, such as { url: "https://crm.example.com/api/" }',
);

const TARGETS = 'a map of at most 100 names, such as crm: { url: "https://crm.example.com/api/" }';

/** The section as people write it. */
export const http = section({
  targets: z
    .record(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/), target, { error: TARGETS })
    .refine((targets) => Object.keys(targets).length <= 100, { error: TARGETS })
    .optional(),
  maxOpen: whole(64, COUNT),
});

/** What frames a request is not for the config to say. */
const OURS = ['content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade'];

type Complain = (path: KeyPath, what: string, fix: string) => void;

/** Turns what was written into what the port uses. */
export function resolveHttp({ targets = {}, maxOpen }: z.output<typeof http>, complain: Complain): HttpConfig {
  const resolved = new Map<string, HttpTargetConfig>();
  for (const [name, { url, headers = {}, timeoutSeconds, maxKilobytes, maxOpen: open }] of Object.entries(targets)) {
    const ours = Object.keys(headers).find((header) => OURS.includes(header.toLowerCase()));
    if (ours !== undefined)
      complain(['http', 'targets', name, 'headers', ours], 'a header that callweave writes itself', 'remove it');
    const timeoutMs = Math.round(timeoutSeconds * 1000);
    resolved.set(name, { url, headers, timeoutMs, maxOpen: open, maxBodyBytes: maxKilobytes * 1024 });
  }
  return { targets: resolved, maxOpen };
}
