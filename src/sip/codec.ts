import sip from 'sip';
import { isDigits, isToken, isUriShape, isVisible, trimmed } from './chars.ts';
import { echoOf } from './echo.ts';
import { type Flaw, flaw, type Head, MAX_LINE_BYTES, readHead } from './head.ts';
import { casedName, MAX_LIST, splitList } from './headers.ts';
import type { CSeq, Defect, Echo, NameAddr, SipMessage, SipRequest, Via } from './message.ts';
import { formatNameAddr, parseNameAddr } from './name-addr.ts';
import { parseUri } from './uri.ts';
import { formatVia, parseVia } from './via.ts';

/*
 * npm sip 0.0.6 reads the start line. It is shown nothing else: it loses or
 * misreads repeated headers, IPv6, `Contact: *`, names such as `__proto__`, parameters behind one that is no token, and
 * six compact forms; it resolves escapes in names and methods; a hostile Via costs it quadratic time. Those are read here.
 */

export const MAX_MESSAGE_BYTES = 65_536;
/** Largest sequence number: CSeq must stay below 2^31 (RFC 3261 §8.1.1.5). */
export const MAX_CSEQ = 2 ** 31 - 1;

const first = (head: Head, name: string): string | undefined => head.own.get(name)?.[0];

/** All entries of a header that is a list over several lines; `undefined` if one is malformed or there are too many. */
function readList<T>(lines: readonly string[], read: (entry: string) => T | undefined): T[] | undefined {
  const entries: T[] = [];
  for (const line of lines) {
    const texts = splitList(line, MAX_LIST);
    if (texts === undefined || entries.length + texts.length > MAX_LIST) return undefined;
    for (const text of texts) {
      const entry = read(text);
      if (entry === undefined) return undefined;
      entries.push(entry);
    }
  }
  return entries;
}
const readAddress = (line: string | undefined): NameAddr | undefined => (line === undefined ? undefined : parseNameAddr(line));

function readContacts(lines: readonly string[]): NameAddr[] | '*' | undefined {
  return lines.length === 1 && lines[0] === '*' ? '*' : readList(lines, parseNameAddr);
}

/** What npm sip reads, with the escapes in methods that it resolves put back: `RE%47ISTER` is no REGISTER (RFC 4475 §3.1.1.4). */
interface Start {
  readonly kind: 'request' | 'response';
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly reason: string;
  readonly cseq: CSeq | undefined;
  readonly callId: string | undefined;
  readonly flaw: Flaw | undefined;
}

function readStart(head: Head): Start {
  const cseqLine = first(head, 'cseq') ?? '';
  const callIdLine = first(head, 'call-id') ?? '';
  // Only the start line: each header that npm sip is shown costs it more than our own reading of it (measured).
  const parsed = head.start.length > MAX_LINE_BYTES ? undefined : sip.parse(`${head.start}\r\n\r\n`);
  const response = head.start.startsWith('SIP/');
  const method = head.start.slice(0, Math.max(head.start.indexOf(' '), 0));
  return {
    kind: response ? 'response' : 'request',
    method,
    uri: parsed?.uri ?? '',
    status: parsed?.status ?? 0,
    reason: trimmed(parsed?.reason ?? '', 0, parsed?.reason?.length ?? 0),
    cseq: readCSeq(cseqLine),
    callId: isVisible(callIdLine) ? callIdLine : undefined,
    flaw: response ? flawOfStatusLine(parsed) : flawOfRequestLine(head.start, parsed),
  };
}

/** Digits, blanks, a method, nothing else; beyond fifteen digits a number would not be the one that was sent. */
function readCSeq(line: string): CSeq | undefined {
  let end = 0;
  while (end < line.length && isDigits(line, end, end + 1)) end++;
  const method = trimmed(line, end, line.length);
  if (end === 0 || end > 15 || line.length - end === method.length || !isToken(method)) return undefined;
  return { seq: Number(line.slice(0, end)), method };
}

function flawOfStatusLine(parsed: ReturnType<typeof sip.parse>): Flaw | undefined {
  const status = parsed?.status ?? 0;
  if (status < 100 || status > 699) return flaw('bad-status-line', 'Malformed Status Line');
  return parsed?.version === '2.0' ? undefined : flaw('version', 'Version Not Supported', 505);
}

/** One space between the three parts and none elsewhere (RFC 3261 §7.1), which npm sip does not insist on. */
function flawOfRequestLine(line: string, parsed: ReturnType<typeof sip.parse>): Flaw | undefined {
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const uri = parsed?.uri;
  if (uri === undefined || uri.length !== last - first - 1 || line.slice(last + 1) !== `SIP/${parsed?.version}`) {
    return flaw('bad-request-line', 'Malformed Request Line');
  }
  if (parsed?.version !== '2.0') return flaw('version', 'Version Not Supported', 505);
  return isRequestUri(uri) ? undefined : flaw('bad-request-uri', 'Malformed Request-URI');
}

/** Other schemes are for the user agent to refuse with 416 (RFC 3261 §8.2.2.1). */
function isRequestUri(uri: string): boolean {
  return isUriShape(uri) && (!/^(?:sips?|tel):/i.test(uri) || parseUri(uri) !== undefined);
}

function toDefect(found: Flaw, answerable?: SipRequest, echo?: Echo): Defect {
  return { kind: 'defect', ...found, answerable, echo };
}
const missing = (line: string | undefined, name: string): Flaw =>
  line === undefined
    ? flaw(`no-${name}`, `Missing ${casedName(name)} Header`)
    : flaw(`bad-${name}`, `Malformed ${casedName(name)} Header`);
const malformed = (name: string): Flaw => flaw(`bad-${name}`, `Malformed ${casedName(name)} Header`);

const NO_HEADERS: ReadonlyMap<string, readonly string[]> = new Map();
const NO_LINES: readonly string[] = [];

/** A mandatory part read, or what is wrong with it. */
interface Mandatory {
  readonly via: Via[];
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly callId: string;
  readonly cseq: CSeq;
}
function readMandatory(head: Head, start: Start): Mandatory | Flaw {
  const via = readList(head.own.get('via') ?? NO_LINES, parseVia);
  if (via === undefined || via.length === 0) return missing(first(head, 'via'), 'via');
  const from = readAddress(first(head, 'from'));
  if (from === undefined) return missing(first(head, 'from'), 'from');
  const to = readAddress(first(head, 'to'));
  if (to === undefined) return missing(first(head, 'to'), 'to');
  const { callId, cseq } = start;
  if (callId === undefined) return missing(first(head, 'call-id'), 'call-id');
  if (cseq === undefined) return missing(first(head, 'cseq'), 'cseq');
  return { via, from, to, callId, cseq };
}

/** What can be wrong although every header was read. */
function flawOfMeaning(head: Head, start: Start, mandatory: Mandatory): Flaw | undefined {
  if (mandatory.cseq.seq > MAX_CSEQ) return malformed('cseq');
  if (start.kind === 'response') return undefined;
  if (mandatory.cseq.method !== start.method) return flaw('cseq-method', 'CSeq Method Does Not Match Request Method');
  const maxForwards = head.headers.get('max-forwards');
  if (maxForwards === undefined) return undefined;
  const [hops = ''] = maxForwards;
  // 0 to 255 (RFC 3261 §20.22), with zeros before it at will (RFC 4475 §3.1.1.1).
  return maxForwards.length === 1 && isDigits(hops) && hops.length <= 10 && Number(hops) <= 255
    ? undefined
    : malformed('max-forwards');
}

/** The body, or why its length is wrong: over a stream it must be stated, over UDP what follows is dropped (RFC 3261 §18.3). */
function readBody(text: string, from: number, stated: string | undefined, stream: boolean): string | Flaw {
  const available = Math.max(text.length - from, 0);
  if (stated === undefined) return stream ? flaw('no-content-length', 'Missing Content-Length Header') : text.slice(from);
  if (!isDigits(stated) || stated.length > 10) return malformed('content-length');
  const length = Number(stated);
  if (length > available || (stream && length !== available)) return flaw('content-length', 'Content-Length Does Not Match Body');
  return text.slice(from, from + length);
}

/** The defect with as much of a request as an answer needs; an ACK is never answered (RFC 3261 §17). */
function refused(found: Flaw, head: Head, start: Start, mandatory: Mandatory | Flaw): Defect {
  const { kind, method, uri } = start;
  if (kind !== 'request' || method === 'ACK' || !isToken(method) || !head.start.includes(' SIP/')) return toDefect(found);
  if (!('via' in mandatory)) return toDefect(found, undefined, echoOf(head.own));
  const rest = { contact: [], route: [], recordRoute: [], headers: NO_HEADERS, body: '' };
  return toDefect(found, { kind, method, uri, ...mandatory, ...rest });
}

/** Reads one message out of bytes from the network: a datagram, or with `stream` one message of a stream. Never throws. */
export function decode(bytes: Buffer, how: { readonly stream?: boolean } = {}): SipMessage | Defect {
  if (bytes.length > MAX_MESSAGE_BYTES) return toDefect(flaw('too-long', 'Message Too Large', 513));
  return decodeText(bytes.toString('latin1'), how);
}

/**
 * A datagram whose lines end in LF alone, as those typed by hand do, is read as if they ended in CRLF; not if a CR stands in
 * its head, since then its lines would be a matter of opinion. Departs from RFC 3261 §7, which knows CRLF only.
 */
function decodeEndless(text: string, how: { readonly stream?: boolean }): SipMessage | Defect {
  const end = how.stream === true ? -1 : text.indexOf('\n\n');
  const head = text.slice(0, end);
  if (end === -1 || head.includes('\r')) return toDefect(flaw('no-end', 'Header Section Does Not End'));
  return decodeText(`${head.replaceAll('\n', '\r\n')}\r\n\r\n${text.slice(end + 2)}`, how);
}

function decodeText(text: string, how: { readonly stream?: boolean }): SipMessage | Defect {
  let from = 0;
  // Empty lines before the start line are ignored (RFC 3261 §7.5).
  while (text.charCodeAt(from) === 0x0d && text.charCodeAt(from + 1) === 0x0a) from += 2;
  if (from >= text.length) return toDefect(flaw('empty', 'Empty Message'));
  const end = text.indexOf('\r\n\r\n', from);
  if (end === -1) return decodeEndless(text, how);

  const head = readHead(text, from, end);
  const start = readStart(head);
  const mandatory = readMandatory(head, start);
  const body = readBody(text, end + 4, first(head, 'content-length'), how.stream === true);
  const found = start.flaw ?? head.flaw ?? ('via' in mandatory ? flawOfMeaning(head, start, mandatory) : mandatory);
  const contact = readContacts(head.own.get('contact') ?? NO_LINES);
  const route = readList(head.own.get('route') ?? NO_LINES, parseNameAddr);
  const recordRoute = readList(head.own.get('record-route') ?? NO_LINES, parseNameAddr);

  if (found !== undefined || !('via' in mandatory)) return refused(found ?? malformed('via'), head, start, mandatory);
  if (typeof body !== 'string') return refused(body, head, start, mandatory);
  if (contact === undefined) return refused(malformed('contact'), head, start, mandatory);
  if (route === undefined) return refused(malformed('route'), head, start, mandatory);
  if (recordRoute === undefined) return refused(malformed('record-route'), head, start, mandatory);
  const { via, from: sender, to, callId, cseq } = mandatory;
  const { headers } = head;
  return start.kind === 'request'
    ? {
        kind: 'request',
        method: start.method,
        uri: start.uri,
        via,
        from: sender,
        to,
        callId,
        cseq,
        contact,
        route,
        recordRoute,
        headers,
        body,
      }
    : {
        kind: 'response',
        status: start.status,
        reason: start.reason,
        via,
        from: sender,
        to,
        callId,
        cseq,
        contact,
        route,
        recordRoute,
        headers,
        body,
      };
}

const unwritable = (): Error => new Error('a header may hold neither line breaks, NUL nor characters beyond one byte');
const UNWRITABLE = /(?:^|[^\\])\0|[\u0100-\uffff]/;

/** Text from outside holds no line break once it was decoded, so one that is here would be an injection of ours. */
function checked(text: string): string {
  if (text.includes('\n') || text.includes('\r')) throw unwritable();
  return text;
}

function addresses(name: string, entries: readonly NameAddr[]): string {
  let text = '';
  for (const entry of entries) text += `${name}: ${checked(formatNameAddr(entry))}\r\n`;
  return text;
}

function headOf(message: SipMessage): string {
  let text =
    message.kind === 'request'
      ? `${checked(message.method)} ${checked(message.uri)} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${checked(message.reason)}\r\n`;
  for (const via of message.via) text += `Via: ${checked(formatVia(via))}\r\n`;
  text += addresses('Route', message.route) + addresses('Record-Route', message.recordRoute);
  text += `From: ${checked(formatNameAddr(message.from))}\r\nTo: ${checked(formatNameAddr(message.to))}\r\n`;
  text += `Call-ID: ${checked(message.callId)}\r\nCSeq: ${message.cseq.seq} ${checked(message.cseq.method)}\r\n`;
  text += message.contact === '*' ? 'Contact: *\r\n' : addresses('Contact', message.contact);
  for (const [lower, lines] of message.headers) {
    if (lower === 'content-length') continue;
    const name = checked(casedName(lower));
    for (const line of lines) text += `${name}: ${checked(line)}\r\n`;
  }
  return text;
}

/**
 * Writes a message as a string of bytes (latin1), with its Content-Length. Throws on what cannot stand in a header.
 * Not by npm sip, whose serialiser took two thirds of the time of writing a message (measured), most of it to spell
 * header names anew.
 */
export function encode(message: SipMessage): string {
  const head = headOf(message);
  if (UNWRITABLE.test(head)) throw unwritable();
  return `${head}Content-Length: ${message.body.length}\r\n\r\n${message.body}`;
}
