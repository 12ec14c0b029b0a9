import type { Timer, TimerQueue } from '../timers.ts';
import type { Flow } from '../transport/transport.ts';
import type { TransactionSettings } from './settings.ts';

/** What all transactions of a layer share. */
export interface Shared {
  readonly timers: TimerQueue;
  readonly settings: TransactionSettings;
  /** Sends a message along a flow, past the tap if there is one. */
  transmit(message: string, flow: Flow): void;
}

/**
 * The timing of one transaction: one timer for both its retransmissions and its end, since some hundred thousand
 * finished transactions linger at a time and each pays for every field.
 */
export abstract class Paced<S extends Shared> {
  protected readonly shared: S;
  #timer: Timer | undefined;
  #intervalMs = 0;
  #capMs = 0;
  #endsMs = 0;
  #ending = false;
  readonly #wake = (): void => this.#woken();

  constructor(shared: S) {
    this.shared = shared;
  }

  /** Sends the last message again. */
  protected abstract repeat(): void;
  /** The time that was set has passed. */
  protected abstract expire(): void;

  /** Calls `repeat` after `intervalMs`, then at intervals that double up to `capMs`; calls `expire` after `forMs`. */
  protected pace(intervalMs: number, capMs: number, forMs: number): void {
    this.#capMs = capMs;
    this.#endsMs = this.shared.timers.now() + forMs;
    this.#arm(intervalMs);
  }

  /** Goes on at another interval, to the same end. */
  protected slowTo(intervalMs: number): void {
    this.#arm(intervalMs);
  }

  /** Calls `expire` after `forMs`, and nothing before. */
  protected waitFor(forMs: number): void {
    this.pace(Number.POSITIVE_INFINITY, 0, forMs);
  }

  /** Stops repeating; `expire` is still called. */
  protected repeatNoMore(): void {
    this.#arm(Number.POSITIVE_INFINITY);
  }

  protected stop(): void {
    this.shared.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #arm(intervalMs: number): void {
    const { timers } = this.shared;
    timers.clear(this.#timer);
    const leftMs = this.#endsMs - timers.now();
    this.#intervalMs = intervalMs;
    this.#ending = intervalMs >= leftMs;
    this.#timer = timers.set(this.#ending ? leftMs : intervalMs, this.#wake);
  }

  #woken(): void {
    this.#timer = undefined;
    if (this.#ending) this.expire();
    else {
      this.#arm(Math.min(2 * this.#intervalMs, this.#capMs));
      this.repeat();
    }
  }
}
