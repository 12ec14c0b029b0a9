import { setTimeout as sleep } from 'node:timers/promises';
import type { Phone } from '../../../src/testing/phone.ts';
import type { IncomingCall } from '../../../src/testing/phone-incoming-call.ts';
import type { OutgoingCall } from '../../../src/testing/phone-outgoing-call.ts';

/** Four phones of one pickup group but for the caller's, each on an address of its own; they share no code with the service. */
export interface Lane {
  readonly caller: Phone;
  readonly callee: Phone;
  readonly pickers: readonly [Phone, Phone];
}

/** How one race is run, all in milliseconds after its start. */
export interface Plan {
  /**
   * `dial`: everybody acts after the callee's phone has rung. Else callee and caller act after the first picker to be
   * answered (`claim`), or to have agreed to the caller's session (`agree`), while its claim is on the way.
   */
  readonly start: 'dial' | 'claim' | 'agree';
  readonly code: string;
  /** Of one or two pickers. */
  readonly pickAtMs: readonly number[];
  readonly answerAtMs: number;
  readonly cancelAtMs: number;
  readonly callerHangsUp: boolean;
}

/** What came of a race: who has the call, and what is wrong with that. */
export interface Finish {
  readonly winner: 'picker' | 'callee' | 'nobody';
  readonly faults: readonly string[];
}

type PhoneCall = IncomingCall | OutgoingCall;
const LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 2;
/** Where a phone that nobody wants any more could be rung by mistake. */
const AFTERMATH_MS = 15;
const ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';

/** Runs one race to the end of whatever call came about. */
export async function race(lane: Lane, plan: Plan): Promise<Finish> {
  const run = new Race(lane, plan);
  try {
    await run.start();
    await run.settle();
    const winner = run.winner();
    const faults = run.faults(winner);
    await run.end();
    return { winner: winner === undefined ? 'nobody' : winner === run.rung ? 'callee' : 'picker', faults };
  } catch (error) {
    return { winner: 'nobody', faults: [`${error instanceof Error ? error.message : error}\n${run.explain()}`] };
  }
}

class Race {
  readonly #lane: Lane;
  readonly #plan: Plan;
  readonly #call: OutgoingCall;
  readonly #picks: OutgoingCall[] = [];
  rung: IncomingCall | undefined;
  #toDo: number;

  constructor(lane: Lane, plan: Plan) {
    this.#lane = lane;
    this.#plan = plan;
    this.#toDo = plan.pickAtMs.length + 2;
    lane.callee.onInvite = 'ring';
    this.#call = lane.caller.call(lane.callee.user);
  }

  /** The call rings; then everybody acts. */
  async start(): Promise<void> {
    const { callee, pickers } = this.#lane;
    await until('the callee rings', () => this.#call.lastProgress === 180);
    this.rung = callee.incoming;
    const { start, code, pickAtMs, answerAtMs, cancelAtMs } = this.#plan;
    const decide = (): void => {
      this.#in(answerAtMs, () => this.rung?.answer());
      this.#in(cancelAtMs, () => this.#call.cancel());
    };
    let isDecided = start === 'dial';
    if (isDecided) decide();
    const onChange = (pick: OutgoingCall): void => {
      const isDue = start === 'claim' ? pick.status !== 0 : pick.requests.length > 0 || pick.state === 'ended';
      if (isDecided || !isDue) return;
      isDecided = true;
      decide();
    };
    for (const [n, atMs] of pickAtMs.entries()) {
      this.#in(atMs, () => {
        const pick = pickers[n]?.call(code, { onChange });
        if (pick !== undefined) this.#picks.push(pick);
      });
    }
  }

  #in(delayMs: number, act: () => void): void {
    setTimeout(() => {
      act();
      this.#toDo -= 1;
    }, delayMs);
  }

  /** Until everybody has done what was planned, and each party talks with the other one or is done. */
  async settle(): Promise<void> {
    await until('the race is over', () => this.#toDo === 0 && this.#isSettled);
    await sleep(AFTERMATH_MS);
    if (!this.#isSettled) throw new Error('something went on after it was over');
  }

  get #all(): PhoneCall[] {
    return [this.#call, ...(this.rung === undefined ? [] : [this.rung]), ...this.#picks];
  }

  get #open(): PhoneCall[] {
    return this.#all.filter(({ state }) => state !== 'ended');
  }

  get #isSettled(): boolean {
    const open = this.#open;
    if (open.length === 0) return true;
    if (open.length !== 2 || open[0] !== this.#call) return false;
    return open.every((call) => call.state === 'answered' && call.confirmed && isHeard(call, this.#all));
  }

  /** Whose media the caller was given. */
  winner(): PhoneCall | undefined {
    if (this.#call.status !== 200) return undefined;
    return this.#all.slice(1).find((call) => hostOf(this.#call) === this.#hostOf(call));
  }

  #hostOf(call: PhoneCall): string {
    const { callee, pickers } = this.#lane;
    const phone = call === this.rung ? callee : pickers.find(({ calls }) => calls.includes(call));
    return phone?.wire.local.host ?? '';
  }

  faults(winner: PhoneCall | undefined): string[] {
    const { status } = this.#call;
    const found: string[] = [];
    if (status !== 200 && status !== 487) found.push(`the caller heard ${status} ${this.#call.phrase}`);
    if (status === 200 && winner === undefined) found.push('the caller was answered by nobody');
    for (const call of this.#all.slice(1)) {
      if (call === winner) continue;
      const fault = call === this.rung ? this.#faultOfCallee(call, winner !== undefined) : faultOfPicker(call as OutgoingCall);
      if (fault !== undefined) found.push(fault);
    }
    return found.map((fault) => `${fault}\n${this.explain()}`);
  }

  /** Its phone shows a missed call, or one that somebody else took. */
  #faultOfCallee({ state, end, endReason }: PhoneCall, isTaken: boolean): string | undefined {
    if (state !== 'ended') return `the callee is ${state}, and somebody else has the call`;
    if (end === 'cancelled' && (endReason === ELSEWHERE) !== isTaken) return `the callee is cancelled with "${endReason}"`;
    if (end === 'hungUp' && endReason === '') return 'the callee is hung up without a Reason';
    return end === 'cancelled' || end === 'hungUp' ? undefined : `the callee ended by ${end}`;
  }

  /** Whoever talks hangs up. */
  async end(): Promise<void> {
    const open = this.#open;
    const bye = (this.#plan.callerHangsUp ? open[0] : open[1])?.bye();
    await until('both sides hang up', () => this.#open.length === 0 && (bye === undefined || bye.status !== 0));
    if (bye !== undefined && bye.status !== 200) throw new Error(`BYE was answered ${bye.status}`);
  }

  explain(): string {
    const parties = this.#all.map(
      (call, n) =>
        `  ${['caller', 'callee', 'picker 1', 'picker 2'][n]}: ${call.state} ${call.status} ${call.end} "${call.endReason}" ${call.callId}`,
    );
    const { caller, callee, pickers } = this.#lane;
    const ids = new Set(this.#all.map(({ callId }) => callId));
    const said = [caller, callee, ...pickers]
      .flatMap(({ name, history }) => history.slice(-60).map((traffic) => ({ name, ...traffic })))
      .filter(({ message }) => message.headers.some(([header, value]) => /^call-id$/i.test(header) && ids.has(value)))
      .sort((one, other) => one.atMs - other.atMs)
      .map(({ name, atMs, direction, message }) => {
        const cseq = message.headers.find(([header]) => /^cseq$/i.test(header))?.[1];
        return `    ${atMs.toFixed(1)} ${name} ${direction} ${message.method || message.status} ${message.reason} (${cseq})`;
      });
    return [JSON.stringify(this.#plan), ...parties, ...said].join('\n');
  }
}

/** A final answer that says why, or a BYE that does. */
function faultOfPicker({ state, status, phrase, end, endReason }: OutgoingCall): string | undefined {
  if (state !== 'ended') return `a picker is ${state}, and somebody else has the call`;
  if (end === 'failed' && status >= 400 && phrase !== '') return undefined;
  if (end === 'hungUp' && /^SIP;cause=\d{3};text="[^"]+"/.test(endReason)) return undefined;
  return `a picker ended by ${end} with ${status} "${phrase}", Reason "${endReason}"`;
}

/** Each of the two has the other's media: no description that the service made for want of one. */
const isHeard = (call: PhoneCall, all: readonly PhoneCall[]): boolean =>
  all.includes(call) && hostOf(call) !== '' && !/^a=inactive\r?$/m.test(call.remoteSdp);

const hostOf = ({ remoteSdp }: PhoneCall): string => /^c=IN IP4 (\S+)/m.exec(remoteSdp)?.[1] ?? '';

async function until(what: string, holds: () => boolean): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`it did not come to this: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}
