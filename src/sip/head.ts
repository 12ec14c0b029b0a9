import { isToken, trimmed } from './chars.ts';
import { casedName, longName } from './headers.ts';

export const MAX_LINE_BYTES = 8_192;
export const MAX_HEADER_LINES = 128;

/** What is wrong with a message, before it is known whether it can be answered. */
export interface Flaw {
  readonly name: string;
  readonly reason: string;
  readonly status?: number;
}
/** Makes a flaw; without `status` it means 400. */
export const flaw = (name: string, reason: string, status?: number): Flaw =>
  status === undefined ? { name, reason } : { name, reason, status };

type Lines = Map<string, string[]>;

/** A head as lines, by lower-case long name and unfolded, before any of them is understood. */
export interface Head {
  readonly start: string;
  /** The lines of headers that have a field of their own in a message. */
  readonly own: Lines;
  readonly headers: Lines;
  /** The first thing found wrong. */
  flaw: Flaw | undefined;
}

const SINGLE = new Set(['from', 'to', 'call-id', 'cseq', 'content-length']);
const OWN = new Set([...SINGLE, 'via', 'contact', 'route', 'record-route']);

// What would let one header become two on its way through us. A quoted NUL is legal (RFC 3261 §25.1, RFC 4475 §3.1.1.2).
const BREAKS_LINE = /(?:^|[^\\])\0|\r(?!\n)|(?:^|[^\r])\n/;

/** Whether the line that starts at `at` continues the one before (RFC 3261 §7.3.1). */
const isFolded = (text: string, at: number): boolean => text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09;

function unfold(text: string): string {
  let line = '';
  for (const part of text.split('\r\n')) {
    const words = trimmed(part, 0, part.length);
    if (words !== '') line += line === '' ? words : ` ${words}`;
  }
  return line;
}

function addLine(head: Head, name: string, value: string): void {
  const lines = OWN.has(name) ? head.own : head.headers;
  const known = lines.get(name);
  if (known === undefined) lines.set(name, [value]);
  else if (SINGLE.has(name)) head.flaw ??= flaw(`repeated-${name}`, `Repeated ${casedName(name)} Header`);
  else known.push(value);
}

function readLine(head: Head, text: string, at: number, eol: number, folded: boolean): void {
  const colon = text.indexOf(':', at);
  let endOfName = colon;
  while (endOfName > at && isFolded(text, endOfName - 1)) endOfName--;
  if (colon === -1 || colon > eol || !isToken(text, at, endOfName)) {
    head.flaw ??= flaw('bad-header', 'Malformed Header Line');
    return;
  }
  const value = folded ? unfold(text.slice(colon + 1, eol)) : trimmed(text, colon + 1, eol);
  addLine(head, longName(text.slice(at, endOfName)), value);
}

/** Sorts the lines of a head, `text` from `from` to the empty line at `end`. Lines that are no headers are left out. */
export function readHead(text: string, from: number, end: number): Head {
  const endOfStart = text.indexOf('\r\n', from);
  const head: Head = { start: text.slice(from, endOfStart), own: new Map(), headers: new Map(), flaw: undefined };
  const broken = BREAKS_LINE.test(text.slice(from, end));
  if (head.start.length > MAX_LINE_BYTES) head.flaw = flaw('long-line', 'Start Line Too Long');
  else if (broken && BREAKS_LINE.test(head.start)) head.flaw = flaw('control-character', 'Control Character In Start Line');

  let at = endOfStart + 2;
  for (let count = 0; at < end; count++) {
    let eol = text.indexOf('\r\n', at);
    let folded = false;
    while (eol < end && isFolded(text, eol + 2)) {
      folded = true;
      eol = text.indexOf('\r\n', eol + 2);
    }
    if (count === MAX_HEADER_LINES) {
      head.flaw ??= flaw('many-headers', 'Too Many Headers');
      return head;
    }
    if (eol - at > MAX_LINE_BYTES) head.flaw ??= flaw('long-line', 'Header Line Too Long');
    else if (broken && BREAKS_LINE.test(text.slice(at, eol).replaceAll('\r\n', ''))) {
      head.flaw ??= flaw('control-character', 'Control Character In Header');
    } else readLine(head, text, at, eol, folded);
    at = eol + 2;
  }
  return head;
}
