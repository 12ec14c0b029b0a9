/** One armed timer, as its owner holds it. */
export interface Timer {
  readonly dueMs: number;
}

/**
 * The one queue through which all time passes: actors, transactions and ports set their timers here, in production
 * and in tests (DESIGN: a heap by due instant, then order of setting).
 */
export interface TimerQueue {
  now(): number;
  set(delayMs: number, fire: () => void): Timer;
  /** Forgets a timer; clearing one that fired or was cleared does nothing. */
  clear(timer: Timer | undefined): void;
}
