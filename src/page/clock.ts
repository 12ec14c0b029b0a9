/** Time in the browser; the one file of the page that asks for it. */

/** Milliseconds since the epoch by this computer; `serverNow` is what instants of the API compare with. */
export const now = (): number => Date.now();

/** Calls it once, later; returns how to stop. */
export function after(delayMs: number, act: () => void): () => void {
  const timer = setTimeout(act, delayMs);
  return () => clearTimeout(timer);
}

/** Calls it again and again; returns how to stop. */
export function every(delayMs: number, act: () => void): () => void {
  const timer = setInterval(act, delayMs);
  return () => clearInterval(timer);
}

let aheadMs = 0;

/** Learns how far the service's clock is from this computer's. */
export function learnServerTime(at: number): void {
  aheadMs = at - now();
}

/** What the service's clock shows. */
export const serverNow = (): number => now() + aheadMs;

/** The instant as this computer's people read it: `14:03:27`, with the day where it is another one. */
export function timeOfDay(at: number): string {
  const [day, time] = [new Date(at), new Date(at).toLocaleTimeString(undefined, { hour12: false })];
  if (day.toDateString() === new Date(serverNow()).toDateString()) return time;
  return `${day.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })} ${time}`;
}

/** All of it, for a tooltip: `2026-11-23T14:03:27.042Z`. */
export const exactTime = (at: number): string => new Date(at).toISOString();
