import type { Clock } from '../clock.ts';

interface Face extends Clock {
  dueMs: number | undefined;
  wake: () => void;
}

/**
 * Lets several timer queues live on one clock, which has one alarm: the service's queue and the world's stay apart, so
 * that a test can ask whether the service left a timer behind.
 */
export class SharedClock {
  readonly #clock: Clock;
  readonly #faces: Face[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One more clock with an alarm of its own; at one instant the earlier face is woken first. */
  face(): Clock {
    const face: Face = {
      dueMs: undefined,
      wake: () => {},
      now: () => this.#clock.now(),
      yield: (task) => this.#clock.yield(task),
      alarm: (atMs, wake) => {
        if (!this.#faces.includes(face)) return;
        face.dueMs = atMs;
        face.wake = wake;
        this.#arm();
      },
    };
    this.#faces.push(face);
    return face;
  }

  /** Its alarm never rings again, whoever still sets it. */
  drop(face: Clock): void {
    const at = this.#faces.indexOf(face as Face);
    if (at >= 0) this.#faces.splice(at, 1);
    this.#arm();
  }

  #arm(): void {
    let earliestMs: number | undefined;
    for (const { dueMs } of this.#faces)
      if (dueMs !== undefined && (earliestMs === undefined || dueMs < earliestMs)) earliestMs = dueMs;
    this.#clock.alarm(earliestMs, () => this.#ring());
  }

  #ring(): void {
    for (const face of this.#faces) {
      if (face.dueMs === undefined || face.dueMs > this.#clock.now()) continue;
      face.dueMs = undefined;
      face.wake();
    }
    this.#arm();
  }
}
