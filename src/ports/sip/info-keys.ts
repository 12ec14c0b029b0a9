/** Keys that a phone says in INFO: `application/dtmf-relay` as Cisco began it, and the bare `application/dtmf`. */
import { header } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';

/** A key, and how long it was pressed. */
export interface Key {
  readonly digit: string;
  readonly durationMs: number;
}

const PRESET_MS = 250;
const LONGEST_MS = 10_000;
const MAX_LENGTH = 256;
const SIGNAL = /^signal[ \t]*=[ \t]*([0-9*#A-D])[ \t]*$/im;
const DURATION = /^duration[ \t]*=[ \t]*(\d{1,5})[ \t]*$/im;
const BARE = /^\s*([0-9*#A-D])\s*$/i;

/** The key that an INFO says; `undefined` if it says none. */
export function keyIn(info: SipRequest): Key | undefined {
  const type = header(info, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  const { body } = info;
  if (body.length > MAX_LENGTH) return undefined;
  if (type === 'application/dtmf') return keyOf(BARE.exec(body)?.[1], undefined);
  if (type !== 'application/dtmf-relay') return undefined;
  return keyOf(SIGNAL.exec(body)?.[1], DURATION.exec(body)?.[1]);
}

function keyOf(digit: string | undefined, duration: string | undefined): Key | undefined {
  if (digit === undefined) return undefined;
  const durationMs = duration === undefined ? PRESET_MS : Math.min(Number(duration), LONGEST_MS);
  return { digit: digit.toUpperCase(), durationMs };
}
