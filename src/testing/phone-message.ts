/**
 * The simulated phone's own reading and writing of SIP. It shares nothing with the service's codec on purpose: a peer
 * that shares our code shares our bugs.
 */

export type Header = readonly [name: string, value: string];

/** A SIP message as the phone sees it. A request has a `method`, a response a `status`; the other is empty or 0. */
export interface PhoneMessage {
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: string;
}

/** What came of reading: no message where not even the first line is one, and what is wrong with the form. */
export interface Reading {
  readonly message: PhoneMessage | undefined;
  readonly flaws: readonly string[];
}

const COMPACT: Readonly<Record<string, string>> = {
  i: 'call-id',
  m: 'contact',
  e: 'content-encoding',
  l: 'content-length',
  c: 'content-type',
  f: 'from',
  s: 'subject',
  k: 'supported',
  t: 'to',
  v: 'via',
  o: 'event',
  u: 'allow-events',
  r: 'refer-to',
  b: 'referred-by',
  x: 'session-expires',
};
const REQUEST_LINE = /^([A-Za-z0-9.!%*_+`'~-]+) (\S+) SIP\/2\.0$/;
const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d) (.*)$/;

/** Each spelling is worked out once: this is asked for every header of every message, many times. */
const LONG_NAMES = new Map<string, string>();
const MAX_SPELLINGS = 2_000;

/** A header's name in lower case, a compact form as the long one. */
export function longName(name: string): string {
  const known = LONG_NAMES.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const long = Object.hasOwn(COMPACT, lower) ? (COMPACT[lower] ?? lower) : lower;
  if (LONG_NAMES.size < MAX_SPELLINGS) LONG_NAMES.set(name, long);
  return long;
}

/** Reads one whole message. `framed` means that nothing but Content-Length ends it: over a stream it must be there. */
export function readMessage(text: string, framed: boolean): Reading {
  const flaws: string[] = [];
  const headEnds = text.indexOf('\r\n\r\n');
  if (headEnds < 0) return { message: undefined, flaws: ['no empty line after the headers (RFC 3261 §7)'] };
  const [start = '', ...lines] = text.slice(0, headEnds).split('\r\n');
  const headers = readHeaders(lines, flaws);
  const body = readBody(text.slice(headEnds + 4), headers, framed, flaws);
  const request = REQUEST_LINE.exec(start);
  if (request !== null)
    return { message: { method: request[1] ?? '', uri: request[2] ?? '', status: 0, reason: '', headers, body }, flaws };
  const status = STATUS_LINE.exec(start);
  if (status !== null)
    return { message: { method: '', uri: '', status: Number(status[1]), reason: status[2] ?? '', headers, body }, flaws };
  return { message: undefined, flaws: [`no SIP start line: ${start.slice(0, 60)}`] };
}

function readHeaders(lines: readonly string[], flaws: string[]): Header[] {
  const headers: Header[] = [];
  for (const line of lines) {
    const last = headers.at(-1);
    if ((line.startsWith(' ') || line.startsWith('\t')) && last !== undefined) {
      headers[headers.length - 1] = [last[0], `${last[1]} ${line.trim()}`];
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) flaws.push(`no header: ${line.slice(0, 60)}`);
    else headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  return headers;
}

function readBody(rest: string, headers: readonly Header[], framed: boolean, flaws: string[]): string {
  const lengths = headers.filter(([name]) => longName(name) === 'content-length').map(([, value]) => value);
  const [length] = lengths;
  if (length === undefined) {
    if (framed) flaws.push('no Content-Length over a stream (RFC 3261 §20.14)');
    return rest;
  }
  if (lengths.length > 1) flaws.push('two Content-Lengths');
  if (!/^\d{1,9}$/.test(length)) flaws.push(`Content-Length is "${length}"`);
  else if (Number(length) !== rest.length) flaws.push(`Content-Length is ${length}, the body has ${rest.length} bytes`);
  return rest.slice(0, Number(length) || 0);
}

/** The bytes of a message, as latin1; Content-Length is written here. */
export function writeMessage(message: PhoneMessage): string {
  const { method, uri, status, reason, headers, body } = message;
  let text = method === '' ? `SIP/2.0 ${status} ${reason}\r\n` : `${method} ${uri} SIP/2.0\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return `${text}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** All values of a header in order, one entry a line. */
export function linesOf(message: PhoneMessage, name: string): string[] {
  const wanted = name.toLowerCase();
  const lines: string[] = [];
  for (const header of message.headers) if (longName(header[0]) === wanted) lines.push(header[1]);
  return lines;
}

/** The first value of a header; empty if there is none. */
export function headerOf(message: PhoneMessage, name: string): string {
  const wanted = name.toLowerCase();
  for (const header of message.headers) if (longName(header[0]) === wanted) return header[1];
  return '';
}

/** All values of a header that may hold several in one line (Via, Contact, Route, Record-Route …). */
export function valuesOf(message: PhoneMessage, name: string): string[] {
  const values: string[] = [];
  for (const line of linesOf(message, name)) {
    if (line.includes(',')) values.push(...splitList(line));
    else if (line.trim() !== '') values.push(line.trim());
  }
  return values;
}

/** Cuts at commas that are not inside quotes or angle brackets. */
export function splitList(line: string): string[] {
  const values: string[] = [];
  let quoted = false;
  let angle = false;
  let from = 0;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at];
    if (char === '\\' && quoted) at += 1;
    else if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '<') angle = true;
    else if (char === '>') angle = false;
    else if (char === ',' && !angle) {
      values.push(line.slice(from, at).trim());
      from = at + 1;
    }
  }
  values.push(line.slice(from).trim());
  return values.filter((value) => value !== '');
}

/** Where the URI of a name-addr ends and its header parameters begin, outside quotes. */
function angles(value: string): { open: number; close: number } {
  const afterName = value.startsWith('"') ? value.indexOf('"', 1) + 1 : 0;
  const open = value.indexOf('<', afterName);
  return { open, close: open < 0 ? -1 : value.indexOf('>', open) };
}

/** The URI of a From, To, Contact or Route value. */
export function uriOf(value: string): string {
  const { open, close } = angles(value);
  return open >= 0 && close > open ? value.slice(open + 1, close) : (value.split(';')[0] ?? '').trim();
}

/** A header parameter's value, unquoted; empty if it has none, `undefined` if it is not there. */
export function paramOf(value: string, name: string): string | undefined {
  const { close } = angles(value);
  const from = close >= 0 ? close + 1 : value.indexOf(';');
  return from < 0 ? undefined : paramIn(value.slice(from), name);
}

/** A URI parameter's value, as `paramOf`. */
export function uriParamOf(uri: string, name: string): string | undefined {
  const from = uri.indexOf(';', uri.lastIndexOf('@') + 1);
  return from < 0 ? undefined : paramIn(uri.slice(from), name);
}

function paramIn(params: string, name: string): string | undefined {
  for (const part of params.split(';')) {
    const equals = part.indexOf('=');
    const key = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (key !== name.toLowerCase()) continue;
    const value = equals < 0 ? '' : part.slice(equals + 1).trim();
    return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  }
  return undefined;
}

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^:;?\s]+))(?::(\d{1,5}))?/;

/** Host and port of a SIP URI or of a Via's sent-by; port 5060 where it says none. */
export function addressOf(uri: string): { readonly host: string; readonly port: number } | undefined {
  const afterUser = uri.slice(uri.lastIndexOf('@') + 1).replace(/^sips?:/i, '');
  const [, v6, v4, port] = HOST_PORT.exec(afterUser) ?? [];
  const host = v6 ?? v4;
  return host === undefined ? undefined : { host, port: port === undefined ? 5060 : Number(port) };
}

/** The parts of a Via value. */
export function viaOf(value: string): { readonly transport: string; readonly sentBy: string; readonly branch: string } {
  const [, transport = '', sentBy = ''] = /^SIP\s*\/\s*2\.0\s*\/\s*(\w+)\s+([^;\s]+)/i.exec(value) ?? [];
  return { transport: transport.toUpperCase(), sentBy, branch: paramOf(value, 'branch') ?? '' };
}

/** Number and method of CSeq; -1 where it is none. */
export function cseqOf(message: PhoneMessage): { readonly number: number; readonly method: string } {
  const [, number, method] = /^(\d{1,10})\s+(\S+)$/.exec(headerOf(message, 'cseq')) ?? [];
  return number === undefined || method === undefined ? { number: -1, method: '' } : { number: Number(number), method };
}
/** The tag of From or To; empty if there is none. */
export const tagOf = (message: PhoneMessage, name: 'from' | 'to'): string => paramOf(headerOf(message, name), 'tag') ?? '';

/** Whether a header that lists options names this one. */
export const names = (message: PhoneMessage, header: string, option: string): boolean =>
  linesOf(message, header).some((line) =>
    line
      .toLowerCase()
      .split(',')
      .some((token) => token.trim() === option),
  );
