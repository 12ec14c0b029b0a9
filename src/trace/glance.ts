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

/** Looks at a message. */
export function glanceAt(text: string, flow: Flow, isIncoming: boolean, atMs: number): Glance {
  const end = text.search(/\r?\n/);
  const startLine = (end < 0 ? text : text.slice(0, end)).slice(0, MAX_START_LINE);
  const callId = CALL_ID.exec(headOf(text))?.[1]?.slice(0, MAX_CALL_ID) ?? '';
  return { isIncoming, flow, atMs, text, startLine, callId };
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
