/** Session timers, as a phone has them (RFC 4028). */
import { type Header, headerOf, names, type PhoneMessage, paramOf } from './phone-message.ts';
import type { Wire } from './wire.ts';

/** How a phone takes part in session timers. */
export interface TimerScript {
  /** What it asks for itself; without it the phone only says that it knows session timers. */
  readonly expiresSeconds?: number;
  /** INVITEs with a smaller one get 422. */
  readonly minSeconds?: number;
  /** Whom it wants to refresh, where it is free to choose; by default whoever called. */
  readonly refresher?: 'uac' | 'uas';
  /** How it refreshes; by default by UPDATE. `never`: it forgets. */
  readonly refresh?: 'update' | 'invite' | 'never';
}

type Role = 'uac' | 'uas';
const LEAST_SECONDS = 90;
const secondsOf = (message: PhoneMessage): number => Number.parseInt(headerOf(message, 'session-expires'), 10) || 0;

/** The session timer of one call: who refreshes, and when it is over. */
export class SessionTimer {
  /** The interval that was agreed on last; 0: none. */
  seconds = 0;
  /** Whether this phone refreshes. */
  refreshes = false;
  readonly #wire: Wire;
  readonly #script: TimerScript | undefined;
  /** What our latest request asked for; undefined: nothing. */
  #asked: { readonly seconds: number; readonly refresher: Role | undefined } | undefined;
  readonly #act: { refresh(how: 'update' | 'invite'): void; expire(): void; complain(what: string): void };
  #stop = (): void => {};

  constructor(
    wire: Wire,
    script: TimerScript | undefined,
    act: { refresh(how: 'update' | 'invite'): void; expire(): void; complain(what: string): void },
  ) {
    this.#wire = wire;
    this.#script = script;
    this.#act = act;
  }

  /** Headers of an INVITE or UPDATE of ours. */
  ask(): Header[] {
    if (this.#script === undefined) return [];
    const { expiresSeconds, refresher } = this.#script;
    const supported: Header = ['Supported', 'timer'];
    if (this.seconds > 0) return [supported, this.#askFor(this.seconds, this.refreshes ? 'uac' : 'uas')];
    this.#asked = undefined;
    return expiresSeconds === undefined ? [supported] : [supported, this.#askFor(expiresSeconds, refresher)];
  }

  #askFor(seconds: number, refresher: Role | undefined): Header {
    this.#asked = { seconds, refresher };
    return ['Session-Expires', refresher === undefined ? String(seconds) : `${seconds};refresher=${refresher}`];
  }

  /** The interval is too small for the phone (RFC 4028 §9). */
  tooSmall(request: PhoneMessage): number {
    const min = this.#script?.minSeconds ?? 0;
    const seconds = secondsOf(request);
    return seconds > 0 && seconds < min && names(request, 'supported', 'timer') ? min : 0;
  }

  /** Headers of our 2xx to such a request (RFC 4028 §9, table 2); from now on the timer runs. */
  answer(request: PhoneMessage): Header[] {
    const seconds = secondsOf(request);
    const supportsTimer = names(request, 'supported', 'timer');
    if (seconds > 0 && seconds < LEAST_SECONDS) this.#act.complain(`Session-Expires of ${seconds} s (RFC 4028 §4)`);
    const least = Number(headerOf(request, 'min-se')) || LEAST_SECONDS;
    if (seconds > 0 && seconds < least) this.#act.complain(`Session-Expires of ${seconds} s below its Min-SE (RFC 4028 §7.1)`);
    if (this.#script === undefined) return [];
    const wanted = seconds || (this.#script.expiresSeconds ?? 0);
    if (wanted === 0) {
      this.end();
      return [];
    }
    const named = paramOf(headerOf(request, 'session-expires'), 'refresher') as Role | undefined;
    const refresher = supportsTimer ? (named ?? this.#script.refresher ?? 'uac') : 'uas';
    this.#run(wanted, refresher === 'uas');
    const header: Header = ['Session-Expires', `${wanted};refresher=${refresher}`];
    return refresher === 'uac' ? [header, ['Require', 'timer']] : [header];
  }

  /** The 2xx to our request says what was agreed on. */
  agreed(response: PhoneMessage): void {
    const seconds = secondsOf(response);
    if (this.#script === undefined) {
      if (names(response, 'require', 'timer')) this.#act.complain('2xx requires timer, which we do not know (RFC 4028 §9)');
      return;
    }
    if (seconds === 0) {
      this.end();
      return;
    }
    const refresher = paramOf(headerOf(response, 'session-expires'), 'refresher');
    const asked = this.#asked ?? { seconds, refresher: undefined };
    if (seconds > asked.seconds) this.#act.complain(`2xx with ${seconds} s, asked for ${asked.seconds} (RFC 4028 §9)`);
    // The other way round it may be: who is there does not know session timers (RFC 4028 §8.2).
    if (asked.refresher === 'uac' && refresher === 'uas')
      this.#act.complain('2xx refreshes though we said we would (RFC 4028 §9)');
    if (refresher !== 'uac' && refresher !== 'uas') this.#act.complain('2xx without refresher (RFC 4028 §9)');
    if (refresher === 'uac' && !names(response, 'require', 'timer'))
      this.#act.complain('2xx makes us refresh without Require: timer (RFC 4028 §9)');
    this.#run(seconds, refresher === 'uac');
  }

  end(): void {
    this.#stop();
    this.seconds = 0;
  }

  /** RFC 4028 §10: who refreshes does so at half the interval; the other one hangs up shortly before it is over. */
  #run(seconds: number, refreshes: boolean): void {
    this.#stop();
    this.seconds = seconds;
    this.refreshes = refreshes;
    const how = this.#script?.refresh ?? 'update';
    const intervalMs = seconds * 1000;
    if (refreshes && how !== 'never') this.#stop = this.#wire.after(intervalMs / 2, () => this.#act.refresh(how));
    else if (!refreshes)
      this.#stop = this.#wire.after(intervalMs - Math.min(32_000, intervalMs / 3) + 1000, () => this.#act.expire());
  }
}
