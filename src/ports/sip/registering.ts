import type { Timer, TimerQueue } from '../../timers.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';

/** REGISTERs are answered at once; one that still waits when it is looked for, its actor has not survived. */
const LOOK_EVERY_MS = 4_000;
const MAX_WAITING = 10_000;

/** A REGISTER on its way through the engine. */
export interface Registering {
  readonly server: ServerTransaction;
  /** Devices that it names. */
  readonly devices: ReadonlySet<string>;
  readonly sinceMs: number;
}

/** REGISTERs that wait for their actors. None waits for more than twice `LOOK_EVERY_MS`. */
export class RegistersUnderWay {
  readonly #timers: TimerQueue;
  readonly #giveUp: (server: ServerTransaction) => void;
  readonly #waiting = new Map<number, Registering>();
  #lastExchange = 0;
  #timer: Timer | undefined;

  constructor(timers: TimerQueue, giveUp: (server: ServerTransaction) => void) {
    this.#timers = timers;
    this.#giveUp = giveUp;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Returns by what its answer is known. */
  add(server: ServerTransaction, devices: ReadonlySet<string>): number {
    if (this.#waiting.size >= MAX_WAITING) this.#giveUpOldest();
    const exchange = ++this.#lastExchange;
    this.#waiting.set(exchange, { server, devices, sinceMs: this.#timers.now() });
    // One timer for all of them, since almost none is there when it fires.
    this.#timer ??= this.#timers.set(LOOK_EVERY_MS, () => this.#look());
    return exchange;
  }

  /** Takes it out; `undefined` if it does not wait. */
  take(exchange: number): Registering | undefined {
    const found = this.#waiting.get(exchange);
    this.#waiting.delete(exchange);
    return found;
  }

  #look(): void {
    const untilMs = this.#timers.now() - LOOK_EVERY_MS;
    for (const { sinceMs } of this.#waiting.values()) {
      if (sinceMs > untilMs) break;
      this.#giveUpOldest();
    }
    this.#timer = this.#waiting.size === 0 ? undefined : this.#timers.set(LOOK_EVERY_MS, () => this.#look());
  }

  #giveUpOldest(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    this.#waiting.delete(oldest[0]);
    this.#giveUp(oldest[1].server);
  }
}
