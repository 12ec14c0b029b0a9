/** One party whose media comes to us: what plays to it, which keys are waited for, and who ordered that. */
import type { MediaPlay } from '../../../machines/vocabulary/commands.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import type { CollectEnd, DigitForm, InCallCode, Prompt, PromptEnd } from '../../../machines/vocabulary/media.ts';
import type { MediaLeg } from '../../media/media.ts';
import type { Timer, TimerQueue } from '../../timers.ts';
import { CodeReader, type Pressed, type Read } from './codes.ts';
import { Collector } from './collector.ts';
import { TypeAhead } from './type-ahead.ts';

/** What is waited for between two keys that may be a code; phones that dial as fast as they can need 100 ms. */
export const BETWEEN_CODE_KEYS_MS = 3_000;

/** What a party tells of; the port makes facts of it. */
export interface Tells {
  readonly promptEnded: (party: Party, order: PlayOrder, how: PromptEnd, why: string) => void;
  readonly codePressed: (party: Party, code: Pressed) => void;
  readonly recordingEnded: (party: Party, by: Address, recording: string, durationMs: number, why: string) => void;
}
export type PlayOrder = Pick<MediaPlay, 'order' | 'prompts' | 'bargeIn' | 'repeat'> & { readonly by: Address };
/** Keys that somebody waits for. */
export interface Wish {
  readonly by: Address;
  readonly form: DigitForm;
  /** No fact tells of the single keys. */
  readonly isSecret: boolean;
  readonly done: (how: CollectEnd, digits: string) => void;
}
/** One wish as it is being fulfilled; the timer is that for the first key, or for the next. */
interface Collection {
  readonly wish: Wish;
  readonly collector: Collector;
  timer: Timer | undefined;
}

export class Party {
  /** What the media is done with; another one when the party's media comes another way. */
  media: MediaLeg;
  /** Who has ordered something here, and may have ended what. */
  readonly authors = new Set<Address>();
  readonly #timers: TimerQueue;
  readonly #tells: Tells;
  readonly #codes = new CodeReader();
  readonly #typeAhead = new TypeAhead();
  #codeTimer: Timer | undefined;
  #playing: PlayOrder | undefined;
  #collection: Collection | undefined;
  #recording: { readonly by: Address; readonly name: string } | undefined;
  #heldBy: Address | undefined;
  #isWithheld = false;

  constructor(media: MediaLeg, timers: TimerQueue, tells: Tells) {
    this.media = media;
    this.#timers = timers;
    this.#tells = tells;
  }

  /** Its media comes another way from now on; what was ordered stands. */
  move(media: MediaLeg): void {
    this.media = media;
    if (this.#isWithheld) media.withhold(true);
  }

  /** Takes back everything that an author had ordered. */
  leave(by: Address): void {
    this.authors.delete(by);
    if (this.#playing?.by === by) this.stop();
    if (this.#collection?.wish.by === by) this.#endCollection();
    if (this.#recording?.by === by) this.media.stopRecording();
    if (this.#heldBy === by) this.resume();
    if (this.#codes.isListening(by)) this.listen(by, []);
  }

  /** Its media comes to us no more. */
  close(): void {
    const playing = this.#playing;
    this.#playing = undefined;
    this.#endCollection();
    this.#timers.clear(this.#codeTimer);
    this.#typeAhead.forget();
    if (playing !== undefined) this.#tellPlayed(playing, 'stopped', '');
  }

  // Prompts.

  play(order: PlayOrder): void {
    this.#endPlaying('stopped');
    this.#playing = order;
    const ended = (how: PromptEnd, why: string): void => {
      if (this.#playing !== order) return;
      this.#playing = undefined;
      this.#tellPlayed(order, how, why);
      this.#awaitFirst();
    };
    this.media.play({ prompts: order.prompts, repeats: order.repeat, ended });
    // The first key has time from the end of what plays now.
    if (this.#isBeforeFirst) this.#awaitFirst();
  }

  stop(): void {
    if (this.#playing === undefined) return;
    this.#endPlaying('stopped');
    this.media.stop('stopped');
    this.#awaitFirst();
  }

  #endPlaying(how: PromptEnd): void {
    const playing = this.#playing;
    this.#playing = undefined;
    if (playing !== undefined) this.#tellPlayed(playing, how, '');
  }

  #tellPlayed(order: PlayOrder, how: PromptEnd, why: string): void {
    if (!order.repeat || how !== 'stopped') this.#tells.promptEnded(this, order, how, why);
  }

  hold(by: Address, prompts: readonly Prompt[]): void {
    this.#heldBy = by;
    this.media.hold(prompts);
  }

  resume(): void {
    this.#heldBy = undefined;
    this.media.resume();
  }

  // Keys.

  /** Whether the single keys are nobody's to hear. */
  get isSecret(): boolean {
    return this.#collection?.wish.isSecret === true;
  }

  press(key: string): void {
    const isBarred = this.#playing?.bargeIn === false;
    if (this.#playing?.bargeIn === true) {
      this.#endPlaying('interrupted');
      this.media.stop('interrupted');
      this.#awaitFirst();
    }
    if (this.#collection !== undefined) {
      if (!isBarred) this.#collect(this.#collection, key);
    } else if (this.#codes.listeners > 0) this.#read(this.#codes.press(key));
    else if (!isBarred) this.#typeAhead.keep(key, this.#timers.now());
  }

  /** Waits for keys; whoever waited before does no more. Keys that were pressed already count. */
  collect(wish: Wish): void {
    this.#endCollection();
    const collection: Collection = { wish, collector: new Collector(wish.form), timer: undefined };
    this.#collection = collection;
    this.#withhold();
    this.#awaitFirst();
    while (this.#collection === collection && this.#playing?.bargeIn !== false) {
      const key = this.#typeAhead.next(this.#timers.now());
      if (key === undefined) return;
      this.press(key);
    }
  }

  get #isBeforeFirst(): boolean {
    return this.#collection !== undefined && this.#collection.collector.digits === '';
  }

  /** Time for the first key begins as nothing plays any more; what repeats does not end by itself. */
  #awaitFirst(): void {
    const collection = this.#collection;
    if (collection === undefined || !this.#isBeforeFirst) return;
    this.#timers.clear(collection.timer);
    collection.timer = undefined;
    if (this.#playing === undefined || this.#playing.repeat) this.#waitNext(collection, collection.wish.form.firstMs);
  }

  #waitNext(collection: Collection, forMs: number): void {
    this.#timers.clear(collection.timer);
    collection.timer = this.#timers.set(forMs, () => this.#finish(collection, collection.collector.timeUp()));
  }

  #collect(collection: Collection, key: string): void {
    const how = collection.collector.press(key);
    if (how === undefined) this.#waitNext(collection, collection.wish.form.betweenMs);
    else this.#finish(collection, how);
  }

  #finish(collection: Collection, how: CollectEnd): void {
    this.#endCollection();
    collection.wish.done(how, collection.collector.digits);
  }

  #endCollection(): void {
    this.#timers.clear(this.#collection?.timer);
    this.#collection = undefined;
    this.#withhold();
  }

  // Codes.

  listen(by: Address, codes: readonly InCallCode[]): void {
    this.#codes.listen(by, codes);
    this.#typeAhead.forget();
    this.#withhold();
  }

  get listeners(): number {
    return this.#codes.listeners;
  }

  isListening(by: Address): boolean {
    return this.#codes.isListening(by);
  }

  #read({ passes, pressed }: Read): void {
    this.#timers.clear(this.#codeTimer);
    this.#codeTimer = this.#codes.isOpen
      ? this.#timers.set(BETWEEN_CODE_KEYS_MS, () => this.#read(this.#codes.timeUp()))
      : undefined;
    if (passes !== '' && this.#isWithheld) this.media.press(passes);
    for (const code of pressed) this.#tells.codePressed(this, code);
  }

  /** The other party hears no key that may be a hidden code, and none that is meant for us. */
  #withhold(): void {
    const isWithheld = this.#collection !== undefined || this.#codes.hides;
    if (isWithheld === this.#isWithheld) return;
    this.#isWithheld = isWithheld;
    this.media.withhold(isWithheld);
  }

  // Recordings.

  record(by: Address, recording: string): string | undefined {
    if (this.#recording !== undefined) return 'it is being recorded';
    const entry = { by, name: recording };
    const why = this.media.record(recording, (durationMs, reason) => {
      if (this.#recording === entry) this.#recording = undefined;
      this.#tells.recordingEnded(this, by, recording, durationMs, reason);
    });
    if (why === undefined) this.#recording = entry;
    return why;
  }
}
