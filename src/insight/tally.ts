/** What is counted of the service: a fold of a few facts, a number each. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import { inviteReceived, pushDelivered, pushFailed, registerReceived } from '../../machines/vocabulary/facts.ts';
import type { History } from '../correlation/history.ts';
import { outcomeOf } from '../correlation/history.ts';
import type { Now } from './model.ts';

/** How many minutes are looked back on. */
const MINUTES = 60;
const MINUTE_MS = 60_000;

/** Counts by minute. */
class PerMinute {
  readonly #counts = new Array<number>(MINUTES).fill(0);
  #minute = 0;

  count(atMs: number): void {
    this.#moveTo(atMs);
    const slot = this.#minute % MINUTES;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  /** Oldest first; the last one goes on. */
  until(nowMs: number): readonly number[] {
    this.#moveTo(nowMs);
    return Array.from({ length: MINUTES }, (_, index) => this.#counts[(this.#minute + 1 + index) % MINUTES] ?? 0);
  }

  #moveTo(atMs: number): void {
    const minute = Math.floor(atMs / MINUTE_MS);
    if (minute === this.#minute) return;
    if (minute - this.#minute >= MINUTES) this.#counts.fill(0);
    else for (let next = this.#minute + 1; next <= minute; next++) this.#counts[next % MINUTES] = 0;
    this.#minute = Math.max(minute, this.#minute);
  }
}

type Folded = FactOf<typeof inviteReceived | typeof registerReceived | typeof pushDelivered | typeof pushFailed>;

export class Tally {
  readonly folds = [inviteReceived.fact, registerReceived.fact, pushDelivered.fact, pushFailed.fact];
  readonly answers: readonly string[] = [];
  readonly #calls = new PerMinute();
  readonly #registers = new PerMinute();
  readonly #pushes = new PerMinute();
  readonly #ended = { answered: 0, failed: 0, cancelled: 0, crashed: 0 };

  current(): readonly never[] {
    return [];
  }

  fold({ type, at }: Folded): void {
    if (type === 'invite.received') this.#calls.count(at);
    else if (type === 'register.received') this.#registers.count(at);
    else this.#pushes.count(at);
  }

  /** A call is over. */
  ended(history: History): void {
    this.#ended[outcomeOf(history).outcome]++;
  }

  until(nowMs: number): Pick<Now, 'ended' | 'perMinute'> {
    const [calls, registers, pushes] = [this.#calls, this.#registers, this.#pushes].map((counts) => counts.until(nowMs));
    return { ended: { ...this.#ended }, perMinute: { calls: calls ?? [], registers: registers ?? [], pushes: pushes ?? [] } };
  }
}
