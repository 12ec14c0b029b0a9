/** Where requests come from: how many one source may send, and how fast it may guess. */
import { isIPv6 } from 'node:net';
import type { TimerQueue } from '../timers.ts';

const MAX_SOURCES = 10_000;
const PER_SECOND = 50;
const BURST = 200;
/** Wrong tokens that cost nothing; each further one doubles the wait. */
const FREE_FAILURES = 3;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const FORGOTTEN_AFTER_MS = 600_000;

interface Source {
  tokens: number;
  atMs: number;
  failures: number;
  failedAtMs: number;
  waitsUntilMs: number;
}

/** All that asked of late; the one that was silent longest is forgotten first. */
export class Sources {
  readonly #timers: Pick<TimerQueue, 'now'>;
  readonly #sources = new Map<string, Source>();

  constructor(timers: Pick<TimerQueue, 'now'>) {
    this.#timers = timers;
  }

  /** Whether it may ask once more now. */
  admits(from: string): boolean {
    const source = this.#of(from);
    if (source.tokens < 1) return false;
    source.tokens -= 1;
    return true;
  }

  /** For how long its tokens are not looked at, since too many were wrong. */
  waitMs(from: string): number {
    return Math.max(0, this.#of(from).waitsUntilMs - this.#timers.now());
  }

  failed(from: string): void {
    const source = this.#of(from);
    const nowMs = this.#timers.now();
    if (nowMs - source.failedAtMs > FORGOTTEN_AFTER_MS) source.failures = 0;
    source.failures += 1;
    source.failedAtMs = nowMs;
    const beyond = source.failures - FREE_FAILURES;
    if (beyond > 0) source.waitsUntilMs = nowMs + Math.min(FIRST_WAIT_MS * 2 ** Math.min(beyond - 1, 10), LONGEST_WAIT_MS);
  }

  succeeded(from: string): void {
    this.#of(from).failures = 0;
  }

  #of(from: string): Source {
    const key = sourceOf(from);
    const nowMs = this.#timers.now();
    const source = this.#sources.get(key) ?? { tokens: BURST, atMs: nowMs, failures: 0, failedAtMs: nowMs, waitsUntilMs: 0 };
    source.tokens = Math.min(BURST, source.tokens + ((nowMs - source.atMs) / 1000) * PER_SECOND);
    source.atMs = nowMs;
    this.#sources.delete(key);
    this.#sources.set(key, source);
    if (this.#sources.size > MAX_SOURCES) for (const oldest of this.#sources.keys()) return this.#forget(oldest, source);
    return source;
  }

  #forget(oldest: string, source: Source): Source {
    this.#sources.delete(oldest);
    return source;
  }
}

/** An IPv4 address, or the /64 of an IPv6 address: who has one has all of it. */
export function sourceOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::', 2);
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const missing = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const groups = [...(before ?? []), ...Array.from({ length: missing }, () => '0'), ...(after ?? [])];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
