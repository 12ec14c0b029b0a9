/** The media of one caller and one fork through rtpengine. */
import type { MediaBridge, Side, Told, Undescribed } from '../media.ts';
import type { NgLeg } from './leg.ts';
import type { NgSession } from './session.ts';

export interface NgBridgeParts {
  readonly session: NgSession;
  /** The leg of a party that has said something. */
  readonly legOf: (side: Side) => NgLeg;
  /** Relays in rtpengine's place: undefined where nothing does. */
  readonly instead: () => MediaBridge | undefined;
  readonly isUp: () => boolean;
  readonly closed: (bridge: NgBridge) => void;
}

const DOWN: Undescribed = { status: 503, reason: 'Media Relay Is Down' };
const SIDES: readonly Side[] = ['caller', 'fork'];

export class NgBridge implements MediaBridge {
  readonly session: NgSession;
  readonly #parts: NgBridgeParts;
  readonly #legs: Partial<Record<Side, NgLeg>> = {};
  /** What took rtpengine's place. */
  #instead: MediaBridge | undefined;
  #isConnected = false;
  #isOpen = true;

  constructor(parts: NgBridgeParts) {
    this.session = parts.session;
    this.#parts = parts;
  }

  describe(from: Side, sdp: string, what: 'offer' | 'answer', told: Told): void {
    if (!this.#isOpen) told(sdp);
    else if (this.#instead !== undefined) this.#instead.describe(from, sdp, what, told);
    else if (what === 'offer' && !this.#parts.isUp()) this.#unavailable(from, sdp, what, told);
    else this.#describe(from, sdp, what, told);
  }

  #describe(from: Side, sdp: string, what: 'offer' | 'answer', told: Told): void {
    this.session.describe(
      from,
      sdp,
      what,
      (said) => {
        if (this.#isOpen && typeof said === 'string') this.#said(from);
        told(said);
      },
      () => this.#unavailable(from, sdp, what, told),
    );
  }

  /**
   * Both are told anew by an offer and its answer, so that another relay can begin there; an answer belongs to the offer that the
   * daemon took with it.
   */
  #unavailable(from: Side, sdp: string, what: 'offer' | 'answer', told: Told): void {
    const instead = what === 'offer' && this.#isOpen ? this.#parts.instead() : undefined;
    if (instead === undefined) {
      told(DOWN);
      return;
    }
    this.#leave();
    this.#instead = instead;
    instead.describe(from, sdp, what, told);
    if (this.#isConnected) instead.connect();
  }

  /** What would be offered to the fork of an attended caller: those are never here. */
  offer(told: Told): void {
    if (this.#instead === undefined) told({ status: 500, reason: 'Nothing To Offer' });
    else this.#instead.offer(told);
  }

  connect(): void {
    this.#isConnected = true;
    this.#instead?.connect();
    for (const side of SIDES) this.#legs[side]?.face(this.session);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#parts.closed(this);
    this.#instead?.close();
    if (!this.session.isClosed) this.#leave();
  }

  #leave(): void {
    this.session.close((numbers) => {
      for (const side of SIDES) this.#legs[side]?.leave(this.session, numbers?.[side]);
    });
  }

  #said(from: Side): void {
    const leg = this.#legs[from] ?? this.#parts.legOf(from);
    this.#legs[from] = leg;
    leg.join(this.session, from);
    if (this.#isConnected) leg.face(this.session);
  }

  // What rtpengine tells of it.

  /** Asks for what was counted; the legs hear. `false`: it has nothing to tell. */
  query(): boolean {
    if (!this.session.isKnown || this.session.isClosed) return false;
    this.session.query((numbers) => {
      if (this.session.isClosed) return;
      for (const side of SIDES) {
        const leg = this.#legs[side];
        // A daemon that does not know it relays nothing, whatever it did before.
        if (this.session.isKnown) leg?.count(this.session, numbers?.[side]);
        else leg?.stall();
      }
    });
    return true;
  }

  key(tag: string, event: number, durationMs: number): void {
    const side = tag === this.session.tags.caller ? 'caller' : 'fork';
    if (tag === this.session.tags[side]) this.#legs[side]?.key(event, durationMs);
  }
}
