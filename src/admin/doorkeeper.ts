/** Knows who may come in: by the token of the config, or by the cookie that a login with it gave. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../random.ts';
import type { TimerQueue } from '../timers.ts';
import { Sources } from './sources.ts';

/** Of the session's cookie. */
export const COOKIE = 'callweave';
export const SESSION_MS = 12 * 3_600_000;
const MAX_SESSIONS = 1_000;
const KEY_BYTES = 32;

/** What a request shows of itself. */
export interface Papers {
  /** Address it comes from. */
  readonly from: string;
  /** `Authorization`, as it came. */
  readonly authorization: string | undefined;
  readonly session: string | undefined;
}

/** `waitMs`: too many wrong tokens; ask again then. */
export type Verdict = 'in' | 'unknown' | { readonly waitMs: number };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export class Doorkeeper {
  readonly sources: Sources;
  readonly #token: Buffer | undefined;
  readonly #timers: Pick<TimerQueue, 'now'>;
  readonly #random: Random;
  /** When each ends, oldest first. */
  readonly #sessions = new Map<string, number>();

  constructor(token: string | undefined, timers: Pick<TimerQueue, 'now'>, random: Random) {
    this.sources = new Sources(timers);
    this.#token = token === undefined ? undefined : digest(token);
    this.#timers = timers;
    this.#random = random;
  }

  /** Whether anybody may come in without a word. */
  get isOpen(): boolean {
    return this.#token === undefined;
  }

  judge({ from, authorization, session }: Papers): Verdict {
    if (this.isOpen || (session !== undefined && this.#isCurrent(session))) return 'in';
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    return given === undefined ? 'unknown' : this.#tried(given, from);
  }

  /** A new session, for who knows the token. */
  logIn(token: string, from: string): { readonly session: string } | Exclude<Verdict, 'in'> {
    const verdict = this.isOpen ? 'in' : this.#tried(token, from);
    if (verdict !== 'in') return verdict;
    if (this.#sessions.size >= MAX_SESSIONS) {
      const [oldest = ''] = this.#sessions.keys();
      this.#sessions.delete(oldest);
    }
    const session = this.#random.hex(KEY_BYTES);
    this.#sessions.set(session, this.#timers.now() + SESSION_MS);
    return { session };
  }

  logOut(session: string): void {
    this.#sessions.delete(session);
  }

  #tried(token: string, from: string): Verdict {
    const waitMs = this.sources.waitMs(from);
    if (waitMs > 0) return { waitMs };
    // Digests are of one length, and tell nothing of how much of the token was right.
    if (this.#token !== undefined && timingSafeEqual(digest(token), this.#token)) {
      this.sources.succeeded(from);
      return 'in';
    }
    this.sources.failed(from);
    return 'unknown';
  }

  #isCurrent(session: string): boolean {
    const endsAtMs = this.#sessions.get(session);
    if (endsAtMs === undefined) return false;
    if (endsAtMs > this.#timers.now()) return true;
    this.#sessions.delete(session);
    return false;
  }
}
