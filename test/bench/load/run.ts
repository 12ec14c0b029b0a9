import { Samples } from './samples.ts';

/** What is counted while one scenario plays. */
export class Run {
  started = 0;
  done = 0;
  /** Not done within the limit, or ended by a final answer other than 503. */
  failed = 0;
  /** Answered 503. */
  refused = 0;
  retransmits = 0;
  /** What must never happen (a fork too many, an INVITE before the wake-up), by name. */
  readonly anomalies = new Map<string, number>();
  /** Final answers that ended a session early, by status; 0: time ran out. */
  readonly failures = new Map<number, number>();
  /** REGISTER to its 200. */
  readonly registered = new Samples();
  /** INVITE (plain call) or REGISTER (woken call) to the INVITE at the callee. */
  readonly rung = new Samples();
  /** BYE to its 200. */
  readonly ended = new Samples();

  get settled(): number {
    return this.done + this.failed + this.refused;
  }

  fail(status: number): void {
    if (status === 503) this.refused += 1;
    else this.failed += 1;
    bump(this.failures, status);
  }

  anomaly(name: string): void {
    bump(this.anomalies, name);
  }

  /** `408 x 3, out of time x 2, …`; empty if all went well. */
  get remarks(): string {
    const failures = [...this.failures].map(([status, n]) => `${status === 0 ? 'out of time' : status} x ${n}`);
    const anomalies = [...this.anomalies].map(([name, n]) => `${name.toUpperCase()} x ${n}`);
    return [...failures, ...anomalies].join(', ');
  }
}

function bump<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
