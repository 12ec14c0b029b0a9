import type { Timer, TimerQueue } from '../timers.ts';

/** More are not banned at a time: the oldest is let in early. */
const MAX_BANS = 10_000;

/** One ban. */
export interface Ban {
  readonly source: string;
  readonly untilMs: number;
  /** TCP connections of the source are not concerned: what it was banned for may be somebody else's. */
  readonly udpOnly: boolean;
}

/** Who is banned. All bans last equally long, so that they end in the order in which they were made. */
export class Bans {
  readonly #timers: TimerQueue;
  readonly #banMs: number;
  readonly #lifted: (ban: Ban) => void;
  readonly #bySource = new Map<string, Ban>();
  #timer: Timer | undefined;

  constructor(timers: TimerQueue, banMs: number, lifted: (ban: Ban) => void) {
    this.#timers = timers;
    this.#banMs = banMs;
    this.#lifted = lifted;
  }

  get size(): number {
    return this.#bySource.size;
  }

  of(source: string): Ban | undefined {
    return this.#bySource.get(source);
  }

  /** Begins or renews a ban. */
  add(source: string, udpOnly: boolean): Ban {
    const ban = { source, untilMs: this.#timers.now() + this.#banMs, udpOnly };
    this.#bySource.delete(source);
    this.#bySource.set(source, ban);
    if (this.#bySource.size > MAX_BANS) this.#liftOldest();
    this.#timer ??= this.#wait();
    return ban;
  }

  stop(): void {
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #oldest(): Ban | undefined {
    const [ban] = this.#bySource.values();
    return ban;
  }

  #liftOldest(): void {
    const ban = this.#oldest();
    if (ban === undefined) return;
    this.#bySource.delete(ban.source);
    this.#lifted(ban);
  }

  #wait(): Timer | undefined {
    const next = this.#oldest();
    if (next === undefined) return undefined;
    return this.#timers.set(Math.max(next.untilMs - this.#timers.now(), 0), () => {
      for (let due = this.#oldest(); due !== undefined && due.untilMs <= this.#timers.now(); due = this.#oldest())
        this.#liftOldest();
      this.#timer = this.#wait();
    });
  }
}
