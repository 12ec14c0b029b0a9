import type { TimerQueue } from '../timers.ts';
import type { Hop } from './hop.ts';

const AVOIDED_MS = 30_000;
const MAX_AVOIDED = 1_000;

const nameOf = ({ transport, host, port }: Hop): string => `${transport} ${host} ${port}`;

/** Servers that just failed, so that not every call waits for them again (RFC 3263 §4.3 leaves it open). */
export class Avoided {
  readonly #timers: Pick<TimerQueue, 'now'>;
  /** When each may be tried in its turn again, oldest first. */
  readonly #untilMs = new Map<string, number>();

  constructor(timers: Pick<TimerQueue, 'now'>) {
    this.#timers = timers;
  }

  add(hop: Hop): void {
    const name = nameOf(hop);
    this.#untilMs.delete(name);
    if (this.#untilMs.size >= MAX_AVOIDED) {
      const [oldest] = this.#untilMs.keys();
      if (oldest !== undefined) this.#untilMs.delete(oldest);
    }
    this.#untilMs.set(name, this.#timers.now() + AVOIDED_MS);
  }

  /** The same servers, those that failed behind all others. */
  last(hops: readonly Hop[]): readonly Hop[] {
    if (this.#untilMs.size === 0 || hops.length < 2) return hops;
    const nowMs = this.#timers.now();
    const failed = (hop: Hop): boolean => (this.#untilMs.get(nameOf(hop)) ?? 0) > nowMs;
    return [...hops.filter((hop) => !failed(hop)), ...hops.filter(failed)];
  }
}
