import { isDigits, isHostName, isIpv6, isToken, skipBlanks, trimmed } from './chars.ts';
import type { Via } from './message.ts';
import { formatParams, parseParams } from './params.ts';

const BRACKET = 0x5b;
const COLON = 0x3a;

/** A port of 1 to 65535 written in `text` from `from` to `to`; `undefined` for anything else. */
export function parsePort(text: string, from: number, to: number): number | undefined {
  if (to - from > 5 || !isDigits(text, from, to)) return undefined;
  const port = Number(text.slice(from, to));
  return port >= 1 && port <= 65535 ? port : undefined;
}

function endOfHost(text: string, from: number): number {
  if (text.charCodeAt(from) === BRACKET) return text.indexOf(']', from) + 1;
  let i = from;
  while (i < text.length && isHostName(text, i, i + 1)) i++;
  return i;
}

/** Reads `host[:port]` and parameters, the part of a Via behind its protocol. */
function parseSentBy(text: string, from: number, transport: string): Via | undefined {
  const end = endOfHost(text, from);
  const reference = text.charCodeAt(from) === BRACKET;
  if (reference ? end === 0 || !isIpv6(text, from + 1, end - 1) : end === from) return undefined;
  const host = reference ? text.slice(from + 1, end - 1) : text.slice(from, end);
  let i = skipBlanks(text, end);
  let port: number | undefined;
  if (text.charCodeAt(i) === COLON) {
    const portAt = skipBlanks(text, i + 1);
    i = portAt;
    while (i < text.length && isDigits(text, i, i + 1)) i++;
    port = parsePort(text, portAt, i);
    if (port === undefined) return undefined;
  }
  const params = parseParams(text, i);
  return params && { transport, host, port, params };
}

/** Reads one Via value (RFC 3261 §20.42); blanks may stand around its slashes and its colon. */
export function parseVia(text: string): Via | undefined {
  const first = text.indexOf('/');
  const second = first === -1 ? -1 : text.indexOf('/', first + 1);
  if (second === -1) return undefined;
  if (trimmed(text, 0, first).toUpperCase() !== 'SIP' || trimmed(text, first + 1, second) !== '2.0') return undefined;
  const transportAt = skipBlanks(text, second + 1);
  let end = transportAt;
  while (end < text.length && isToken(text, end, end + 1)) end++;
  const sentByAt = skipBlanks(text, end);
  if (end === transportAt || sentByAt === end) return undefined;
  return parseSentBy(text, sentByAt, text.slice(transportAt, end).toUpperCase());
}

/** A host as it stands in a URI or a Via: IPv6 in brackets. */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Writes one Via value. */
export function formatVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${bracketed(via.host)}${port}${formatParams(via.params)}`;
}
