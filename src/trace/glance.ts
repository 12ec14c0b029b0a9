/** What can be told of a message without parsing it: enough to choose and to label it, for whatever a stranger sent. */
import type { Flow } from '../transport/transport.ts';

/** One message on its way in or out. */
export interface Glance {
  readonly isIncoming: boolean;
  readonly flow: Flow;
  readonly atMs: number;
  /** The message, bytes as latin1. */
  readonly text: string;
  readonly startLine: string;
  readonly callId: string;
}

const MAX_START_LINE = 512;
const MAX_CALL_ID = 256;
const CALL_ID = /\r?\n(?:call-id|i)[ \t]*:[ \t]*([^\s]{1,256})/i;
const ADDRESSES = /\r?\n(?:from|f|to|t)[ \t]*:([^\r\n]{1,1024})/gi;
const USER = /\bsips?:([^@;>\s"]{1,128})@|\btel:([^;>\s"]{1,128})/i;

/** The headers of a message, without its body. */
export function headOf(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? text : text.slice(0, end);
}

/** Looks at a message: this is done with each one, so it is found as nearly all write it before it is searched for. */
export function glanceAt(text: string, flow: Flow, isIncoming: boolean, atMs: number): Glance {
  const line = text.indexOf('\n');
  const end = line > 0 && text.charCodeAt(line - 1) === CR ? line - 1 : line;
  const startLine = text.slice(0, end < 0 ? MAX_START_LINE : Math.min(end, MAX_START_LINE));
  const callId = usualCallId(text) ?? CALL_ID.exec(headOf(text))?.[1]?.slice(0, MAX_CALL_ID) ?? '';
  return { isIncoming, flow, atMs, text, startLine, callId };
}

const CR = 13;
const USUAL = '\r\nCall-ID: ';

function usualCallId(text: string): string | undefined {
  const at = text.indexOf(USUAL);
  if (at < 0) return undefined;
  const from = at + USUAL.length;
  const to = text.indexOf('\r\n', from);
  const callId = to < 0 ? '' : text.slice(from, to);
  const isPlain = callId !== '' && callId.length <= MAX_CALL_ID && !/\s/.test(callId);
  // What stands below the headers is no header.
  const body = text.indexOf('\r\n\r\n');
  return isPlain && (body < 0 || body > at) ? callId : undefined;
}

const userIn = (text: string): string | undefined => {
  const found = USER.exec(text);
  return found?.[1] ?? found?.[2];
};

/** User parts of Request-URI, From and To. */
export function usersOf({ text, startLine }: Glance): string[] {
  const addresses = [...headOf(text).matchAll(ADDRESSES)].slice(0, 4).map(([, value]) => userIn(value ?? ''));
  return [userIn(startLine), ...addresses].filter((user) => user !== undefined);
}
