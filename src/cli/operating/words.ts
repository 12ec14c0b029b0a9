/** How instants, lengths and what strangers wrote look on a terminal. */

/** Control characters too: what came off the wire must not steer a terminal. */
const NOT_SHOWN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with nothing in it that a terminal would obey. */
export const printable = (text: string): string => text.replace(NOT_SHOWN, '·');

const LOCAL = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });

/** `21:40:01` of the local day of `nowMs`, `2026-11-22 21:40:01` of any other. */
export function instantOf(atMs: number, nowMs: number): string {
  const [day, time = ''] = LOCAL.format(atMs).split(' ');
  return LOCAL.format(nowMs).startsWith(`${day} `) ? time : `${day} ${time}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `0.02 s`, `12 s`, `4 min 05 s`, `2 h 03 min`. */
export function lengthOf(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${Math.max(seconds, 0).toFixed(2)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(Math.floor(seconds % 60))} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** One attribute as `name=value`, quoted where a space stands in it. */
export function attributeOf([name, value]: readonly [string, unknown]): string {
  const text = typeof value === 'string' && value !== '' && !/[\s"]/.test(value) ? value : JSON.stringify(value);
  return printable(`${name}=${text}`);
}
