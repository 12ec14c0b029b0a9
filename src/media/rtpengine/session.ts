/** One call of rtpengine: the media of two parties, either of whom may be the service itself. */
import type { Random } from '../../random.ts';
import { type MediaLine, readMedia } from '../../sip/sdp-media.ts';
import type { MediaParty, Side, Told, Undescribed } from '../media.ts';
import { type Dictionary, type Said, textIn } from './bencode.ts';
import { isRefusal, type NgClient, type NgRefusal } from './ng-client.ts';
import { type Numbers, numbersIn } from './numbers.ts';
import { answerWords, offerWords, protocolOf } from './words.ts';

export interface SessionOrder {
  readonly caller: MediaParty;
  readonly fork: MediaParty;
  /** Keys will be pressed in the place of a party: its audio is decoded and encoded anew for that, so only where it may be. */
  readonly injects: boolean;
}

/** What is kept from the other party, and by whose wish: each ends when nobody wishes it any more. */
type Blocked = 'media' | 'DTMF';

/** 128 bits: its names are all that a digit's report is known by. */
const NAME_BYTES = 16;

export const otherSide = (side: Side): Side => (side === 'caller' ? 'fork' : 'caller');

export class NgSession {
  /** rtpengine's name of it. */
  readonly name: string;
  readonly tags: Readonly<Record<Side, string>>;
  readonly #client: NgClient;
  readonly #order: SessionOrder;
  readonly #lines: Partial<Record<Side, readonly MediaLine[]>> = {};
  readonly #blocked: Record<Side, Record<Blocked, Set<string>>> = { caller: none(), fork: none() };
  #waiting = 0;
  #isKnown = false;
  #hearNumbers: ((numbers: Readonly<Record<Side, Numbers>> | undefined) => void) | undefined;
  #isClosed = false;

  constructor(client: NgClient, random: Pick<Random, 'hex'>, order: SessionOrder) {
    this.#client = client;
    this.#order = order;
    this.name = random.hex(NAME_BYTES);
    this.tags = { caller: random.hex(NAME_BYTES), fork: random.hex(NAME_BYTES) };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The daemon has it, as far as we know. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** What a party said last of its media. */
  linesOf(side: Side): readonly MediaLine[] {
    return this.#lines[side] ?? [];
  }

  /** What `from` says, as the other one is to be told; where nobody answers, `unavailable` decides instead. */
  describe(from: Side, sdp: string, what: 'offer' | 'answer', told: Told, unavailable: (refused: NgRefusal) => void): void {
    const lines = readMedia(sdp);
    if (lines === undefined) {
      told({ status: 488, reason: 'Session Description Too Long' });
      return;
    }
    const to = otherSide(from);
    const { injects } = this.#order;
    const [sayer, hearer] = [this.#order[from], this.#order[to]];
    const words =
      what === 'offer'
        ? {
            ...offerWords(sayer, hearer, lines, protocolOf(this.linesOf(to)), injects),
            'from-tag': this.tags[from],
            ...this.#toTag(to),
          }
        : { ...answerWords(sayer, hearer, lines, injects), 'from-tag': this.tags[to], 'to-tag': this.tags[from] };
    this.#waiting += 1;
    this.#client.ask(what, { 'call-id': this.name, sdp, ...words }, (reply) => {
      this.#waiting -= 1;
      if (isRefusal(reply) && !reply.isTold) unavailable(reply);
      else told(isRefusal(reply) ? refusedBy(reply) : this.#described(from, lines, reply));
      if (this.#isClosed) this.#delete();
    });
  }

  #described(from: Side, lines: readonly MediaLine[], reply: Dictionary): string | Undescribed {
    const sdp = textIn(reply, 'sdp');
    if (sdp === undefined) return { status: 488, reason: 'Session Description Not Understood' };
    this.#isKnown = true;
    this.#lines[from] = lines;
    return sdp;
  }

  /** One that has never spoken has no tag yet. */
  #toTag(to: Side): { readonly [name: string]: Said } {
    return this.#lines[to] === undefined ? {} : { 'to-tag': this.tags[to] };
  }

  /** Orders what concerns the media of one party. */
  order(
    command: string,
    side: Side,
    words: { readonly [name: string]: Said },
    hear: (reply: Dictionary | NgRefusal) => void,
  ): void {
    this.#client.ask(command, { 'call-id': this.name, 'from-tag': this.tags[side], ...words }, hear);
  }

  /** Nothing of that kind goes from this party to the other one while anybody wishes so. */
  block(what: Blocked, side: Side, by: string, isOn: boolean): void {
    const wishes = this.#blocked[side][what];
    const was = wishes.size > 0;
    if (isOn) wishes.add(by);
    else wishes.delete(by);
    const is = wishes.size > 0;
    if (was !== is && !this.#isClosed) this.order(`${is ? 'block' : 'unblock'} ${what}`, side, {}, nobody);
  }

  /** How many packets came. `isKnown` becomes false where the daemon says that it has no such call: it began anew, or gave it up. */
  query(hear: (numbers: Readonly<Record<Side, Numbers>> | undefined) => void): void {
    this.#client.ask('query', { 'call-id': this.name }, (reply) => {
      if (isRefusal(reply) && reply.isTold) this.#isKnown = false;
      hear(isRefusal(reply) ? undefined : this.#numbers(reply));
    });
  }

  /** `hear`: what there was of it, if the daemon says so. Once. */
  close(hear: (numbers: Readonly<Record<Side, Numbers>> | undefined) => void): void {
    this.#isClosed = true;
    this.#hearNumbers = hear;
    // One that came behind its own deletion would be there for an hour.
    if (this.#waiting === 0) this.#delete();
  }

  #delete(): void {
    if (this.#waiting > 0) return;
    const hear = this.#hearNumbers ?? nobody;
    this.#hearNumbers = undefined;
    if (!this.#isKnown) {
      hear(undefined);
      return;
    }
    this.#isKnown = false;
    this.order('delete', 'caller', { 'delete delay': 0 }, (reply) => hear(isRefusal(reply) ? undefined : this.#numbers(reply)));
  }

  #numbers(reply: Dictionary): Readonly<Record<Side, Numbers>> {
    return { caller: numbersIn(reply, this.tags.caller), fork: numbersIn(reply, this.tags.fork) };
  }
}

const nobody = (): void => {};
const none = (): Record<Blocked, Set<string>> => ({ media: new Set(), DTMF: new Set() });

const refusedBy = ({ refused }: NgRefusal): Undescribed =>
  /sdp/i.test(refused)
    ? { status: 488, reason: 'Session Description Not Understood' }
    : { status: 503, reason: 'Media Relay Refuses' };
