/** One party whose media comes to us, through however many sessions: what is heard of it, and what is said to it. */
import type { Prompt, PromptEnd } from '../../machines/vocabulary/media.ts';
import { KeyPresses, RELEASE_LIMIT_MS } from '../rtp/key-presses.ts';
import type { RtpHeader } from '../rtp/packet.ts';
import type { Payload } from '../sip/sdp-media.ts';
import type { Timer, TimerQueue } from '../timers.ts';
import { eventsOf } from './formats.ts';
import { Heard } from './heard.ts';
import type { AudioHearer, LineEnd } from './line-end.ts';
import type { MediaEvents, MediaLeg, MediaParty, Playing } from './media.ts';
import type { PartySide } from './party-side.ts';
import { Voice, type VoiceParts } from './voice.ts';

export interface LegParts extends VoiceParts {
  readonly timers: TimerQueue;
  /** Who hears what happens. */
  readonly events: () => MediaEvents | undefined;
  readonly stalledAfterMs: number;
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
  #keys: KeyPresses | undefined;
  /** Clock rate of its keys. */
  #keyRate = 0;
  #keyTimer: Timer | undefined;
  /** Its sessions, the one that counts last. */
  readonly #sides: PartySide[] = [];
  #end: LineEnd | undefined;
  #isOpen = false;
  #isFlowing = false;
  #heardMs = 0;
  #isHeld = false;
  #isWithheld = false;
  /** What the packets that come are, looked up as it changes. */
  #payloadType = NO_EVENTS;
  #clockRate = 0;
  #isEvent = false;

  constructor(call: string, party: MediaParty, parts: LegParts) {
    this.call = call;
    this.leg = party.leg;
    this.user = party.user;
    this.#parts = parts;
    this.#voice = new Voice(parts);
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
    this.#voice.close();
    this.#parts.timers.clear(this.#keyTimer);
    this.#parts.gone(this);
    if (this.#isOpen) this.#parts.events()?.closed(this, this.#heard.counted);
    this.#isOpen = false;
  }

  // What is heard.

  packet(end: LineEnd, header: RtpHeader, bytes: Buffer, nowMs: number): boolean {
    if (header.payloadType !== this.#payloadType) this.#learn(end, header.payloadType);
    this.#heard.count(header, nowMs, this.#isEvent ? 0 : this.#clockRate);
    this.#heardMs = nowMs;
    if (!this.#isFlowing) this.#flow(header);
    if (this.#isEvent) {
      this.#hearKeys(header, bytes, nowMs);
      if (this.#isWithheld) return false;
    }
    return !this.#isHeld;
  }

  /** Payload types of a party are those that it was told; some send by their own. */
  #learn({ told, said }: LineEnd, payloadType: number): void {
    const own = said?.payloads ?? [];
    const is = (one: Payload): boolean => one.payloadType === payloadType;
    const payload = told.find(is) ?? own.find(is);
    this.#payloadType = payloadType;
    this.#clockRate = payload?.clockRate ?? 0;
    this.#isEvent = payload !== undefined && eventsOf([payload]) !== undefined;
    if (!this.#isEvent || this.#keyRate === this.#clockRate) return;
    this.#keyRate = this.#clockRate;
    this.#keys = new KeyPresses({ pressed: () => undefined, released: this.#released }, this.#keyRate);
  }

  readonly #released = (digit: string, durationMs: number): void => this.#parts.events()?.digit(this, digit, durationMs, 'rtp');

  #flow({ ssrc, payloadType }: RtpHeader): void {
    this.#isFlowing = true;
    this.#parts.events()?.heard(this, ssrc, payloadType);
  }

  #hearKeys(header: RtpHeader, bytes: Buffer, nowMs: number): void {
    this.#keys?.hear(header, bytes, nowMs);
    if (this.#keys?.releaseAtMs !== undefined) this.#keyTimer ??= this.#parts.timers.set(RELEASE_LIMIT_MS, () => this.#expire());
  }

  /** The end of a press may be lost. */
  #expire(): void {
    this.#keyTimer = undefined;
    const nowMs = this.#parts.timers.now();
    this.#keys?.expire(nowMs);
    const atMs = this.#keys?.releaseAtMs;
    if (atMs !== undefined) this.#keyTimer = this.#parts.timers.set(atMs - nowMs, () => this.#expire());
  }

  /** A key that it pressed by SIP INFO. */
  pressed(digit: string, durationMs: number): 'passesOn' | 'withheld' {
    this.#parts.events()?.digit(this, digit, durationMs, 'info');
    return this.#isWithheld ? 'withheld' : 'passesOn';
  }

  /** Looked at now and then: whether it has fallen silent, though it should not. */
  sweep(nowMs: number): void {
    if (!this.#isFlowing || nowMs - this.#heardMs < this.#parts.stalledAfterMs) return;
    if (this.#end?.isExpected === false) {
      // On hold: it has all the time again once it may send.
      this.#heardMs = nowMs;
      return;
    }
    this.#isFlowing = false;
    this.#parts.events()?.stopped(this);
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

  record(): string | undefined {
    return 'recordings are not there yet';
  }

  stopRecording(): void {}
}
