/** What is said of media: prompts, digits and how they are collected. */

/** How a digit came: as telephone-event in RTP (RFC 4733), in a SIP INFO, or as a tone in the audio (ITU-T Q.23). */
export type DigitWay = 'rtp' | 'info' | 'inband';

/**
 * One thing to play: `tone:NAME` (ringing, busy, congestion, beep, hold), `silence:MILLISECONDS`, else the name of a WAV file
 * in `media.prompts` of the config, without its `.wav`.
 */
export type Prompt = string;

/** Why a prompt plays no more; `interrupted`: by a digit; `stopped`: by an order, or by another prompt. */
export type PromptEnd = 'played' | 'interrupted' | 'stopped' | 'failed';

/**
 * How digits were collected: a pattern matched, the most that were asked for, the terminator was pressed, nobody pressed a
 * first one in time, nobody pressed the next one in time, or nothing that was asked for begins so.
 */
export type CollectEnd = 'matched' | 'full' | 'terminated' | 'silent' | 'timeout' | 'unmatched';

/** What digits are waited for. Whatever is given that is never met costs nothing; `max` always bounds. */
export interface DigitForm {
  /** At most so many digits: 1 to 32. */
  readonly max: number;
  /** What may be pressed, `x` for any of 0 to 9: the first that matches ends it at once unless a longer one may still come. Empty: anything. */
  readonly patterns: readonly string[];
  /** Ends the collection and is not part of it: `#`, `*`, or empty for none. */
  readonly terminator: string;
  /** From the end of the prompts that play, or from the order where none does. */
  readonly firstMs: number;
  /** Between two digits. */
  readonly betweenMs: number;
}

/** A code that a party may press while it talks. */
export interface InCallCode {
  /** What is told when it was pressed. */
  readonly name: string;
  /** The digits, such as `*1`. */
  readonly code: string;
  /** Digits follow it, which `#` or a pause ends. */
  readonly takesArgument: boolean;
  /** The other party hears nothing of it. */
  readonly isHidden: boolean;
}
