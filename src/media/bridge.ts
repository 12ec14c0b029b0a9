/** The media of one caller and one fork: what each says goes to the other, through sockets of ours towards either. */
import { audioDescription } from '../sip/sdp-audio.ts';
import { type MediaLine, placeMedia, readMedia } from '../sip/sdp-media.ts';
import { isCarried, whyUnanchored } from './anchorable.ts';
import { originAt } from './attendance.ts';
import { type Guest, Lent } from './lent.ts';
import { payloadTypesFor } from './line-end.ts';
import type { Attended, BridgeOrder, MediaBridge, Side, Told, Undescribed } from './media.ts';
import type { PartyLeg } from './party-leg.ts';
import { NO_PORTS, PartySide, type SideParts } from './party-side.ts';

export interface BridgeParts extends SideParts {
  readonly hex: (bytes: number) => string;
  readonly legOf: (call: string, order: BridgeOrder['caller']) => PartyLeg;
  readonly unanchored: (leg: string, why: string) => void;
  readonly closed: (bridge: MediaBridge) => void;
}

const TOO_LONG: Undescribed = { status: 488, reason: 'Session Description Too Long' };

export class Bridge implements MediaBridge {
  readonly #order: BridgeOrder;
  readonly #parts: BridgeParts;
  readonly #sides: Readonly<Record<Side, PartySide>>;
  /** The caller, where its session is not made here. */
  readonly #attendance: Guest | undefined;
  /** The party that may talk to somebody else; and one of the two does, so that they do not hear each other. */
  #lent: Lent | undefined;
  #isTaken = false;
  /** What of either is in force. */
  readonly #lines: Record<Side, readonly MediaLine[]> = { caller: [], fork: [] };
  readonly #hasSpoken: Record<Side, boolean>;
  /** One that changes the session, and is not answered yet. */
  #offered: { readonly from: Side; readonly lines: readonly MediaLine[] } | undefined;
  /** What is offered now passes as it is, and so does its answer. */
  #isPassing = false;
  #hasTold = false;
  /** For an attended caller: whether they talk yet. */
  #isConnected: boolean;
  #isOpen = true;

  constructor(order: BridgeOrder, attendance: Guest | undefined, parts: BridgeParts) {
    this.#order = order;
    this.#attendance = attendance;
    this.#parts = parts;
    this.#isConnected = attendance === undefined;
    this.#hasSpoken = { caller: attendance !== undefined, fork: false };
    this.#sides = { caller: attendance?.side ?? new PartySide(order.caller, parts), fork: new PartySide(order.fork, parts) };
  }

  describe(from: Side, sdp: string, what: 'offer' | 'answer', told: Told): void {
    told(this.#isOpen ? this.#described(from, sdp, what) : sdp);
  }

  offer(told: Told): void {
    told(this.#offerOf());
  }

  connect(): void {
    if (!this.#isOpen) return;
    this.#isConnected = true;
    for (const from of SIDES) this.#legOf(from)?.face(this.#sides[from]);
    if (this.#attendance !== undefined) this.#attendance.leg.stop('stopped');
    if (this.#attendance instanceof Lent) this.#attendance.take(() => this.#take());
    this.#link();
  }

  lend(side: Side): Attended | undefined {
    const leg = this.#legs[side];
    if (!this.#isOpen || !this.#isConnected || this.#isPassing || this.#lent !== undefined || leg === undefined) return undefined;
    const own = this.#lines[side];
    const lines = own.length > 0 || side === 'fork' ? own : (this.#attendance?.shape.lines ?? own);
    this.#lent = Lent.of(this.#sides[side], leg, lines, {
      taken: () => this.#take(),
      givenBack: () => {
        this.#lent = undefined;
        this.#isTaken = false;
        this.connect();
      },
    });
    return this.#lent;
  }

  /** Neither hears the other any more. */
  #take(): void {
    this.#isTaken = true;
    const { caller, fork } = this.#sides;
    for (const end of [...caller.ends, ...fork.ends]) if (end !== undefined) end.peer = undefined;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#lent?.lose();
    for (const from of SIDES) {
      const side = this.#sides[from];
      if (side === this.#attendance?.side) {
        // It talks to the service again.
        for (const end of side.ends) if (end !== undefined && this.#isPeer(end.peer)) end.peer = undefined;
      } else {
        this.#legs[from]?.leave(side);
        side.close();
      }
    }
    this.#parts.closed(this);
  }

  #isPeer(peer: unknown): boolean {
    return peer !== undefined && this.#sides.fork.ends.some((end) => end === peer);
  }

  // Descriptions.

  #described(from: Side, sdp: string, what: 'offer' | 'answer'): string | Undescribed {
    const lines = readMedia(sdp);
    if (lines === undefined) return TOO_LONG;
    if (what === 'offer') this.#isPassing = this.#passes(from, lines);
    if (this.#isPassing) return sdp;
    const failed = what === 'offer' ? this.#openLines(lines) : undefined;
    if (failed !== undefined) return failed;
    const to = other(from);
    // An offer that changes a session counts once it is answered: until then, and if it is refused, all is as it was (RFC 3264 §4).
    if (what === 'offer' && this.#hasSpoken[from]) this.#offered = { from, lines };
    else {
      if (this.#offered?.from === to) this.#agree(to, this.#offered.lines);
      this.#offered = undefined;
      this.#agree(from, lines);
    }
    if (what === 'answer') this.#closeRefused(lines);
    for (const side of SIDES) this.#legs[side]?.refresh();
    this.#link();
    return placeMedia(sdp, lines, this.#sides[to].place(lines));
  }

  /** What a party said of its media is in force. */
  #agree(from: Side, lines: readonly MediaLine[]): void {
    this.#hasSpoken[from] = true;
    this.#lines[from] = lines;
    this.#sides[from].hear(lines);
    this.#legOf(from)?.join(this.#sides[from]);
    const to = other(from);
    // An attended caller knows nothing of the fork until they are connected.
    if (to === 'caller' && !this.#isConnected) return;
    for (const [index, end] of this.#sides[to].ends.entries()) if (end !== undefined) end.told = lines[index]?.payloads ?? [];
  }

  #passes(from: Side, lines: readonly MediaLine[]): boolean {
    const why = whyUnanchored(lines);
    if (why === undefined) return false;
    if (!this.#hasTold) {
      this.#hasTold = true;
      this.#parts.unanchored(this.#order[from].leg, why);
    }
    return true;
  }

  /** Sockets towards both for each line that is offered. */
  #openLines(lines: readonly MediaLine[]): Undescribed | undefined {
    for (const [index, line] of lines.entries()) {
      if (!isCarried(line)) continue;
      for (const side of SIDES) if (this.#sides[side].open(index) === undefined) return NO_PORTS;
    }
    return undefined;
  }

  /** A line that one of them does not want is nobody's any more. */
  #closeRefused(answer: readonly MediaLine[]): void {
    for (const side of this.#isConnected ? SIDES : FORK_ALONE)
      for (const index of this.#sides[side].ends.keys())
        if (answer[index] === undefined || answer[index].port === 0) this.#sides[side].drop(index);
  }

  /** What was agreed with the caller, and nothing else: so that neither has to be asked again. */
  #offerOf(): string | Undescribed {
    const attendance = this.#attendance;
    if (attendance === undefined || !this.#isOpen) return { status: 500, reason: 'Nothing To Offer' };
    const { lines, index } = attendance.shape;
    const end = this.#sides.fork.open(index);
    if (end === undefined) return NO_PORTS;
    const payloads = attendance.agreed;
    end.told = payloads;
    const origin = originAt(end.placed.host, this.#parts.hex);
    return audioDescription(origin, lines, index, { placed: end.placed, payloads, direction: 'sendrecv' });
  }

  // Who hears whom.

  readonly #legs: Partial<Record<Side, PartyLeg>> = {};

  /** The leg of a party that has said something of its media. */
  #legOf(from: Side): PartyLeg | undefined {
    this.#legs[from] ??=
      from === 'caller' && this.#attendance !== undefined
        ? this.#attendance.leg
        : this.#parts.legOf(this.#order.call, this.#order[from]);
    return this.#legs[from];
  }

  #link(): void {
    if (!this.#isConnected || this.#isTaken) return;
    const { caller, fork } = this.#sides;
    for (let index = 0; index < Math.max(caller.ends.length, fork.ends.length); index++) {
      const one = caller.ends[index];
      const two = fork.ends[index];
      if (one !== undefined) one.peer = two;
      if (two !== undefined) two.peer = one;
      if (one === undefined || two === undefined) continue;
      one.payloadTypes = payloadTypesFor(one.told, two.said?.payloads ?? []);
      two.payloadTypes = payloadTypesFor(two.told, one.said?.payloads ?? []);
    }
  }
}

const SIDES: readonly Side[] = ['caller', 'fork'];
const FORK_ALONE: readonly Side[] = ['fork'];
const other = (side: Side): Side => (side === 'caller' ? 'fork' : 'caller');
