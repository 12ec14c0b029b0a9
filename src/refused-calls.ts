/** One log line for each call that was refused before it was one, and a bound on those of a flood. */
import type { Log } from './log.ts';
import type { RefusedCall } from './ports/sip/refusal.ts';
import type { TimerQueue } from './timers.ts';

const LINES_A_SECOND = 10;
const SECOND_MS = 1000;

export class RefusedCalls {
  readonly #log: Log;
  readonly #timers: Pick<TimerQueue, 'now'>;
  #secondBeganMs = 0;
  #lines = 0;
  #unlogged = 0;

  constructor(log: Log, timers: Pick<TimerQueue, 'now'>) {
    this.#log = log;
    this.#timers = timers;
  }

  /** Logs it, or counts it for the next line that is logged. */
  note({ request, remote, status, reason }: RefusedCall): void {
    if (!this.#log.enabled('info')) return;
    const nowMs = this.#timers.now();
    if (nowMs - this.#secondBeganMs >= SECOND_MS) {
      this.#secondBeganMs = nowMs;
      this.#lines = 0;
    }
    if (++this.#lines > LINES_A_SECOND) {
      this.#unlogged++;
      return;
    }
    const caller = clip(request.from.uri);
    const dialled = clip(request.uri);
    const more = this.#unlogged === 0 ? {} : { unlogged: this.#unlogged };
    this.#unlogged = 0;
    this.#log.info({ caller, dialled, status, reason, source: remote, callId: clip(request.callId), ...more }, 'call refused');
  }
}

const clip = (text: string): string => text.slice(0, 128);
