/** Calls that ring, phones that let them ring, and users who pick them up. */
import type { Load, Outlet, Repeat, Session } from './load.ts';
import type { Run } from './run.ts';
import {
  ackOfFailure,
  ackOfSuccess,
  answerTo,
  byeRequest,
  callerOf,
  field,
  inviteRequest,
  methodOf,
  type Sender,
  statusOf,
} from './wire.ts';

/** What is dialled to take the call of one's groups that has rung longest. */
const GROUP_CODE = '*8';
/** A talk is long enough for everybody to have all ACKs. */
const TALK_MS = 200;

/** All callees' phones: each rings for any number of calls until it is cancelled, and never answers. */
export class Ringer implements Session {
  readonly run: Run;
  readonly #load: Load;
  /** INVITEs that ring, by Call-ID. */
  readonly #ringing = new Map<string, string>();

  constructor(load: Load, run: Run) {
    this.#load = load;
    this.run = run;
  }

  response(): void {}
  expired(): void {}

  request(role: string, text: string): void {
    const id = Number.parseInt(text.slice(text.indexOf(' sip:') + 6), 10);
    const outlet = this.#load.callee(id);
    const say = (request: string, status: string): void => outlet.send(answerTo(request, status, role, id, outlet.port, false));
    const callId = field(text, 'Call-ID');
    if (text.startsWith('INVITE ')) {
      this.#ringing.set(callId, text);
      say(text, '180 Ringing');
    } else if (text.startsWith('CANCEL ')) {
      say(text, '200 OK');
      const invite = this.#ringing.get(callId);
      this.#ringing.delete(callId);
      if (invite !== undefined) say(invite, '487 Request Terminated');
    } else if (!text.startsWith('ACK ')) say(text, '200 OK');
  }
}

/** A caller who waits for as long as it takes; once somebody has the call, they talk for a moment, and the caller hangs up. */
export class RingingCall implements Session {
  readonly run: Run;
  readonly #load: Load;
  readonly #id: number;
  readonly #outlet: Outlet;
  readonly #user: string;
  readonly #sender: Sender;
  readonly #sentMs: number;
  readonly #invite: Repeat;
  #ack: Buffer | undefined;
  #bye: Repeat | undefined;
  #isRinging = false;

  constructor(load: Load, run: Run, callee: number) {
    this.run = run;
    this.#load = load;
    this.#id = load.newId();
    this.#outlet = load.caller(this.#id);
    this.#user = `c${callee}`;
    this.#sender = callerOf(this.#id, this.#outlet.port);
    this.#sentMs = load.nowMs;
    run.started += 1;
    load.attach(this.#id, this, false);
    this.#invite = load.repeat(this.#outlet, inviteRequest(this.#sender, this.#user), run);
  }

  response(_role: string, text: string): void {
    if (methodOf(text) === 'INVITE') this.#answered(text);
    else if (methodOf(text) === 'BYE') this.#ended(text);
  }

  request(role: string, text: string): void {
    if (!text.startsWith('BYE ')) return;
    this.#outlet.send(answerTo(text, '200 OK', role, this.#id, this.#outlet.port, false));
    this.run.fail(0);
    this.run.anomaly('bye by service');
    this.#load.detach(this.#id);
  }

  expired(): void {}

  #answered(text: string): void {
    const status = statusOf(text);
    this.#invite.stopped = true;
    if (status < 200) {
      if (status === 180 && !this.#isRinging) {
        this.#isRinging = true;
        this.run.rung.add(this.#load.nowMs - this.#sentMs);
      }
    } else if (status >= 300) {
      this.#outlet.send(ackOfFailure(this.#sender, this.#user, text));
      this.run.fail(status);
      this.#load.detach(this.#id);
    } else {
      const isFirst = this.#ack === undefined;
      this.#ack ??= ackOfSuccess(this.#sender, text);
      this.#outlet.send(this.#ack);
      if (isFirst)
        this.#load.after(TALK_MS, () => {
          this.#bye = this.#load.repeat(this.#outlet, byeRequest(this.#sender, text), this.run);
        });
    }
  }

  #ended(text: string): void {
    if (this.#bye === undefined || this.#bye.stopped || statusOf(text) < 200) return;
    this.#bye.stopped = true;
    this.run.done += 1;
    this.#load.detach(this.#id);
  }
}

/** A user who dials the code, is answered, takes the other caller's offer, talks, and is hung up. */
export class Pickup implements Session {
  readonly run: Run;
  readonly #load: Load;
  readonly #id: number;
  readonly #outlet: Outlet;
  readonly #sender: Sender;
  readonly #sentMs: number;
  readonly #invite: Repeat;
  #ack: Buffer | undefined;
  #answer: Repeat | undefined;
  #isOver = false;

  /** `user` may take the calls of a group. */
  constructor(load: Load, run: Run, user: string) {
    this.run = run;
    this.#load = load;
    const id = load.newId();
    this.#id = id;
    this.#outlet = load.caller(id);
    this.#sender = { role: 'b', id, port: this.#outlet.port, user };
    this.#sentMs = load.nowMs;
    run.started += 1;
    load.attach(id, this, true);
    this.#invite = load.repeat(this.#outlet, inviteRequest(this.#sender, GROUP_CODE), run);
  }

  response(_role: string, text: string): void {
    const status = statusOf(text);
    this.#invite.stopped = true;
    if (status < 200) return;
    if (status >= 300) {
      this.#outlet.send(ackOfFailure(this.#sender, GROUP_CODE, text));
      this.#finish(() => this.run.fail(status));
    } else {
      this.#ack ??= ackOfSuccess(this.#sender, text);
      this.#outlet.send(this.#ack);
    }
  }

  request(role: string, text: string): void {
    const { port } = this.#outlet;
    if (text.startsWith('INVITE ')) {
      if (this.#answer !== undefined) return;
      this.#answer = this.#load.repeat(this.#outlet, answerTo(text, '200 OK', role, this.#id, port, true), this.run);
    } else if (text.startsWith('ACK ')) {
      if (this.#answer === undefined || this.#answer.stopped) return;
      this.#answer.stopped = true;
      // From the code to the two parties' sessions being agreed.
      this.run.rung.add(this.#load.nowMs - this.#sentMs);
    } else {
      this.#outlet.send(answerTo(text, '200 OK', role, this.#id, port, false));
      if (!text.startsWith('BYE ')) return;
      const isTalk = this.#answer?.stopped === true;
      this.#finish(() => {
        if (isTalk) this.run.done += 1;
        else this.#lost(field(text, 'Reason'));
      });
    }
  }

  expired(): void {
    this.#finish(() => this.run.fail(0));
  }

  /** `SIP;cause=486;text="Answered By Another"`. */
  #lost(reason: string): void {
    this.run.fail(Number(/cause=(\d+)/.exec(reason)?.[1] ?? 0));
    this.run.anomaly(/text="([^"]*)"/.exec(reason)?.[1] ?? 'hung up without a reason');
  }

  #finish(count: () => void): void {
    for (const repeat of [this.#invite, this.#answer]) if (repeat !== undefined) repeat.stopped = true;
    if (this.#isOver) return;
    this.#isOver = true;
    count();
  }
}
