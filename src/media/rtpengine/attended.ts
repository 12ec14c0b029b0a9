/** Parties that the service itself talks to, and that cannot talk to its sockets: browsers, and phones that encrypt. rtpengine stands between. */
import { readMedia } from '../../sip/sdp-media.ts';
import type { Attended, BridgeOrder, MediaBridge, MediaParty, MediaPlane, Side, Told, Undescribed } from '../media.ts';
import type { NgSession, SessionOrder } from './session.ts';

const DOWN: Undescribed = { status: 503, reason: 'Media Relay Is Down' };

/** The two ends of the session of such a party: itself stands at `caller`, our sockets at `fork`. */
const OUTSIDE: Side = 'caller';
const INSIDE: Side = 'fork';

/** What one of them says, to the other one: `told` hears. */
const through = (session: NgSession, from: Side, sdp: string, what: 'offer' | 'answer', told: Told): void =>
  session.describe(from, sdp, what, told, () => told(DOWN));

/** Goes on with a description; a refusal is told as it is. */
const andThen =
  (told: Told, next: (sdp: string) => void): Told =>
  (said) =>
    typeof said === 'string' ? next(said) : told(said);

export interface AttendedParts {
  /** Our sockets, towards the party. */
  readonly direct: () => Attended;
  /** Our sockets, towards the daemon. */
  readonly inside: () => Attended;
  readonly session: () => NgSession;
}

export class NgAttended implements Attended {
  readonly #party: MediaParty;
  readonly #isUp: () => boolean;
  readonly #parts: AttendedParts;
  #own: Attended | undefined;
  /** Where the daemon stands between. */
  session: NgSession | undefined;

  constructor(party: MediaParty, isUp: () => boolean, parts: AttendedParts) {
    this.#party = party;
    this.#isUp = isUp;
    this.#parts = parts;
  }

  /** Our sockets, once something was said. */
  get own(): Attended | undefined {
    return this.#own;
  }

  answer(offer: string | undefined, told: Told): void {
    const own = this.#open(offer);
    const { session } = this;
    if (session === undefined) own.answer(offer, told);
    else if (offer === undefined)
      own.answer(
        undefined,
        andThen(told, (ours) => through(session, INSIDE, ours, 'offer', told)),
      );
    else
      through(
        session,
        OUTSIDE,
        offer,
        'offer',
        andThen(told, (plain) =>
          own.answer(
            plain,
            andThen(told, (ours) => through(session, INSIDE, ours, 'answer', told)),
          ),
        ),
      );
  }

  accept(answer: string): Undescribed | undefined {
    const { session } = this;
    const own = this.#open(answer);
    if (session === undefined) return own.accept(answer);
    // It is agreed by then: what cannot be described stays silent.
    through(session, OUTSIDE, answer, 'answer', (said) => {
      if (typeof said === 'string') own.accept(said);
    });
    return undefined;
  }

  close(): void {
    this.session?.close(() => {});
    this.session = undefined;
    this.#own?.close();
  }

  #open(said: string | undefined): Attended {
    if (this.#own !== undefined) return this.#own;
    const isNeeded = this.#party.isWebRtc || (readMedia(said ?? '') ?? []).some(({ protection }) => protection !== 'none');
    if (isNeeded && this.#isUp()) {
      this.session = this.#parts.session();
      this.#own = this.#parts.inside();
    } else this.#own = this.#parts.direct();
    return this.#own;
  }
}

/** An attended caller and a fork: our own sockets between them, with rtpengine before each that needs it. */
export function edged(
  order: BridgeOrder,
  builtin: MediaPlane,
  open: (order: SessionOrder) => NgSession,
): MediaBridge | undefined {
  const { attended, fork } = order;
  const caller = attended instanceof NgAttended ? attended : undefined;
  const inside: MediaParty = { ...fork, isWebRtc: false };
  const bridge = builtin.bridge({ ...order, fork: inside, attended: caller?.own ?? attended });
  const forkSession = fork.isWebRtc ? open({ caller: fork, fork: inside, injects: false }) : undefined;
  if (bridge === undefined || (forkSession === undefined && caller?.session === undefined)) return bridge;
  return new EdgedBridge(bridge, { caller: caller?.session, fork: forkSession });
}

class EdgedBridge implements MediaBridge {
  readonly #bridge: MediaBridge;
  readonly #edges: Readonly<Record<Side, NgSession | undefined>>;

  constructor(bridge: MediaBridge, edges: Readonly<Record<Side, NgSession | undefined>>) {
    this.#bridge = bridge;
    this.#edges = edges;
  }

  describe(from: Side, sdp: string, what: 'offer' | 'answer', told: Told): void {
    const edge = this.#edges[from];
    const to: Side = from === 'caller' ? 'fork' : 'caller';
    const inward = (plain: string): void => this.#bridge.describe(from, plain, what, this.#outward(to, what, told));
    if (edge === undefined) inward(sdp);
    else through(edge, OUTSIDE, sdp, what, andThen(told, inward));
  }

  offer(told: Told): void {
    this.#bridge.offer(this.#outward('fork', 'offer', told));
  }

  connect(): void {
    this.#bridge.connect();
  }

  /** The caller's edge is its attendance's, which may outlive this. */
  close(): void {
    this.#edges.fork?.close(() => {});
    this.#bridge.close();
  }

  #outward(to: Side, what: 'offer' | 'answer', told: Told): Told {
    const edge = this.#edges[to];
    return edge === undefined ? told : andThen(told, (plain) => through(edge, INSIDE, plain, what, told));
  }
}
