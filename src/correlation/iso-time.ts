/** Instants as people and log readers take them. */

const DAY_MS = 86_400_000;
const two = (value: number): string => String(value).padStart(2, '0');

/**
 * `2026-11-22T21:40:01.250Z` of milliseconds since the epoch (RFC 3339), by the civil calendar; the program has no other use for
 * the platform's Date, which also tells the time.
 */
export function isoTime(atMs: number): string {
  const whole = Math.floor(atMs);
  const days = Math.floor(whole / DAY_MS);
  const ms = whole - days * DAY_MS;
  // Years that begin in March end with the leap day, in eras of 400 years (146,097 days).
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const day = shifted - era * 146_097;
  const year = Math.floor((day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365);
  const dayOfYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const date = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  const civilMonth = month < 10 ? month + 3 : month - 9;
  const civilYear = year + era * 400 + (civilMonth <= 2 ? 1 : 0);
  const clock = `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1000) % 60)}`;
  return `${String(civilYear).padStart(4, '0')}-${two(civilMonth)}-${two(date)}T${clock}.${String(ms % 1000).padStart(3, '0')}Z`;
}
