/** The end of the service: running calls may finish, until they may not any more. */
import type { Log } from './log.ts';
import type { TimerQueue } from './timers.ts';

export interface DrainParts {
  readonly timers: TimerQueue;
  readonly log: Log;
  /** How long calls may go on. */
  readonly limitMs: number;
  /** How many there are. */
  readonly countCalls: () => number;
  /** Ends those that are left. */
  readonly endCalls: () => void;
}

const LOOK_EVERY_MS = 100;
const TELL_EVERY_MS = 5_000;
/** For the answers to our last BYEs and CANCELs. */
const FAREWELL_MS = 3_000;

/** Calls `done` once no call is left, or nobody waits for the last ones any more. */
export function drain(parts: DrainParts, done: () => void): void {
  const { timers, log, limitMs, countCalls, endCalls } = parts;
  const beganMs = timers.now();
  let toldMs = beganMs;
  let endedMs: number | undefined;
  const look = (): void => {
    const nowMs = timers.now();
    const calls = countCalls();
    if (calls === 0 || (endedMs !== undefined && nowMs - endedMs >= FAREWELL_MS)) {
      log.info({ calls, seconds: Math.round(nowMs - beganMs) / 1000 }, 'drained');
      done();
      return;
    }
    if (endedMs === undefined && nowMs - beganMs >= limitMs) {
      log.info({ calls }, 'ending the calls that are left');
      endedMs = nowMs;
      endCalls();
    } else if (nowMs - toldMs >= TELL_EVERY_MS) {
      toldMs = nowMs;
      log.info({ calls, secondsLeft: Math.max(0, Math.round((beganMs + limitMs - nowMs) / 1000)) }, 'draining');
    }
    timers.set(LOOK_EVERY_MS, look);
  };
  const calls = countCalls();
  if (calls > 0) log.info({ calls, secondsLeft: Math.round(limitMs / 1000) }, 'draining');
  look();
}
