/** Facts of streams, digits and prompts: from the media port, and from the actors of streams. */
import { defineFact, flag, integer, secret, text } from './descriptor.ts';
import type { Address } from './identity.ts';
import type { CollectEnd, DigitWay, PromptEnd } from './media.ts';

const call = text<Address>();
/** The leg whose party is meant: who sends the stream, presses the keys, hears the prompt. */
const leg = text<Address>();
const stream = text<Address>();
/** Number of an order, its author's own; `case` is the author. */
const order = integer();

// Streams.

/** The media of a party will come to us: a stream has an actor of its own from now on, one a leg. */
export const streamOpened = defineFact('stream.opened', { call, leg, stream, user: text() });
/** Its packets come; at first, and again after they had stopped. `host` is where from. */
export const rtpHeard = defineFact('rtp.heard', { call, leg, stream, ssrc: integer(), payloadType: integer() });
/** None came for the time that `media.stalledAfter` gives, though the party is not on hold. */
export const rtpStopped = defineFact('rtp.stopped', { call, leg, stream });
/** Nothing more will come: what there was of it (RFC 3550 §6.4.1; lost is never below 0). */
export const streamClosed = defineFact('stream.closed', {
  call,
  leg,
  stream,
  packets: integer(),
  lost: integer(),
  /** RFC 3550 A.8, as time. */
  jitterMs: integer(),
});
/** The same, as the stream's actor tells it. */
export const streamFlowing = defineFact('stream.flowing', { call, leg, stream });
export const streamStalled = defineFact('stream.stalled', { call, leg, stream });
export const streamEnded = defineFact('stream.ended', {
  call,
  leg,
  stream,
  packets: integer(),
  lost: integer(),
  jitterMs: integer(),
});
/** A session's media passes us by: why it could not be relayed. */
export const mediaUnanchored = defineFact('media.unanchored', { call, leg, why: text() });

// Digits. Their values are secrets: they may be PINs and card numbers.

/** A party pressed a key, once, by the best way it has. Not told while a PIN is collected. */
export const digitHeard = defineFact('digit.heard', {
  call,
  leg,
  /** 0 to 9, *, #, A to D. */
  digit: secret(text()),
  durationMs: integer(),
  way: text<DigitWay>(),
});
/** What `media.collect` asked for. */
export const digitsCollected = defineFact('digits.collected', {
  case: text(),
  call,
  leg,
  order,
  digits: secret(text()),
  how: text<CollectEnd>(),
});
/** What `media.checkPin` asked for: whether it was the one; `isGiven` false: none was pressed in time. */
export const pinChecked = defineFact('pin.checked', { case: text(), call, leg, order, ok: flag(), isGiven: flag() });
/** A party pressed one of the codes that `media.listen` named. */
export const codePressed = defineFact('code.pressed', {
  case: text(),
  call,
  leg,
  name: text(),
  argument: secret(text()),
});

// Prompts and recordings.

export const promptEnded = defineFact('prompt.ended', {
  case: text(),
  call,
  leg,
  order,
  how: text<PromptEnd>(),
  /** Of one that failed. */
  why: text(),
});
export const recordingStarted = defineFact('recording.started', { case: text(), call, recording: text() });
/** `why`: empty, or why it ended though nobody ordered it. */
export const recordingEnded = defineFact('recording.ended', {
  case: text(),
  call,
  recording: text(),
  durationMs: integer(),
  why: text(),
});

// Orders that drive a call.

/** A number of the service's own was called: what `ivr.numbers` of the config says stands behind it. */
export const menuDialled = defineFact('menu.dialled', { call, leg, menu: text(), caller: text(), callee: text() });
/** A choice of a menu, or a code in a call, that the config calls so under `raise`, or an operator's word: where scenarios of users begin. */
export const orderRaised = defineFact('order.raised', {
  name: text(),
  call,
  leg,
  /** Address of record of who pressed it; in a menu the caller, a URI if outside. Empty outside in a call. */
  user: text(),
  from: text<'menu' | 'code' | 'operator'>(),
  argument: secret(text()),
});
/** The transfer that a case ordered (`call.transfer`): its target talks with the transferor, or with whom it was transferred. */
export const transferProgressed = defineFact('transfer.progressed', {
  case: text(),
  call,
  /** The call to the target; empty before there is one. */
  onward: text<Address>(),
  what: text<'ringing' | 'consulting' | 'done' | 'failed'>(),
  status: integer(),
  reason: text(),
});
