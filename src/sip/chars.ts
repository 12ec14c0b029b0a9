/** Character classes of SIP's grammar (RFC 3261 §25.1) as one table over the 256 bytes. */

const TOKEN = 1;
const BREAKS_URI = 2;
const USER = 4;
const HOST = 8;
const UNRESERVED = 16;
const VALUE = 32;
const DIGIT = 64;
const VISIBLE = 128;

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const CLASS = new Uint8Array(256);

function mark(bit: number, characters: string): void {
  for (let i = 0; i < characters.length; i++) {
    const code = characters.charCodeAt(i);
    CLASS[code] = (CLASS[code] ?? 0) | bit;
  }
}
function markRange(bit: number, from: number, to: number): void {
  for (let code = from; code <= to; code++) CLASS[code] = (CLASS[code] ?? 0) | bit;
}
mark(TOKEN, `${ALPHANUMERIC}-.!%*_+\`'~`);
mark(UNRESERVED, `${ALPHANUMERIC}-_.!~*'()`);
mark(USER, `${ALPHANUMERIC}-_.!~*'()&=+$,;?/`);
mark(HOST, `${ALPHANUMERIC}-._`);
mark(DIGIT, '0123456789');
markRange(VISIBLE, 0x21, 0x7e);
mark(BREAKS_URI, ' <>"');
markRange(BREAKS_URI, 0, 0x1f);
mark(BREAKS_URI, '\x7f');
// Parameter values: token, host or IPv6reference, and what user agents send beside (base64 in instance ids).
markRange(VALUE, 0x21, 0x7e);
markRange(VALUE, 0x80, 0xff);
for (const breaker of '";,<>') CLASS[breaker.charCodeAt(0)] = (CLASS[breaker.charCodeAt(0)] ?? 0) & ~VALUE;

function all(bit: number, text: string, from: number, to: number): boolean {
  if (from >= to) return false;
  for (let i = from; i < to; i++) if (((CLASS[text.charCodeAt(i)] ?? 0) & bit) === 0) return false;
  return true;
}

/** Whether `text` (or its part) is a non-empty token. */
export const isToken = (text: string, from = 0, to = text.length): boolean => all(TOKEN, text, from, to);
/** Whether `text` (or its part) is a non-empty run of digits. */
export const isDigits = (text: string, from = 0, to = text.length): boolean => all(DIGIT, text, from, to);
/** Whether `text` is a non-empty run of visible ASCII, as a Call-ID is. */
export const isVisible = (text: string): boolean => all(VISIBLE, text, 0, text.length);
/** Whether `text` (or its part) can be a host name or an IPv4 address. */
export const isHostName = (text: string, from = 0, to = text.length): boolean => all(HOST, text, from, to);
/** Whether `text` (or its part) can stand as an unquoted parameter value. */
export const isParamValue = (text: string, from = 0, to = text.length): boolean => all(VALUE, text, from, to);
/** Whether the character may stand unescaped in the user part of a SIP URI. */
export const isUserCode = (code: number): boolean => ((CLASS[code] ?? 0) & USER) !== 0;
/** Whether the character means the same escaped and unescaped (RFC 2396 §2.3). */
export const isUnreservedCode = (code: number): boolean => ((CLASS[code] ?? 0) & UNRESERVED) !== 0;

const COLON = 0x3a;

/** Whether `text` has the shape of an absolute URI: a scheme, a colon, something, and nothing that would end a URI. */
export function isUriShape(text: string): boolean {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1 || !isToken(text, 0, colon)) return false;
  for (let i = colon + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || ((CLASS[code] ?? 0) & BREAKS_URI) !== 0) return false;
  }
  return true;
}

/** Whether `text` (or its part) can be an IPv6 address, without brackets and zone. */
export function isIpv6(text: string, from = 0, to = text.length): boolean {
  if (to - from < 2 || to - from > 45) return false;
  let colons = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    const hexadecimal = (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
    if (code === COLON) colons++;
    else if (!hexadecimal && code !== 0x2e) return false;
  }
  return colons >= 2;
}

/** First index at or after `i` that is neither space nor tab. */
export function skipBlanks(text: string, i: number): number {
  let at = i;
  while (at < text.length && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09)) at++;
  return at;
}

/** `text` from `from` to `to` without spaces and tabs at its ends. */
export function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && (text.charCodeAt(start) === 0x20 || text.charCodeAt(start) === 0x09)) start++;
  while (end > start && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0x09)) end--;
  return text.slice(start, end);
}

/** Index just behind the quoted string that opens at `open`, or -1 if it does not end (RFC 3261 §25.1). */
export function endOfQuoted(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i++;
    else if (code === 0x22) return i + 1;
  }
  return -1;
}
