/** Keys in INFO requests as gateways and phones have sent them since before RFC 6086: `application/dtmf-relay` and `application/dtmf`. */

/** A key as an INFO tells of it, and for how long it was pressed. */
export interface InfoDigit {
  readonly digit: string;
  readonly durationMs: number;
}

const RELAY = 'application/dtmf-relay';
const PLAIN = 'application/dtmf';
const MAX_BODY = 256;
/** What is meant where nothing is said of it, as by gateways; and what is believed. */
const PRESET_MS = 250;
const SHORTEST_MS = 40;
const LONGEST_MS = 10_000;

const SIGNAL = /^signal[ \t]{0,8}[=:][ \t]{0,8}(\S{1,2})[ \t]{0,8}$/im;
const DURATION = /^duration[ \t]{0,8}[=:][ \t]{0,8}(\d{1,6})[ \t]{0,8}$/im;
const KEYS = '0123456789*#ABCD';
const MEDIA_TYPE = /^[ \t]*([^;\s]{1,64})/;

const mediaTypeOf = (contentType: string): string => MEDIA_TYPE.exec(contentType)?.[1]?.toLowerCase() ?? '';

/** Whether an INFO is of a key, whatever its body says. */
export function isDtmfInfo(contentType: string): boolean {
  const type = mediaTypeOf(contentType);
  return type === RELAY || type === PLAIN;
}

/** A key, or its event of RFC 4733: 10 and 11 are `*` and `#`. The hook flash (16) and others are no keys. */
function keyOf(text: string): string | undefined {
  if (/^1[0-5]$/.test(text)) return KEYS[Number(text)];
  const key = text.toUpperCase();
  return key.length === 1 && KEYS.includes(key) ? key : undefined;
}

/** The key that an INFO tells of; `undefined` for none. */
export function readDtmfInfo(contentType: string, body: string): InfoDigit | undefined {
  if (body.length > MAX_BODY) return undefined;
  const type = mediaTypeOf(contentType);
  if (type !== RELAY && type !== PLAIN) return undefined;
  // Some send the lines of dtmf-relay under the other name.
  const signal = SIGNAL.exec(body)?.[1] ?? (type === PLAIN ? body.trim() : '');
  const digit = keyOf(signal);
  if (digit === undefined) return undefined;
  const durationMs = Number(DURATION.exec(body)?.[1] ?? PRESET_MS);
  return { digit, durationMs: Math.min(Math.max(durationMs, SHORTEST_MS), LONGEST_MS) };
}

/** Content-Type and body of an INFO that tells of a key. */
export const dtmfInfo = ({ digit, durationMs }: InfoDigit): { readonly type: string; readonly body: string } => ({
  type: RELAY,
  body: `Signal=${digit}\r\nDuration=${Math.round(durationMs)}\r\n`,
});
