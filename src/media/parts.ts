/** What the built-in media engine is made of, and what it is beside a plane: see `openMedia` of builtin.ts. */
import type { InCallCode } from '../../machines/vocabulary/media.ts';
import type { Problem } from '../errors.ts';
import type { Random } from '../random.ts';
import type { TimerQueue } from '../timers.ts';
import type { RtpSockets } from '../transport/rtp.ts';
import type { MediaFiles } from './files.ts';
import type { MediaPlane } from './media.ts';

export interface MediaParts {
  readonly sockets: RtpSockets;
  readonly timers: TimerQueue;
  readonly random: Random;
  readonly files: MediaFiles;
  /** Codes that the users of a call have: by addresses of record. */
  readonly codesOf: (caller: string, callee: string) => readonly InCallCode[];
  /** Hears of what a log should say: a prompt or a recording that cannot be. */
  readonly report: (problem: Problem) => void;
}

/** `openMedia(config.media, parts)` makes one. */
export interface BuiltInMedia extends MediaPlane {
  /** Why a prompt cannot be played, in words; loads it, so that its first listener does not wait. */
  checkPrompt(name: string): string | undefined;
}
