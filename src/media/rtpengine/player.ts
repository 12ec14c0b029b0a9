/** Plays prompts to one party of a session, one after the other. */

import type { PromptEnd } from '../../../machines/vocabulary/media.ts';
import type { Timer, TimerQueue } from '../../timers.ts';
import type { Playing, Side } from '../media.ts';
import { numberIn } from './bencode.ts';
import { isRefusal } from './ng-client.ts';
import { soundOf } from './prompts.ts';
import { type NgSession, otherSide } from './session.ts';

/** A prompt of no length, again and again, shall cost no more than this. */
const SHORTEST_MS = 100;

export interface PlayerParts {
  readonly timers: TimerQueue;
  readonly prompts: string | undefined;
}

/** One run of prompts; it ends once. */
export class Player {
  readonly #parts: PlayerParts;
  readonly #session: NgSession;
  readonly #side: Side;
  readonly #playing: Playing;
  #at = 0;
  #timer: Timer | undefined;
  #isOver = false;
  /** The daemon plays, as opposed to a pause. */
  #sounds = false;

  constructor(session: NgSession, side: Side, playing: Playing, parts: PlayerParts) {
    this.#session = session;
    this.#side = side;
    this.#playing = playing;
    this.#parts = parts;
  }

  start(): void {
    // The other party's packets would come in between: rtpengine does not mix them.
    this.#session.block('media', otherSide(this.#side), 'prompt', true);
    this.#next();
  }

  stop(how: PromptEnd): void {
    if (this.#isOver) return;
    if (this.#sounds) this.#session.order('stop media', this.#side, {}, () => {});
    this.#end(how, '');
  }

  #next(): void {
    const { prompts, repeats } = this.#playing;
    if (this.#at >= prompts.length && repeats) this.#at = 0;
    const prompt = prompts[this.#at];
    this.#at += 1;
    if (prompt === undefined) {
      this.#end('played', '');
      return;
    }
    const sound = soundOf(prompt, this.#parts.prompts);
    if (typeof sound === 'string') this.#end('failed', sound);
    else if ('silentMs' in sound) this.#wait(sound.silentMs);
    else this.#play(prompt, sound.words);
  }

  #play(prompt: string, words: Parameters<NgSession['order']>[2]): void {
    this.#sounds = true;
    this.#session.order('play media', this.#side, words, (reply) => {
      if (this.#isOver) {
        // It may have overtaken the order to stop.
        if (!isRefusal(reply)) this.#session.order('stop media', this.#side, {}, () => {});
        return;
      }
      const durationMs = isRefusal(reply) ? undefined : numberIn(reply, 'duration');
      if (isRefusal(reply)) this.#end('failed', `rtpengine cannot play ${prompt}: ${reply.refused}`);
      else if (durationMs === undefined) this.#end('failed', `rtpengine does not say how long ${prompt} is`);
      else this.#wait(durationMs);
    });
  }

  #wait(durationMs: number): void {
    this.#timer = this.#parts.timers.set(Math.max(durationMs, SHORTEST_MS), () => {
      this.#sounds = false;
      this.#next();
    });
  }

  #end(how: PromptEnd, why: string): void {
    this.#isOver = true;
    this.#parts.timers.clear(this.#timer);
    this.#session.block('media', otherSide(this.#side), 'prompt', false);
    this.#playing.ended(how, why);
  }
}
