/** One party whose media passes through rtpengine, by however many sessions: one for each fork that it may come to talk to. */
import type { Prompt, PromptEnd } from '../../../machines/vocabulary/media.ts';
import { DigitLock } from '../digit-lock.ts';
import type { MediaEvents, MediaLeg, MediaParty, Playing, Side } from '../media.ts';
import type { Numbers } from './numbers.ts';
import { Player, type PlayerParts } from './player.ts';
import { type NgSession, otherSide } from './session.ts';

export interface NgLegParts extends PlayerParts {
  readonly events: () => MediaEvents | undefined;
  readonly stalledAfterMs: number;
  readonly gone: (leg: NgLeg) => void;
}

/** Its part in a session. */
interface Part {
  readonly session: NgSession;
  readonly side: Side;
  /** Packets of it, as last counted. */
  packets: number;
}

/** By the number of the event (RFC 4733 §3.2). */
const KEYS = '0123456789*#ABCD';
/** What a phone that is pressed at by us hears. */
const PRESS_MS = 100;
const MAX_PRESSES = 32;
/** How late the report of such a press may be. */
const REPORT_MS = 1_000;

export class NgLeg implements MediaLeg {
  readonly call: string;
  readonly leg: string;
  readonly user: string;
  readonly #parts: NgLegParts;
  readonly #lock = new DigitLock();
  /** The one that counts last. */
  readonly #sessions: Part[] = [];
  #player: Player | undefined;
  #isFlowing = false;
  #heardMs = 0;
  #isWithheld = false;
  /** Presses of ours that will be reported, in their order. */
  readonly #expected: { readonly digit: string; readonly untilMs: number }[] = [];
  #isHeld = false;
  /** Of sessions that are over. */
  #before = { packets: 0, lost: 0, jitterMs: 0 };
  #isOpen = true;

  constructor(call: string, { leg, user }: MediaParty, parts: NgLegParts) {
    this.call = call;
    this.leg = leg;
    this.user = user;
    this.#parts = parts;
    this.#heardMs = parts.timers.now();
  }

  /** It has said something there; the session counts if it is the only one. */
  join(session: NgSession, side: Side): void {
    if (this.#sessions.some((part) => part.session === session)) return;
    this.#sessions.unshift({ session, side, packets: 0 });
  }

  /** It talks there from now on. */
  face(session: NgSession): void {
    const at = this.#sessions.findIndex((part) => part.session === session);
    const [part] = at === -1 ? [] : this.#sessions.splice(at, 1);
    if (part === undefined) return;
    this.#sessions.push(part);
    if (this.#isWithheld) session.block('DTMF', part.side, 'withheld', true);
  }

  /** That session is over, with so much counted where anybody knows. */
  leave(session: NgSession, numbers: Numbers | undefined): void {
    const at = this.#sessions.findIndex((part) => part.session === session);
    const [part] = at === -1 ? [] : this.#sessions.splice(at, 1);
    const { packets, lost, jitterMs } = this.#before;
    this.#before = {
      packets: packets + (numbers?.packets ?? part?.packets ?? 0),
      lost: lost + (numbers?.lost ?? 0),
      jitterMs: Math.max(jitterMs, numbers?.jitterMs ?? 0),
    };
    if (part === undefined || this.#sessions.length > 0 || !this.#isOpen) return;
    this.#isOpen = false;
    this.#player?.stop('stopped');
    this.#parts.gone(this);
    this.#parts.events()?.closed(this, this.#before);
  }

  // What is heard.

  /** `numbers`: of that session just now; undefined: nobody knows. */
  count(session: NgSession, numbers: Numbers | undefined): void {
    const part = this.#sessions.find((one) => one.session === session);
    if (part === undefined) return;
    const nowMs = this.#parts.timers.now();
    const packets = numbers?.packets ?? 0;
    if (numbers !== undefined && packets > part.packets) {
      part.packets = packets;
      this.#heardMs = nowMs;
      if (!this.#isFlowing) this.#flow(part, numbers);
    } else if (numbers?.isExpected === false) this.#heardMs = nowMs;
    else if (nowMs - this.#heardMs >= this.#parts.stalledAfterMs) this.stall();
  }

  /** Nothing comes any more. */
  stall(): void {
    if (!this.#isFlowing) return;
    this.#isFlowing = false;
    this.#parts.events()?.stopped(this);
  }

  #flow({ session, side }: Part, { ssrc, codec }: Numbers): void {
    this.#isFlowing = true;
    const encoding = codec.split('/', 1)[0]?.toUpperCase();
    const payloads = session.linesOf(side).flatMap((line) => line.payloads);
    const payload = payloads.find((one) => one.encoding === encoding) ?? payloads[0];
    this.#parts.events()?.heard(this, ssrc, payload?.payloadType ?? 0);
  }

  /** A key was released, as rtpengine tells it: once, at its end. */
  key(event: number, durationMs: number): void {
    const digit = KEYS[event];
    if (digit !== undefined && !this.#isExpected(digit)) this.#key('rtp', digit, durationMs);
  }

  pressed(digit: string, durationMs: number): 'passesOn' | 'withheld' {
    // Whom it is told to may let the next one pass.
    const isWithheld = this.#isWithheld;
    this.#key('info', digit, durationMs);
    return isWithheld ? 'withheld' : 'passesOn';
  }

  #key(way: 'rtp' | 'info', digit: string, durationMs: number): void {
    if (!this.#lock.pressed(way, digit, durationMs, this.#parts.timers.now())) return;
    this.#parts.events()?.digit(this, digit, durationMs, way);
  }

  // What it hears.

  play(playing: Playing): void {
    this.#player?.stop('stopped');
    this.#player = undefined;
    const part = this.#sessions.at(-1);
    if (part === undefined) {
      playing.ended('failed', 'it has no media yet');
      return;
    }
    const player = new Player(part.session, part.side, playing, this.#parts);
    this.#player = player;
    player.start();
  }

  stop(how: PromptEnd): void {
    this.#player?.stop(how);
    this.#player = undefined;
  }

  hold(prompts: readonly Prompt[]): void {
    this.#hold(true);
    this.play({ prompts, repeats: true, ended: () => {} });
  }

  resume(): void {
    if (!this.#isHeld) return;
    this.stop('stopped');
    this.#hold(false);
  }

  #hold(isOn: boolean): void {
    this.#isHeld = isOn;
    const part = this.#sessions.at(-1);
    if (part === undefined) return;
    const { session, side } = part;
    for (const one of [side, otherSide(side)]) session.block('media', one, `hold of ${side}`, isOn);
    session.block('DTMF', side, 'hold', isOn);
  }

  withhold(isOn: boolean): void {
    this.#isWithheld = isOn;
    for (const { session, side } of this.#sessions) session.block('DTMF', side, 'withheld', isOn);
  }

  press(digits: string): void {
    const part = this.#sessions.at(-1);
    if (part === undefined) return;
    // It queues them itself. Version 10 presses nothing once keys of the party's own have passed: who hides codes withholds all from the start.
    for (const code of digits.slice(0, MAX_PRESSES)) {
      this.#expect(code);
      part.session.order('play DTMF', part.side, { code, duration: PRESS_MS, pause: PRESS_MS }, () => {});
    }
  }

  /** rtpengine reports what it presses in a party's place as pressed by that party. */
  #expect(digit: string): void {
    const nowMs = this.#parts.timers.now();
    const beforeMs = Math.max(this.#expected.at(-1)?.untilMs ?? 0, nowMs + REPORT_MS);
    if (this.#expected.length === MAX_PRESSES) this.#expected.shift();
    this.#expected.push({ digit, untilMs: beforeMs + 2 * PRESS_MS });
  }

  #isExpected(digit: string): boolean {
    const nowMs = this.#parts.timers.now();
    while (this.#expected[0] !== undefined && this.#expected[0].untilMs < nowMs) this.#expected.shift();
    if (this.#expected[0]?.digit !== digit) return false;
    this.#expected.shift();
    return true;
  }

  record(): string {
    return 'rtpengine writes no WAV files: calls are recorded where media.engine is builtin';
  }

  stopRecording(): void {}
}
