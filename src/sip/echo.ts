/** Answers to requests that are too broken to be read: they copy the request's own lines, as every answer does (RFC 3261 §8.2.6.2). */
import type { Echo } from './message.ts';
import { parseVia } from './via.ts';

const COPIED = [
  ['via', 'Via'],
  ['from', 'From'],
  ['to', 'To'],
  ['call-id', 'Call-ID'],
  ['cseq', 'CSeq'],
] as const;
/** Characters. What is longer was made to cost something. */
const MAX_COPIED = 2_048;
const HAS_TAG = /;[ \t]*tag[ \t]*=/i;

/** What can be copied; nothing without a Via, since no sender would know such an answer again, and nothing out of proportion. */
export function echoOf(lines: ReadonlyMap<string, readonly string[]>): Echo | undefined {
  const [top] = lines.get('via') ?? [];
  if (top === undefined) return undefined;
  const copied = COPIED.flatMap(([name, cased]) => (lines.get(name) ?? []).map((line) => [cased, line] as const));
  if (copied.reduce((sum, [, line]) => sum + line.length, 0) > MAX_COPIED) return undefined;
  return { via: parseVia(top.split(',', 1)[0] ?? ''), lines: copied };
}

/** Writes such an answer, with our tag where To has none. */
export function writeEcho({ lines }: Echo, status: number, reason: string, tag: string): string {
  let text = `SIP/2.0 ${status} ${reason}\r\n`;
  for (const [name, line] of lines) text += `${name}: ${line}${name === 'To' && !HAS_TAG.test(line) ? `;tag=${tag}` : ''}\r\n`;
  return `${text}Content-Length: 0\r\n\r\n`;
}
