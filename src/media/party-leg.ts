/** One party whose media comes to us, through however many sessions: what is heard of it, and what is said to it. */
import type { Prompt, PromptEnd } from '../../machines/vocabulary/media.ts';
import type { Law } from '../rtp/g711.ts';
import type { RtpHeader } from '../rtp/packet.ts';
import type { Payload } from '../sip/sdp-media.ts';
import type { TimerQueue } from '../timers.ts';
import { Digits } from './digits.ts';
import { eventsOf } from './formats.ts';
import { Heard } from './heard.ts';
import type { AudioHearer, LineEnd } from './line-end.ts';
import type { MediaEvents, MediaLeg, MediaParty, Playing } from './media.ts';
import type { PartySide } from './party-side.ts';
import type { Recorder, RecordingEnded } from './recorder.ts';
import { Reports } from './reports.ts';
import { Voice, type VoiceParts } from './voice.ts';

export interface LegParts extends VoiceParts {
  readonly timers: TimerQueue;
  /** Who hears what happens. */
  readonly events: () => MediaEvents | undefined;
  readonly stalledAfterMs: number;
  readonly record: (name: string, ended: RecordingEnded) => Recorder | string;
  /** A session more or less, or gone altogether. */
  readonly gone: (leg: PartyLeg) => void;
}

const NO_EVENTS = -1;

export class PartyLeg implements MediaLeg, AudioHearer {
  readonly call: string;
  readonly leg: string;
  readonly user: string;
  told: AudioHearer['told'];
  readonly #parts: LegParts;
  readonly #voice: Voice;
  readonly #heard = new Heard();
  readonly #digits: Digits;
  readonly #hearsTones: boolean;
  /** Its sessions, the one that counts last. */
  readonly #sides: PartySide[] = [];
  #end: LineEnd | undefined;
  #recorder: Recorder | undefined;
  #reports: Reports | undefined;
  #isOpen = false;
  #isFlowing = false;
  #heardMs = 0;
  #isHeld = false;
  #isWithheld = false;
  /** What the packets that come are, looked up as it changes. */
  #payloadType = NO_EVENTS;
  #clockRate = 0;
  #isEvent = false;
  #law: Law | undefined;

  /** `hearsTones`: keys are looked for in its audio, too. */
  constructor(call: string, party: MediaParty, hearsTones: boolean, parts: LegParts) {
    this.call = call;
    this.leg = party.leg;
    this.user = party.user;
    this.#parts = parts;
    this.#hearsTones = hearsTones;
    this.#voice = new Voice(parts);
    this.#digits = new Digits(parts.timers, (digit, durationMs, way) => parts.events()?.digit(this, digit, durationMs, way));
  }

  /** Whether sessions of it are open. */
  get isAlive(): boolean {
    return this.#sides.length > 0;
  }

  /** Its audio is this session's from now on. */
  face(side: PartySide): void {
    const at = this.#sides.indexOf(side);
    if (at !== -1) this.#sides.splice(at, 1);
    this.#sides.push(side);
    this.refresh();
  }

  /** A session of it that is not the one that counts, unless there is no other. */
  join(side: PartySide): void {
    if (this.#sides.includes(side)) return;
    this.#sides.unshift(side);
    this.refresh();
  }

  leave(side: PartySide): void {
    const at = this.#sides.indexOf(side);
    if (at === -1) return;
    this.#sides.splice(at, 1);
    for (const end of side.ends) if (end?.hearer === this) end.hearer = undefined;
    if (this.isAlive) this.refresh();
    else this.#close();
  }

  /** Descriptions have changed. */
  refresh(): void {
    for (const side of this.#sides) {
      const { audio } = side;
      if (audio !== undefined) audio.hearer = this;
    }
    this.#end = this.#sides.at(-1)?.audio;
    this.#payloadType = NO_EVENTS;
    this.#voice.face(this.#end);
    if (this.#isOpen || this.#end?.said === undefined) return;
    this.#isOpen = true;
    this.#parts.events()?.opened(this);
  }

  #close(): void {
    this.stopRecording();
    this.#voice.close();
    this.#digits.close();
    this.#parts.gone(this);
    if (this.#isOpen) this.#parts.events()?.closed(this, this.#heard.counted);
    this.#isOpen = false;
  }

  /** RTCP of the party, which talks to nobody else. */
  control(bytes: Buffer, nowMs: number): void {
    this.#reports ??= new Reports(this.#parts.hex);
    this.#reports.hear(bytes, nowMs);
  }

  // What is heard.

  packet(end: LineEnd, header: RtpHeader, bytes: Buffer, nowMs: number): boolean {
    if (header.payloadType !== this.#payloadType) this.#learn(end, header.payloadType);
    this.#heard.count(header, nowMs, this.#isEvent ? 0 : this.#clockRate);
    this.#heardMs = nowMs;
    if (!this.#isFlowing) this.#flow(header);
    if (this.#isEvent) {
      this.#digits.hearEvents(header, bytes, nowMs, this.#clockRate);
      if (this.#isWithheld) return false;
    } else if (this.#hearsTones && this.#law !== undefined) this.#digits.hearTones(header, bytes, this.#law);
    if (this.#isHeld) return false;
    this.#recorder?.said(end, header, bytes, nowMs);
    return true;
  }

  /** Payload types of a party are those that it was told; some send by their own. */
  #learn({ told, said }: LineEnd, payloadType: number): void {
    const own = said?.payloads ?? [];
    const is = (one: Payload): boolean => one.payloadType === payloadType;
    const payload = told.find(is) ?? own.find(is);
    this.#payloadType = payloadType;
    this.#clockRate = payload?.clockRate ?? 0;
    this.#isEvent = payload !== undefined && eventsOf([payload]) !== undefined;
    const law = payload?.encoding;
    this.#law = this.#clockRate === 8000 && (law === 'PCMU' || law === 'PCMA') ? law : undefined;
  }

  #flow({ ssrc, payloadType }: RtpHeader): void {
    this.#isFlowing = true;
    this.#parts.events()?.heard(this, ssrc, payloadType);
  }

  /** A key that it pressed by SIP INFO. */
  pressed(digit: string, durationMs: number): 'passesOn' | 'withheld' {
    // Whom it is told to may let the next one pass.
    const isWithheld = this.#isWithheld;
    this.#digits.hearInfo(digit, durationMs);
    return isWithheld ? 'withheld' : 'passesOn';
  }

  /** Looked at now and then: whether it has fallen silent, though it should not. */
  sweep(nowMs: number): void {
    if (this.#recorder?.settle(nowMs) === false) this.stopRecording();
    this.#report(nowMs);
    if (!this.#isFlowing || nowMs - this.#heardMs < this.#parts.stalledAfterMs) return;
    if (this.#end?.isExpected === false) {
      // On hold: it has all the time again once it may send.
      this.#heardMs = nowMs;
      return;
    }
    this.#isFlowing = false;
    this.#parts.events()?.stopped(this);
  }

  /** To whom the service talks itself; parties of a call report to each other. */
  #report(nowMs: number): void {
    const end = this.#end;
    if (end === undefined || end.peer !== undefined) return;
    this.#reports ??= new Reports(this.#parts.hex);
    const report = this.#reports.due(nowMs, this.#voice.stream, this.#heard);
    if (report !== undefined) end.passRtcp(report, true);
  }

  // What is said.

  play({ prompts, repeats, ended }: Playing): void {
    this.#voice.play(prompts, repeats, ended);
  }

  stop(how: PromptEnd): void {
    this.#voice.stop(how);
  }

  hold(prompts: readonly Prompt[]): void {
    this.#isHeld = true;
    this.#voice.hold(prompts);
  }

  resume(): void {
    this.#isHeld = false;
    this.#voice.resume();
  }

  withhold(isOn: boolean): void {
    this.#isWithheld = isOn;
  }

  press(digits: string): void {
    const { hearer } = this.#end?.peer ?? {};
    if (hearer instanceof PartyLeg) hearer.#voice.press(digits);
  }

  record(name: string, ended: RecordingEnded): string | undefined {
    if (this.#recorder !== undefined) return 'it is being recorded';
    const recorder = this.#parts.record(name, ended);
    if (typeof recorder === 'string') return recorder;
    this.#recorder = recorder;
    this.told = (end, bytes, nowMs) => recorder.heard(end, bytes, nowMs);
    return undefined;
  }

  stopRecording(): void {
    const recorder = this.#recorder;
    this.#recorder = undefined;
    this.told = undefined;
    recorder?.end(this.#parts.timers.now());
  }
}
