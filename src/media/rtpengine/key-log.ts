/** The digits that rtpengine reports: one JSON object a datagram, at the end of each press (`--dtmf-log-dest`). */

export interface LoggedKey {
  /** rtpengine's name of the session. */
  readonly session: string;
  readonly tag: string;
  /** 0 to 15 (RFC 4733 §3.2). */
  readonly event: number;
  readonly durationMs: number;
}

const MAX_CHARACTERS = 4_096;
const LONGEST_MS = 60_000;

/**
 * undefined for anything else. Whoever sends such a datagram has to know the names of a session, which are of 128 random bits and
 * told to the daemon alone: so it may come from whatever address the daemon's machine has.
 */
export function readKey(datagram: string): LoggedKey | undefined {
  if (datagram.length > MAX_CHARACTERS) return undefined;
  let said: unknown;
  try {
    said = JSON.parse(datagram);
  } catch {
    return undefined;
  }
  if (typeof said !== 'object' || said === null) return undefined;
  const { type, callid, source_tag: tag, event, duration } = said as Readonly<Record<string, unknown>>;
  if (type !== 'DTMF' || typeof callid !== 'string' || typeof tag !== 'string') return undefined;
  if (typeof event !== 'number' || !Number.isInteger(event) || event < 0 || event > 15) return undefined;
  const durationMs = typeof duration === 'number' ? Math.round(Math.min(Math.max(duration, 0), LONGEST_MS)) : 0;
  return { session: callid, tag, event, durationMs };
}
