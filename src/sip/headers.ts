import { endOfQuoted, isDigits, trimmed } from './chars.ts';
import type { SipMessage } from './message.ts';

export { formatNameAddr, parseNameAddr, quoted, unquoted } from './name-addr.ts';
export { reasonPhrase, responseTo } from './response.ts';

export const MAX_LIST = 70;

/** Names as RFCs write them; the compact forms of IANA's registry beside (RFC 3261 §20 and later). */
const WRITTEN = `Accept Accept-Contact:a Accept-Encoding Accept-Language Alert-Info Allow Allow-Events:u Authentication-Info
Authorization Call-ID:i Call-Info Contact:m Content-Disposition Content-Encoding:e Content-Language Content-Length:l
Content-Type:c CSeq Date Diversion Error-Info Event:o Expires Feature-Caps From:f Geolocation Geolocation-Routing
History-Info Identity:y Identity-Info:n In-Reply-To Info-Package Join Max-Breadth Max-Forwards MIME-Version Min-Expires
Min-SE Organization P-Access-Network-Info P-Asserted-Identity P-Called-Party-ID P-Preferred-Identity Path Priority Privacy
Proxy-Authenticate Proxy-Authorization Proxy-Require RAck Reason Record-Route Recv-Info Refer-Sub Refer-To:r Referred-By:b
Reject-Contact:j Remote-Party-ID Replaces Reply-To Request-Disposition:d Require Retry-After Route RSeq Server Service-Route
Session-Expires:x Session-ID SIP-ETag SIP-If-Match Subject:s Subscription-State Supported:k Target-Dialog Timestamp To:t
Unsupported User-Agent Via:v Warning WWW-Authenticate`;

const LOWER_OF = new Map<string, string>();
const CASED_OF = new Map<string, string>();
for (const entry of WRITTEN.split(/\s+/)) {
  const [cased = '', compact] = entry.split(':');
  const lower = cased.toLowerCase();
  CASED_OF.set(lower, cased);
  for (const spelling of [cased, lower, cased.toUpperCase()]) LOWER_OF.set(spelling, lower);
  if (compact === undefined) continue;
  LOWER_OF.set(compact, lower);
  LOWER_OF.set(compact.toUpperCase(), lower);
}

/** The lower-case long name of a header as it came from the wire, compact forms resolved. */
export const longName = (written: string): string => LOWER_OF.get(written) ?? lowerName(written);
function lowerName(written: string): string {
  const lower = written.toLowerCase();
  return LOWER_OF.get(lower) ?? lower;
}

/** The spelling in which a header goes to the wire: `call-id` becomes `Call-ID`. */
export const casedName = (lower: string): string => CASED_OF.get(lower) ?? learned(lower);

/** Headers of others come again and again: their spelling is remembered, up to a bound that strangers cannot pass. */
const MAX_LEARNED = 512;
const LEARNED = new Map<string, string>();
function learned(lower: string): string {
  const known = LEARNED.get(lower);
  if (known !== undefined) return known;
  const cased = lower.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
  if (LEARNED.size < MAX_LEARNED && lower.length < 64) LEARNED.set(Buffer.from(lower, 'latin1').toString('latin1'), cased);
  return cased;
}

/** Index of the first comma at or after `from` that stands outside quotes and angle brackets, else the length. */
function nextComma(line: string, from: number): number {
  let bracketed = false;
  for (let i = from; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code === 0x22 && !bracketed) {
      const end = endOfQuoted(line, i);
      if (end === -1) return line.length;
      i = end - 1;
    } else if (code === 0x3c) bracketed = true;
    else if (code === 0x3e) bracketed = false;
    else if (code === 0x2c && !bracketed) return i;
  }
  return line.length;
}

/** Splits at commas that stand outside quotes and angle brackets; `undefined` if there are more than `limit` entries. */
export function splitList(line: string, limit = MAX_LIST): string[] | undefined {
  if (line.indexOf(',') === -1) return [trimmed(line, 0, line.length)];
  const entries: string[] = [];
  for (let from = 0; from <= line.length; ) {
    if (entries.length === limit) return undefined;
    const comma = nextComma(line, from);
    entries.push(trimmed(line, from, comma));
    from = comma + 1;
  }
  return entries;
}

/** The entries of a header that is a list of tokens (Supported, Require, Allow), without empty ones and at most 70. */
export function tokens(lines: readonly string[] | undefined): string[] {
  if (lines === undefined) return [];
  const found: string[] = [];
  for (const line of lines) {
    for (const entry of line.split(',', MAX_LIST + 1)) {
      const token = trimmed(entry, 0, entry.length);
      if (token !== '' && found.length < MAX_LIST) found.push(token);
    }
  }
  return found;
}

/** The first line of a header, by lower-case long name. */
export const header = (message: SipMessage, name: string): string | undefined => message.headers.get(name)?.[0];

/** A header that is a non-negative integer of at most ten digits (what follows it, as in `120;refresher=uac`, is ignored). */
export function integerHeader(message: SipMessage, name: string): number | undefined {
  const line = header(message, name);
  if (line === undefined) return undefined;
  let end = 0;
  while (end < line.length && isDigits(line, end, end + 1)) end++;
  const next = line.charCodeAt(end);
  const ends = end === line.length || next === 0x20 || next === 0x09 || next === 0x3b || next === 0x28;
  return end === 0 || end > 10 || !ends ? undefined : Number(line.slice(0, end));
}

/** Headers with one of them set to these lines, or taken away by an empty list. */
export function withHeader(
  headers: ReadonlyMap<string, readonly string[]>,
  name: string,
  ...lines: readonly string[]
): ReadonlyMap<string, readonly string[]> {
  const changed = new Map(headers);
  if (lines.length === 0) changed.delete(name);
  else changed.set(name, lines);
  return changed;
}
