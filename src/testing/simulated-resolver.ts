import type { Answer, Records, Resolver } from '../dns/resolver.ts';
import type { TimerQueue } from '../timers.ts';

/** Records by type and name, e.g. `'A sip.example.net'`; `failed` for a name whose server answers SERVFAIL. */
export type Zone = Readonly<Record<string, readonly Records[keyof Records][] | 'failed'>>;

/** A name server of the virtual world: it answers from a table that may be changed, later or never. */
export class SimulatedResolver implements Resolver {
  zone: Zone;
  /** How long an answer takes; none comes if it is infinite. */
  delayMs = 20;
  ttlMs = 60_000;
  /** What was asked, oldest first. */
  readonly asked: string[] = [];
  #timers: TimerQueue | undefined;

  constructor(zone: Zone = {}) {
    this.zone = zone;
  }

  /** Names the timers by which answers are late. */
  runOn(timers: TimerQueue): this {
    this.#timers = timers;
    return this;
  }

  ask<K extends keyof Records>(kind: K, name: string, done: (answer: Answer<Records[K]>) => void): void {
    const key = `${kind} ${name}`;
    this.asked.push(key);
    if (this.#timers === undefined) throw new Error('a simulated resolver needs timers to run on');
    if (this.delayMs === Number.POSITIVE_INFINITY) return;
    this.#timers.set(this.delayMs, () => {
      const records = this.zone[key] ?? [];
      // The table's author answers for what stands under a key.
      done(records === 'failed' ? 'failed' : { records: records as readonly Records[K][], ttlMs: this.ttlMs });
    });
  }
}
