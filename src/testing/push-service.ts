/** One push message as the double saw it. */
export interface Push<N> {
  readonly atMs: number;
  readonly prid: string;
  readonly notification: N;
}

interface Sleeper<N> {
  readonly afterMs: number;
  readonly times: number;
  readonly wake: (notification: N) => void;
}

/** A push service that wakes who is registered with it, and remembers every message. `N` is the notification as it is sent. */
export class PushService<N = unknown> {
  /** Everything that was sent, in order. */
  readonly pushes: Push<N>[] = [];
  readonly #clock: { now(): number; after(delayMs: number, fire: () => void): unknown };
  readonly #sleepers = new Map<string, Sleeper<N>>();

  constructor(clock: { now(): number; after(delayMs: number, fire: () => void): unknown }) {
    this.#clock = clock;
  }

  /** A push to `prid` wakes that device `afterMs` later (2 s is usual, RFC 8599), `times` times: 0 is a push that is lost. */
  subscribe(
    prid: string,
    wake: (notification: N) => void,
    how: { readonly afterMs?: number; readonly times?: number } = {},
  ): void {
    this.#sleepers.set(prid, { wake, afterMs: how.afterMs ?? 2_000, times: how.times ?? 1 });
  }

  /** The token is no longer known, as after the app was removed. */
  unsubscribe(prid: string): void {
    this.#sleepers.delete(prid);
  }

  /** Takes a message; `unknown` if nobody has that token. */
  push(prid: string, notification: N): 'delivered' | 'unknown' {
    this.pushes.push({ atMs: this.#clock.now(), prid, notification });
    const sleeper = this.#sleepers.get(prid);
    if (sleeper === undefined) return 'unknown';
    for (let n = 0; n < sleeper.times; n += 1) this.#clock.after(sleeper.afterMs, () => sleeper.wake(notification));
    return 'delivered';
  }
}
