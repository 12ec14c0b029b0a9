/**
 * Media as signalling and scenarios see it: sessions whose descriptions pass through here so that their media comes to us,
 * parties that the service itself talks to, and what can be done with each of them. The built-in relay and rtpengine are
 * behind the same interfaces.
 */
import type { DigitWay, InCallCode, Prompt, PromptEnd } from '../../machines/vocabulary/media.ts';

/** One side of a bridge. */
export type Side = 'caller' | 'fork';

/** Why a description cannot be had, as its sender is to be told. */
export interface Undescribed {
  readonly status: number;
  readonly reason: string;
}
/** Takes what one party is to be told, exactly once; the built-in relay calls it before it returns. */
export type Told = (said: string | Undescribed) => void;

/** A party, as the legs of calls have it. */
export interface MediaParty {
  readonly leg: string;
  /** Address of record; empty outside. */
  readonly user: string;
  /** Where its signalling comes from, so that a private address in its description is seen for what it is. */
  readonly host: string;
  /** Our own address towards it: what its descriptions name, and where sockets are bound. */
  readonly local: string;
  /** It is a browser, which wants ICE and DTLS-SRTP (RFC 8827). */
  readonly isWebRtc: boolean;
}

/** Two parties between whom media shall pass. */
export interface BridgeOrder {
  readonly call: string;
  readonly caller: MediaParty;
  readonly fork: MediaParty;
  /** The caller talks to the service until the fork is connected. */
  readonly attended: Attended | undefined;
}

/** The media of one caller and one fork. Its descriptions are told in either direction, as offers and answers come (RFC 3264). */
export interface MediaBridge {
  /** What a party says of the session, as the other one is to be told; `sdp` as it came. */
  describe(from: Side, sdp: string, what: 'offer' | 'answer', told: Told): void;
  /** For a caller whom the service attends: what the fork is offered. */
  offer(told: Told): void;
  /** They talk: for an attended caller, whoever it heard before is gone. */
  connect(): void;
  /**
   * The party of that side, for a bridge with somebody else for a while: in its order it is who is attended, and is offered as what
   * was agreed with it. `close` of what is lent gives it back. Left out, or undefined: the engine cannot, or their media is not here.
   */
  lend?(side: Side): Attended | undefined;
  /** Idempotent. */
  close(): void;
}

/** A party that talks to the service itself. */
export interface Attended {
  /** The answer to its offer, or an offer of ours where it made none (its answer comes to `accept`). PCMU or PCMA, else 488. */
  answer(offer: string | undefined, told: Told): void;
  accept(answer: string): Undescribed | undefined;
  close(): void;
}

/** What plays, and who hears how it ends. */
export interface Playing {
  readonly prompts: readonly Prompt[];
  readonly repeats: boolean;
  readonly ended: (how: PromptEnd, why: string) => void;
}

/** What scenarios can do with one party whose media comes to us. */
export interface MediaLeg {
  readonly call: string;
  readonly leg: string;
  readonly user: string;
  play(playing: Playing): void;
  stop(how: PromptEnd): void;
  /** It hears these again and again and nothing else, and is not heard. */
  hold(prompts: readonly Prompt[]): void;
  resume(): void;
  /** Its digits do not pass to the other party from now on, or do again. */
  withhold(isOn: boolean): void;
  /** Presses keys towards the other party in its place: digits that were withheld for nothing. */
  press(digits: string): void;
  /** Returns why it cannot. */
  record(file: string, ended: (durationMs: number, why: string) => void): string | undefined;
  stopRecording(): void;
}

/** What the media port hears. */
export interface MediaEvents {
  opened(leg: MediaLeg): void;
  heard(leg: MediaLeg, ssrc: number, payloadType: number): void;
  stopped(leg: MediaLeg): void;
  closed(leg: MediaLeg, counted: { readonly packets: number; readonly lost: number; readonly jitterMs: number }): void;
  /** A key, once, by the way that the leg is locked to, as it is up again. */
  digit(leg: MediaLeg, digit: string, durationMs: number, way: DigitWay): void;
  unanchored(call: string, leg: string, why: string): void;
}

/** All media of the service. */
export interface MediaPlane {
  /** undefined: nothing needs their media here, which then passes from one to the other. */
  bridge(order: BridgeOrder): MediaBridge | undefined;
  attend(call: string, party: MediaParty): Attended;
  /** A key that a party pressed, by SIP INFO. False: nobody hears its digits here. True: it shall not pass on to the other party. */
  pressed(leg: string, digit: string, durationMs: number): 'notHere' | 'passesOn' | 'withheld';
  leg(leg: string): MediaLeg | undefined;
  /** Whether the users of a call have something that needs their digits: asked before it is bridged. */
  readonly codesOf: (caller: string, callee: string) => readonly InCallCode[];
  hear(events: MediaEvents): void;
  /** Sessions that are open: none when all is quiet. */
  readonly size: number;
  close(): void;
}
