import { endOfQuoted, isParamValue, isToken, skipBlanks } from './chars.ts';
import type { Params } from './message.ts';

export const MAX_PARAMS = 48;

/** Parameters while they are made. */
export type ParamsInMaking = Record<string, string | null>;

/**
 * An object without properties of its own or inherited, `__proto__` included. Made by a constructor, since what
 * `Object.create(null)` returns is a hash table from the start and several times slower to make, to copy and to walk.
 */
const Bare = function Bare() {} as unknown as new () => ParamsInMaking;
Bare.prototype = Object.freeze(Object.create(null));

export const newParams = (): ParamsInMaking => new Bare();

/** A copy that may be changed. */
export function copiedParams(params: Params): ParamsInMaking {
  const copy = newParams();
  for (const name in params) copy[name] = params[name] ?? null;
  return copy;
}

/** No parameters. */
export const NO_PARAMS: Params = Object.freeze(newParams());

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;

/** End of a run that no blank, separator or equals sign interrupts. */
function endOfRun(text: string, from: number, stopAtEquals: boolean): number {
  let i = from;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === SEMICOLON || code === 0x20 || code === 0x09 || code === QUOTE || (stopAtEquals && code === EQUALS)) break;
  }
  return i;
}

/** Where the value that starts at `from` ends, or -1 if it is none. */
function endOfValue(text: string, from: number): number {
  if (text.charCodeAt(from) === QUOTE) return endOfQuoted(text, from);
  const end = endOfRun(text, from, false);
  return isParamValue(text, from, end) ? end : -1;
}

/** Reads the parameter that starts at `from` into `params`; returns where the next one may start, or -1. */
function readParam(text: string, from: number, params: Record<string, string | null>): number {
  const endOfName = endOfRun(text, from, true);
  if (!isToken(text, from, endOfName)) return -1;
  const name = text.slice(from, endOfName).toLowerCase();
  let i = skipBlanks(text, endOfName);
  let value: string | null = null;
  if (text.charCodeAt(i) === EQUALS) {
    const valueAt = skipBlanks(text, i + 1);
    const end = endOfValue(text, valueAt);
    if (end === -1) return -1;
    value = text.slice(valueAt, end);
    i = skipBlanks(text, end);
  }
  if (params[name] === undefined) params[name] = value;
  return i;
}

/**
 * Reads `;name=value` parameters of a header from index `from` to the end; `undefined` if anything else stands there.
 * Of a repeated name the first counts, though RFC 3261 §7.3.1 forbids it. Values keep their quotes.
 */
export function parseParams(text: string, from: number): Params | undefined {
  let i = skipBlanks(text, from);
  if (i >= text.length) return NO_PARAMS;
  const params = newParams();
  for (let count = 0; i < text.length; count++) {
    if (text.charCodeAt(i) !== SEMICOLON || count === MAX_PARAMS) return undefined;
    i = readParam(text, skipBlanks(text, i + 1), params);
    if (i === -1) return undefined;
  }
  return params;
}

/** Writes parameters as they stand in a header or a URI. */
export function formatParams(params: Params): string {
  let text = '';
  for (const name in params) {
    const value = params[name];
    text += value === null || value === undefined ? `;${name}` : `;${name}=${value}`;
  }
  return text;
}
