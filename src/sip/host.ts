import { isDigits, isHostName, isIpv6 } from './chars.ts';

const BRACKET = 0x5b;
const DOT = 0x2e;

/** Index behind the host that starts at `from`, an IPv6 address in brackets or a name or IPv4 address; -1 if none does. */
export function endOfHost(text: string, from: number): number {
  if (text.charCodeAt(from) === BRACKET) {
    const end = text.indexOf(']', from) + 1;
    return end > 0 && isIpv6(text, from + 1, end - 1) ? end : -1;
  }
  if (text.charCodeAt(from) === DOT) return -1;
  let end = from;
  while (end < text.length && isHostName(text, end, end + 1)) end++;
  return end === from ? -1 : end;
}

/** The host between two indexes, without the brackets of IPv6. */
export const hostBetween = (text: string, from: number, end: number): string =>
  text.charCodeAt(from) === BRACKET ? text.slice(from + 1, end - 1) : text.slice(from, end);

/** Index behind the digits that start at `from`. */
export function endOfDigits(text: string, from: number): number {
  let end = from;
  while (end < text.length && isDigits(text, end, end + 1)) end++;
  return end;
}

/** A port of 1 to 65535 written between two indexes; `undefined` for anything else. */
export function portBetween(text: string, from: number, end: number): number | undefined {
  if (end - from > 5 || !isDigits(text, from, end)) return undefined;
  const port = Number(text.slice(from, end));
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** A host as it stands in a URI or a Via: IPv6 in brackets. */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
