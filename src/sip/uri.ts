import { isParamValue, isUnreservedCode, isUserCode } from './chars.ts';
import { bracketed, endOfDigits, endOfHost, hostBetween, portBetween } from './host.ts';
import type { Params } from './message.ts';
import { copiedParams, formatParams, MAX_PARAMS, NO_PARAMS, newParams } from './params.ts';

/** A SIP, SIPS or tel URI (RFC 3261 §19.1, RFC 3966). Parts are as written, escapes kept. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** The number of a tel URI. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** IPv6 without brackets; empty in a tel URI. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: Params;
  /** By name as written; values as written. */
  readonly headers: Readonly<Record<string, string>>;
}

export const MAX_URI_LENGTH = 4096;
const NO_HEADERS = NO_PARAMS as Readonly<Record<string, string>>;
const PERCENT = 0x25;
const COLON = 0x3a;

function hexAt(text: string, i: number): number {
  const code = text.charCodeAt(i);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** The byte that `%HH` at `i` stands for, or -1. */
function escapedAt(text: string, i: number): number {
  const high = hexAt(text, i + 1);
  const low = hexAt(text, i + 2);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

const EXCLUDED_FROM_USER = new Set([...'@:[]<>"\\^`{|} \x7f'].map((c) => c.charCodeAt(0)));

/** Whether `text` can be a user part; `#` and raw bytes above 127 are tolerated, since phones send them. */
function isUser(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === PERCENT ? escapedAt(text, i) < 0 : code < 0x20 || code > 0xff || EXCLUDED_FROM_USER.has(code)) return false;
  }
  return text.length > 0;
}

function parseUriParams(text: string): Params | undefined {
  if (text === '') return NO_PARAMS;
  const params = newParams();
  const parts = text.split(';', MAX_PARAMS + 2);
  if (parts.length > MAX_PARAMS + 1 || parts[0] !== '') return undefined;
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i] ?? '';
    const equals = part.indexOf('=');
    const nameEnd = equals === -1 ? part.length : equals;
    if (!isParamName(part, nameEnd) || (equals !== -1 && !isParamValue(part, equals + 1))) return undefined;
    const name = part.slice(0, nameEnd).toLowerCase();
    if (params[name] === undefined) params[name] = equals === -1 ? null : part.slice(equals + 1);
  }
  return params;
}
const isParamName = (part: string, end: number): boolean => isParamValue(part, 0, end);

function parseUriHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const headers = Object.create(null) as Record<string, string>;
  const parts = text.split('&', MAX_PARAMS + 1);
  if (parts.length > MAX_PARAMS) return undefined;
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals < 1) return undefined;
    const name = part.slice(0, equals);
    if (headers[name] === undefined) headers[name] = part.slice(equals + 1);
  }
  return headers;
}

function parseTel(text: string): SipUri | undefined {
  const semicolon = text.indexOf(';', 4);
  const end = semicolon === -1 ? text.length : semicolon;
  const user = text.slice(4, end);
  const params = parseUriParams(text.slice(end));
  if (!isUser(user) || params === undefined) return undefined;
  return { scheme: 'tel', user, password: undefined, host: '', port: undefined, params, headers: NO_HEADERS };
}

/** Reads a SIP, SIPS or tel URI in linear time; `undefined` for other schemes and for what is malformed or too long. */
export function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':');
  if (colon < 3 || colon > 4 || text.length > MAX_URI_LENGTH) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === 'tel') return parseTel(text);
  if (scheme !== 'sip' && scheme !== 'sips') return undefined;

  const at = text.indexOf('@', colon);
  let user: string | undefined;
  let password: string | undefined;
  if (at !== -1) {
    const secretAt = text.indexOf(':', colon + 1);
    const hasPassword = secretAt !== -1 && secretAt < at;
    user = text.slice(colon + 1, hasPassword ? secretAt : at);
    password = hasPassword ? text.slice(secretAt + 1, at) : undefined;
    if (!isUser(user) || (password !== undefined && password !== '' && !isUser(password))) return undefined;
  }
  return parseHostPart(text, at === -1 ? colon + 1 : at + 1, scheme, user, password);
}

function parseHostPart(
  text: string,
  from: number,
  scheme: 'sip' | 'sips',
  user: string | undefined,
  password: string | undefined,
): SipUri | undefined {
  const end = endOfHost(text, from);
  if (end === -1) return undefined;
  const host = hostBetween(text, from, end);
  let i = end;
  let port: number | undefined;
  if (text.charCodeAt(i) === COLON) {
    const portAt = i + 1;
    i = endOfDigits(text, portAt);
    port = portBetween(text, portAt, i);
    if (port === undefined) return undefined;
  }
  if (i === text.length) return { scheme, user, password, host, port, params: NO_PARAMS, headers: NO_HEADERS };
  // A raw @ is legal neither in parameters nor in headers; one would make the host a matter of opinion.
  if (text.indexOf('@', i) !== -1) return undefined;
  const question = text.indexOf('?', i);
  const params = parseUriParams(text.slice(i, question === -1 ? text.length : question));
  const headers = question === -1 ? NO_HEADERS : parseUriHeaders(text.slice(question + 1));
  if (params === undefined || headers === undefined) return undefined;
  return { scheme, user, password, host, port, params, headers };
}

/** The Request-URI for a Contact: without its headers, which are none of a Request-URI (RFC 3261 §19.1.1). */
export function requestUriOf(contact: string): string {
  const question = contact.indexOf('?', contact.indexOf('@') + 1);
  return question === -1 ? contact : contact.slice(0, question);
}

/** Whether a URI asks for TLS on every hop (RFC 3261 §19.1). */
export const isSipsUri = (uri: string): boolean => /^sips:/i.test(uri);

/** Writes a URI. */
export function formatUri(uri: SipUri): string {
  if (uri.scheme === 'tel') return `tel:${uri.user ?? ''}${formatParams(uri.params)}`;
  const secret = uri.password === undefined ? '' : `:${uri.password}`;
  const userInfo = uri.user === undefined ? '' : `${uri.user}${secret}@`;
  const port = uri.port === undefined ? '' : `:${uri.port}`;
  let text = `${uri.scheme}:${userInfo}${bracketed(uri.host)}${port}${formatParams(uri.params)}`;
  let mark = '?';
  for (const name in uri.headers) {
    text += `${mark}${name}=${uri.headers[name] ?? ''}`;
    mark = '&';
  }
  return text;
}

const percent = (code: number): string => `%${code < 16 ? '0' : ''}${code.toString(16).toUpperCase()}`;

/**
 * One spelling for all equivalent ones: escapes of unreserved characters are resolved, those of reserved ones kept
 * (RFC 3261 §19.1.4), and what may not stand unescaped is escaped, so that `*21#` and `*21%23` are one.
 */
export function canonicalUser(user: string): string {
  let plain = true;
  for (let i = 0; i < user.length && plain; i++) plain = isUserCode(user.charCodeAt(i));
  if (plain) return user;
  let canonical = '';
  for (let i = 0; i < user.length; i++) {
    const code = user.charCodeAt(i);
    const escaped = code === PERCENT ? escapedAt(user, i) : -1;
    if (escaped >= 0) {
      canonical += isUnreservedCode(escaped) ? String.fromCharCode(escaped) : percent(escaped);
      i += 2;
    } else canonical += isUserCode(code) ? user.charAt(i) : percent(code & 0xff);
  }
  return canonical;
}

const sameText = (a: string | undefined, b: string | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && canonicalUser(a) === canonicalUser(b));
const sameFolded = (a: string | null, b: string | null): boolean =>
  a === b ||
  (a !== null && b !== null && canonicalUser(a.toLowerCase()).toLowerCase() === canonicalUser(b.toLowerCase()).toLowerCase());

/** Absent on one side, these do not match; transport is here because of the examples in RFC 3261 §19.1.4. */
const NEVER_IGNORED = ['user', 'ttl', 'method', 'maddr', 'transport'];

function sameParams(a: Params, b: Params, ignoreAbsent: boolean): boolean {
  for (const name in a) {
    const theirs = b[name];
    if (theirs === undefined) {
      if (!ignoreAbsent || NEVER_IGNORED.includes(name)) return false;
    } else if (!sameFolded(a[name] ?? null, theirs)) return false;
  }
  for (const name in b) {
    if (a[name] === undefined && (!ignoreAbsent || NEVER_IGNORED.includes(name))) return false;
  }
  return true;
}

function sameHeaders(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  if (a === b) return true;
  const fold = (headers: Readonly<Record<string, string>>): string =>
    Object.keys(headers)
      .map((name) => `${name.toLowerCase()}=${canonicalUser(headers[name] ?? '')}`)
      .sort()
      .join('&');
  return fold(a) === fold(b);
}

const telDigits = (user: string | undefined): string => (user ?? '').replace(/[-.()]/g, '').toLowerCase();

/** Whether two URIs are equivalent (RFC 3261 §19.1.4; tel URIs RFC 3966 §4). */
export function uriEquals(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme) return false;
  if (a.scheme === 'tel') return telDigits(a.user) === telDigits(b.user) && sameParams(a.params, b.params, false);
  return (
    a.port === b.port &&
    a.host.toLowerCase() === b.host.toLowerCase() &&
    sameText(a.user, b.user) &&
    sameText(a.password, b.password) &&
    sameParams(a.params, b.params, true) &&
    sameHeaders(a.headers, b.headers)
  );
}

/** The user part of an address of record. Departs from RFC 3261 §19.1.4, to which `%2B` is not `+`: some phones escape it, and a number is one number. */
export function userKey(user: string): string {
  const canonical = canonicalUser(user);
  return canonical.includes('%2B') ? canonical.replaceAll('%2B', '+') : canonical;
}

/** The address of record as a key: `sip:user@host`, one spelling for all that mean the same (RFC 3261 §10.3 step 5). */
export function aorOf(uri: SipUri): string {
  if (uri.scheme === 'tel') return `tel:${telDigits(uri.user)}`;
  const lower = uri.host.toLowerCase();
  const host = bracketed(lower.endsWith('.') ? lower.slice(0, -1) : lower);
  return uri.user === undefined ? `sip:${host}` : `sip:${userKey(uri.user)}@${host}`;
}

/** The URI without the named parameters (lower-case names). */
export function stripParams(uri: SipUri, names: readonly string[]): SipUri {
  if (!names.some((name) => uri.params[name] !== undefined)) return uri;
  const params = newParams();
  for (const name in uri.params) if (!names.includes(name)) params[name] = uri.params[name] ?? null;
  return { ...uri, params };
}

/** The URI with one parameter set; `null` sets it without a value. */
export function withParam(uri: SipUri, name: string, value: string | null): SipUri {
  const params = copiedParams(uri.params);
  params[name] = value;
  return { ...uri, params };
}
