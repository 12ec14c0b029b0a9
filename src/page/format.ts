/** Numbers and lengths of time as people read them. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const two = (value: number): string => String(value).padStart(2, '0');

/** `0:07`, `12:03`, `1:02:03`: of a call. */
export function clockLength(lengthMs: number): string {
  const seconds = Math.max(0, Math.floor(lengthMs / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `340 ms`, `3.1 s`, `12 min`, `3 h 5 min`, `2 days`. */
export function length(lengthMs: number): string {
  const ms = Math.max(0, lengthMs);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < MINUTE_MS * 2) return `${Math.round(ms / 1000)} s`;
  if (ms < HOUR_MS * 2) return `${Math.round(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS * 2) return hoursAndMinutes(Math.round(ms / MINUTE_MS));
  return `${Math.floor(ms / DAY_MS)} days`;
}

const hoursAndMinutes = (minutes: number): string =>
  minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;

/** `12,345`. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `1 call`, `2 calls`. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** `87 MB`. */
export const megabytes = (bytes: number): string => `${count(Math.round(bytes / 1_000_000))} MB`;

/** `push-notification` and `ivrMenu` are `Push notification` and `IVR menu`. */
export function titled(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_.]+/g, ' ')
    .toLowerCase();
  return sentence(words).replace(/\b(ivr|dtmf|sip)\b/gi, (short) => short.toUpperCase());
}

/** With a capital. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `sip:bob@example.com` is `bob@example.com`: what people need to see of an address. */
export const bareAddress = (uri: string): string => uri.replace(/^sips?:/, '');
