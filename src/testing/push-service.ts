import type { PushDone, PushRequest, PushSender } from '../ports/push/senders/push-sender.ts';

/** One push message as it arrived. */
export interface Push {
  readonly atMs: number;
  readonly request: PushRequest;
}

/** What becomes of a push besides being delivered: the token is dead, the service is down, or never answers. */
export type PushFault = 'unknown' | 'down' | 'mute';

interface Sleeper {
  readonly afterMs: number;
  readonly times: number;
  readonly wake: (push: PushRequest) => void;
}

/** A push service inside the process: it wakes who subscribed, and remembers every message. Plug it in as a sender. */
export class PushService implements PushSender {
  /** Every message that was sent, cancellations too, in order. */
  readonly pushes: Push[] = [];
  /** How long the service takes to answer its sender. */
  answersAfterMs = 20;
  /** What is wrong with the whole service; `undefined` if nothing is. */
  fault: PushFault | undefined;
  /** Sees every message as it arrives. */
  tap: (push: Push) => void = () => {};
  readonly #clock: { now(): number; after(delayMs: number, fire: () => void): unknown };
  readonly #sleepers = new Map<string, Sleeper>();
  #closed = false;

  constructor(clock: { now(): number; after(delayMs: number, fire: () => void): unknown }) {
    this.#clock = clock;
  }

  /** A push to `prid` wakes that device `afterMs` later (2 s is usual, RFC 8599 §5.6.2), `times` times: 0 is a push that is lost. */
  subscribe(
    prid: string,
    wake: (push: PushRequest) => void,
    how: { readonly afterMs?: number; readonly times?: number } = {},
  ): void {
    this.#sleepers.set(prid, { wake, afterMs: how.afterMs ?? 2_000, times: how.times ?? 1 });
  }

  /** The token is no longer known, as after the app was removed. */
  unsubscribe(prid: string): void {
    this.#sleepers.delete(prid);
  }

  /** Messages of one kind, to one token if given. */
  sent(kind: PushRequest['kind'], prid?: string): Push[] {
    return this.pushes.filter(({ request }) => request.kind === kind && (prid === undefined || request.prid === prid));
  }

  send(push: PushRequest, done: PushDone): void {
    const arrived = { atMs: this.#clock.now(), request: push };
    this.pushes.push(arrived);
    this.tap(arrived);
    const sleeper = this.#sleepers.get(push.prid);
    const fault = this.fault ?? (sleeper === undefined ? 'unknown' : undefined);
    if (fault === 'mute') return;
    this.#answer(fault, done);
    if (fault !== undefined || sleeper === undefined || push.kind !== 'incoming-call') return;
    for (let n = 0; n < sleeper.times; n += 1) this.#clock.after(sleeper.afterMs, () => sleeper.wake(push));
  }

  cancel(push: PushRequest, done: PushDone): void {
    this.send(push, done);
  }

  close(): void {
    this.#closed = true;
  }

  /** For a service that starts again on the same double. */
  reopen(): void {
    this.#closed = false;
  }

  #answer(fault: PushFault | undefined, done: PushDone): void {
    this.#clock.after(this.answersAfterMs, () => {
      if (this.#closed) return;
      if (fault === undefined) done({ ok: true });
      else done({ ok: false, permanent: fault === 'unknown', why: fault === 'unknown' ? 'no such token' : 'push service down' });
    });
  }
}
