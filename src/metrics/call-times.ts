import type { History } from '../correlation/history.ts';

/** Lengths of a call that is over, milliseconds; undefined where it did not come so far. */
export interface CallTimes {
  /** From the INVITE to the first phone that rang (post-dial delay). */
  readonly toRingMs: number | undefined;
  /** From the INVITE to the answer. */
  readonly toAnswerMs: number | undefined;
  /** From the answer to the end. */
  readonly talkMs: number | undefined;
}

export function timesOf({ birth, facts, endedAtMs }: History): CallTimes {
  let rangAtMs: number | undefined;
  let answeredAtMs: number | undefined;
  for (const { type, at } of facts) {
    if (type === 'leg.ringing') rangAtMs ??= at;
    else if (type === 'call.answered') answeredAtMs ??= at;
  }
  return {
    toRingMs: rangAtMs && rangAtMs - birth.at,
    toAnswerMs: answeredAtMs && answeredAtMs - birth.at,
    talkMs: answeredAtMs && endedAtMs - answeredAtMs,
  };
}
