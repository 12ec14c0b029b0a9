/** Which headers of a message go on to the other side of a call: the B2BUA contract of the README, as one function. */
import { parseAuthorization } from '../../sip/digest.ts';
import { tokens } from '../../sip/headers.ts';
import type { NameAddr, Params, SipMessage } from '../../sip/message.ts';
import { newParams } from '../../sip/params.ts';
import { CARRIED_OPTIONS, NOT_CARRIED_METHODS } from './methods.ts';

/** Never passed: rewritten for each leg, spoken between us and one side only, or asserted by sides that nobody trusts yet. */
const STAYS = new Set([
  'max-forwards',
  'max-breadth',
  'www-authenticate',
  'proxy-authenticate',
  'authentication-info',
  'proxy-authentication-info',
  'proxy-require',
  'path',
  'service-route',
  'feature-caps',
  'content-length',
  'rseq',
  'rack',
  'unsupported',
  'timestamp',
  'server',
  'p-asserted-identity',
  'p-preferred-identity',
  'privacy',
  'remote-party-id',
  // RFC 3329: an agreement with the next hop.
  'security-client',
  'security-server',
  'security-verify',
  // They name dialogs of ours, which mean nothing to the other side.
  'replaces',
  'target-dialog',
  'join',
]);
const CREDENTIALS = new Set(['authorization', 'proxy-authorization']);
const OPTION_LISTS = new Set(['supported', 'require']);

/** Credentials that cannot be read stay here too: a digest of our realm may be in them, and an offline guess is cheap. */
const isForeign = (line: string, realm: string): boolean => {
  const credentials = parseAuthorization(line);
  return credentials !== undefined && credentials.realm !== realm;
};

/** The headers of `message` that the other side sees. Credentials for our realm stay here (RFC 3261 §22.3). */
export function passedHeaders(message: SipMessage, realm: string): Map<string, readonly string[]> {
  const passed = new Map<string, readonly string[]>();
  for (const [name, lines] of message.headers) {
    if (STAYS.has(name)) continue;
    if (OPTION_LISTS.has(name)) {
      const carried = tokens(lines).filter((option) => CARRIED_OPTIONS.has(option.toLowerCase()));
      if (carried.length > 0) passed.set(name, [carried.join(', ')]);
      continue;
    }
    if (name === 'allow') {
      passed.set(name, [carriedMethods(lines)]);
      continue;
    }
    const kept = CREDENTIALS.has(name) ? lines.filter((line) => isForeign(line, realm)) : lines;
    if (kept.length > 0) passed.set(name, kept);
  }
  return passed;
}

const carriedMethods = (lines: readonly string[]): string =>
  tokens(lines)
    .filter((method) => !NOT_CARRIED_METHODS.has(method))
    .join(', ');

/** Takes an option out of a list of options; `headers` is changed. */
export function withoutOption(headers: Map<string, readonly string[]>, name: string, option: string) {
  const lines = headers.get(name);
  if (lines === undefined) return headers;
  const others = tokens(lines).filter((token) => token.toLowerCase() !== option);
  if (others.length === 0) headers.delete(name);
  else headers.set(name, [others.join(', ')]);
  return headers;
}

/** Contact parameters that describe a binding or a device rather than what the party can do. */
const OF_BINDING = new Set(['q', 'expires', '+sip.instance', 'reg-id', 'ob', 'pub-gruu', 'temp-gruu']);

/** Feature tags of a party's Contact, which its peer may see (RFC 3840). */
export function featureTags(contact: SipMessage['contact']): Params {
  const tags = newParams();
  const params = contact === '*' ? undefined : contact[0]?.params;
  for (const name in params) if (!OF_BINDING.has(name) && !name.startsWith('+sip.pn')) tags[name] = params[name] ?? null;
  return tags;
}

/** An address as it came, with another tag or none. */
export function withTag(address: NameAddr, tag: string | undefined): NameAddr {
  const params = newParams();
  for (const name in address.params) if (name !== 'tag') params[name] = address.params[name] ?? null;
  if (tag !== undefined) params.tag = tag;
  return { name: address.name, uri: address.uri, params };
}

const DEFAULT_MAX_FORWARDS = 70;

/** Max-Forwards less one (RFC 3261 §16.6 step 3); `headers` is changed. */
export function setMaxForwards(headers: Map<string, readonly string[]>, received: number | undefined): void {
  headers.set('max-forwards', [String((received ?? DEFAULT_MAX_FORWARDS + 1) - 1)]);
}

/** A challenge for us, a redirection to others or a failing transport of the other side mean nothing to this one. */
export function statusPassed(status: number): number {
  if (status === 401 || status === 407) return 403;
  if (status === 503) return 500;
  return status >= 300 && status < 400 ? 480 : status;
}
