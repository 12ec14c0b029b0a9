import type { Load, Outlet, Repeat, Session } from './load.ts';
import { type Device, register } from './registration.ts';
import type { Run } from './run.ts';
import {
  ackOfFailure,
  ackOfSuccess,
  answerTo,
  branchOf,
  byeRequest,
  callerOf,
  inviteRequest,
  methodOf,
  type Sender,
  statusOf,
} from './wire.ts';

/** When the callee's device registers: at once known (`undefined`), so long after the INVITE, or `never`. */
export type WakeAfterMs = number | 'never' | undefined;

/** One call, both ends of it: INVITE, [REGISTER,] INVITE at the callee, 180, 200, ACK, BYE, 200. */
export class Call implements Session {
  readonly run: Run;
  readonly #load: Load;
  readonly #device: Device;
  readonly #id: number;
  readonly #caller: Outlet;
  readonly #callee: Outlet;
  readonly #invite: Repeat;
  readonly #sender: Sender;
  #sentMs: number;
  #register: Repeat | undefined;
  #awake: boolean;
  #over = false;
  #ack: Buffer | undefined;
  #bye: Repeat | undefined;
  #byeMs = 0;
  #ringing: string | undefined;
  #answer: Repeat | undefined;

  constructor(load: Load, run: Run, device: Device, wakeAfterMs: WakeAfterMs) {
    this.run = run;
    this.#load = load;
    this.#device = device;
    this.#id = device.id;
    this.#caller = load.caller(device.id);
    this.#callee = load.callee(device.id);
    this.#sender = callerOf(device.id, this.#caller.port);
    this.#sentMs = load.nowMs;
    this.#awake = wakeAfterMs === undefined;
    run.started += 1;
    load.attach(this.#id, this, wakeAfterMs === undefined);
    this.#invite = load.repeat(this.#caller, inviteRequest(this.#sender, this.#user), run);
    if (typeof wakeAfterMs === 'number') load.after(wakeAfterMs, () => this.wake());
  }

  get #user(): string {
    return `c${this.#id}`;
  }

  response(role: string, text: string): void {
    if (role === 'r') this.#registered(text);
    else if (methodOf(text) === 'INVITE') this.#answered(text);
    else this.#ended(text);
  }

  request(role: string, text: string): void {
    if (role === 'c') this.#atCallee(text);
    else this.#atCaller(text);
  }

  expired(): void {
    this.#stop();
    if (this.#over) return;
    this.#over = true;
    this.run.fail(0);
  }

  /** Registers the callee's device, now. */
  wake(): void {
    if (this.#over) return;
    this.#awake = true;
    // As in the peers' measurement: the ten seconds count from the instant the REGISTER was due.
    this.#load.limit(this.#id);
    this.#sentMs = performance.now();
    this.#register = register(this.#load, this.run, this.#device);
  }

  #registered(text: string): void {
    if (this.#register === undefined || this.#register.stopped || statusOf(text) < 200) return;
    this.#register.stopped = true;
    this.run.registered.add(this.#load.nowMs - this.#sentMs);
  }

  #answered(text: string): void {
    const status = statusOf(text);
    this.#invite.stopped = true;
    if (status < 200) return;
    if (status >= 300) {
      this.#caller.send(ackOfFailure(this.#sender, this.#user, text));
      this.#fail(status);
      return;
    }
    this.#ack ??= ackOfSuccess(this.#sender, text);
    this.#caller.send(this.#ack);
    if (this.#bye !== undefined) return;
    this.#byeMs = this.#load.nowMs;
    this.#bye = this.#load.repeat(this.#caller, byeRequest(this.#sender, text), this.run);
  }

  #ended(text: string): void {
    if (this.#bye === undefined || this.#bye.stopped || statusOf(text) < 200) return;
    this.#bye.stopped = true;
    if (this.#over) return;
    this.#over = true;
    this.run.ended.add(this.#load.nowMs - this.#byeMs);
    this.run.done += 1;
  }

  #atCallee(text: string): void {
    if (text.startsWith('INVITE ')) this.#invited(text);
    else if (text.startsWith('ACK ')) this.#acknowledged();
    else this.#callee.send(answerTo(text, '200 OK', 'c', this.#id, this.#callee.port, false));
  }

  #invited(text: string): void {
    const branch = branchOf(text);
    if (this.#ringing !== undefined) {
      if (branch !== this.#ringing) this.run.anomaly('rung twice');
      return;
    }
    this.#ringing = branch;
    if (!this.#awake) this.run.anomaly('rung asleep');
    if (this.#over) this.run.anomaly('rung after the end');
    this.run.rung.add(this.#load.nowMs - this.#sentMs);
    this.#callee.send(answerTo(text, '180 Ringing', 'c', this.#id, this.#callee.port, false));
    this.#answer = this.#load.repeat(this.#callee, answerTo(text, '200 OK', 'c', this.#id, this.#callee.port, true), this.run);
  }

  #acknowledged(): void {
    if (this.#answer !== undefined) this.#answer.stopped = true;
  }

  /** The service ends the call by itself: something went wrong there. */
  #atCaller(text: string): void {
    if (!text.startsWith('BYE ')) return;
    this.#caller.send(answerTo(text, '200 OK', 'a', this.#id, this.#caller.port, false));
    if (!this.#over) this.run.anomaly('bye by service');
  }

  #fail(status: number): void {
    if (this.#over) return;
    this.#over = true;
    this.run.fail(status);
    // A call that never woke has no limit to detach it.
    if (this.#register === undefined) this.#load.detach(this.#id);
  }

  #stop(): void {
    for (const repeat of [this.#invite, this.#register, this.#bye, this.#answer]) if (repeat !== undefined) repeat.stopped = true;
  }
}
