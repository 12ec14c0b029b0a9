import { isToken, skipBlanks, trimmed } from './chars.ts';
import { bracketed, endOfDigits, endOfHost, hostBetween, portBetween } from './host.ts';
import type { Via } from './message.ts';
import { formatParams, parseParams } from './params.ts';

const COLON = 0x3a;

/** Reads `host[:port]` and parameters, the part of a Via behind its protocol. */
function parseSentBy(text: string, from: number, transport: string): Via | undefined {
  const end = endOfHost(text, from);
  if (end === -1) return undefined;
  let i = skipBlanks(text, end);
  let port: number | undefined;
  if (text.charCodeAt(i) === COLON) {
    const portAt = skipBlanks(text, i + 1);
    i = endOfDigits(text, portAt);
    port = portBetween(text, portAt, i);
    if (port === undefined) return undefined;
  }
  const params = parseParams(text, i);
  return params && { transport, host: hostBetween(text, from, end), port, params };
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

/** Writes one Via value. */
export function formatVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${bracketed(via.host)}${port}${formatParams(via.params)}`;
}
