/** A party of a talk that talks to somebody else for a while, with whom its session stays as it is: that one is offered what was agreed. */
import type { MediaLine, Payload } from '../sip/sdp-media.ts';
import { eventsOf } from './formats.ts';
import type { Attended, Told, Undescribed } from './media.ts';
import type { PartyLeg } from './party-leg.ts';
import type { PartySide } from './party-side.ts';

/** What a bridge needs of a party whose session is not the bridge's own. */
export interface Guest {
  readonly side: PartySide;
  readonly leg: PartyLeg;
  /** One audio, and telephone-events if the party knows them. */
  readonly agreed: readonly Payload[];
  /** The m-lines of its session, the audio's index among them. */
  readonly shape: { readonly lines: readonly MediaLine[]; readonly index: number };
}

/** What happens to a party that is lent. */
export interface Lending {
  /** It talks to that other one from now on. */
  taken(): void;
  /** It is back. */
  givenBack(): void;
}

const NOT_ASKED: Undescribed = { status: 488, reason: 'Its Session Is Of Another Talk' };
/** Audio whose name and clock say all that there is to say (RFC 3551 §6). */
const PLAIN: ReadonlySet<string> = new Set(['PCMU', 'PCMA', 'G722', 'G729']);
const OTHER: ReadonlySet<string> = new Set(['TELEPHONE-EVENT', 'CN']);

export class Lent implements Attended, Guest {
  readonly side: PartySide;
  readonly leg: PartyLeg;
  readonly agreed: readonly Payload[];
  readonly shape: Guest['shape'];
  readonly #lending: Lending;
  /** Drops whom it talks to. */
  #left: (() => void) | undefined;
  #isOver = false;

  private constructor({ side, leg, agreed, shape }: Guest, lending: Lending) {
    this.side = side;
    this.leg = leg;
    this.agreed = agreed;
    this.shape = shape;
    this.#lending = lending;
  }

  /** undefined: what the two have agreed on cannot be offered to a third one in so many words. */
  static of(side: PartySide, leg: PartyLeg, lines: readonly MediaLine[], lending: Lending): Lent | undefined {
    const index = lines.findIndex(
      ({ kind, port, protocol }, n) => kind === 'audio' && port !== 0 && isPlain(protocol) && side.ends[n],
    );
    const [line, end] = [lines[index], side.ends[index]];
    const audio = line && end && agreedOf(line.payloads, end.told);
    if (line === undefined || audio === undefined) return undefined;
    const events = eventsOf(line.payloads, audio.clockRate);
    return new Lent({ side, leg, agreed: events === undefined ? [audio] : [audio, events], shape: { lines, index } }, lending);
  }

  /** It talks to somebody, until that one is left. */
  take(left: () => void): void {
    if (this.#isOver) return;
    this.#left = left;
    this.#lending.taken();
  }

  /** Its own talk is over. */
  lose(): void {
    this.#isOver = true;
    this.#left?.();
  }

  answer(_offer: string | undefined, told: Told): void {
    told(NOT_ASKED);
  }

  accept(): Undescribed {
    return NOT_ASKED;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#left?.();
    this.#lending.givenBack();
  }
}

const isPlain = (protocol: string): boolean => protocol === 'RTP/AVP' || protocol === 'RTP/AVPF';
const same = (one: Payload) => (two: Payload) => one.encoding === two.encoding && one.clockRate === two.clockRate;
const audioIn = (payloads: readonly Payload[]): readonly Payload[] => payloads.filter(({ encoding }) => !OTHER.has(encoding));

/** The audio that a party sends: the first that both named in what was the answer, which names no more than the offer (RFC 3264 §6.1). */
function agreedOf(said: readonly Payload[], told: readonly Payload[]): Payload | undefined {
  const [own, others] = [audioIn(said), audioIn(told)];
  const [answer, offer] = own.length < others.length ? [own, others] : [others, own];
  const first = answer.find((one) => offer.some(same(one)));
  return first !== undefined && PLAIN.has(first.encoding) ? own.find(same(first)) : undefined;
}
