/** Keeps the SIP messages of calls for a while, as they came: they are masked when somebody looks. */
import type { Glance } from '../trace/glance.ts';
import type { Observer } from '../trace/wiretap.ts';

/** Of one call: the first of them tell how it began, the last ones how it ended. */
const MAX_FIRST = 60;
const MAX_LAST = 140;
/** Calls whose messages are known by their Call-IDs; the oldest go first. */
const MAX_BOXES = 20_000;
/** A caller's INVITE comes before there is a call; most of these become none. */
const MAX_PENDING = 256;
const MAX_PENDING_EACH = 8;
/** What a message costs beside its bytes. */
const OVERHEAD_BYTES = 200;

/** A leg, and the Call-ID that it has on the wire. */
interface KnownLeg {
  readonly callId: string;
  readonly leg: string;
}

/** The messages of one call. */
export interface Box {
  readonly call: string;
  readonly messages: Glance[];
  /** How many of them are not kept any more. */
  cut: number;
  /** They are few. */
  readonly legs: KnownLeg[];
  bytes: number;
  /** Is called after each message, while somebody looks. */
  changed: (() => void) | undefined;
}

const newBox = (call: string): Box => ({ call, messages: [], cut: 0, legs: [], bytes: 0, changed: undefined });
const costOf = ({ text }: Glance): number => text.length + OVERHEAD_BYTES;

export class MessageShelf implements Observer {
  readonly isKinBlind = true;
  readonly #maxBytes: number;
  readonly #boxes = new Map<string, Box>();
  readonly #byCallId = new Map<string, Box>();
  /** Those that hold messages, whoever began first in front. */
  readonly #filled = new Set<Box>();
  readonly #pending = new Map<string, Glance[]>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What is kept of that call. */
  of(call: string): Box | undefined {
    return this.#boxes.get(call);
  }

  /** The call in which that Call-ID is, or was last. */
  callOf(callId: string): string | undefined {
    return this.#byCallId.get(callId)?.call;
  }

  /** Bytes that are kept, of all calls. */
  get bytes(): number {
    return this.#bytes;
  }

  forget(call: string): void {
    const box = this.#boxes.get(call);
    if (box === undefined) return;
    this.#boxes.delete(call);
    this.#empty(box);
    for (const { callId } of box.legs) if (this.#byCallId.get(callId) === box) this.#byCallId.delete(callId);
  }

  see(message: Glance): void {
    const box = this.#byCallId.get(message.callId);
    if (box !== undefined) this.#keep(box, message);
    else if (message.startLine.startsWith('INVITE ') || this.#pending.has(message.callId)) this.#hold(message);
  }

  legAdded(callId: string, _user: string, call: string, leg: string): void {
    let box = this.#boxes.get(call);
    if (box === undefined) {
      box = newBox(call);
      this.#boxes.set(call, box);
      if (this.#boxes.size > MAX_BOXES) this.#forgetOldest();
    }
    // Who was opened before this began to watch is told of again.
    if (!box.legs.some((known) => known.leg === leg)) box.legs.push({ callId, leg });
    // A dialog that was handed over to another call goes on there.
    this.#byCallId.set(callId, box);
    const waiting = this.#pending.get(callId);
    if (waiting === undefined) return;
    this.#pending.delete(callId);
    for (const message of waiting) this.#keep(box, message);
  }

  #keep(box: Box, message: Glance): void {
    const { messages } = box;
    messages.push(message);
    this.#grow(box, costOf(message));
    if (messages.length > MAX_FIRST + MAX_LAST) {
      for (const left of messages.splice(MAX_FIRST, 1)) this.#grow(box, -costOf(left));
      box.cut++;
    }
    if (messages.length === 1) this.#filled.add(box);
    box.changed?.();
    while (this.#bytes > this.#maxBytes) {
      const [oldest] = this.#filled;
      if (oldest === undefined) break;
      oldest.cut += oldest.messages.length;
      this.#empty(oldest);
    }
  }

  #grow(box: Box, bytes: number): void {
    box.bytes += bytes;
    this.#bytes += bytes;
  }

  #empty(box: Box): void {
    this.#grow(box, -box.bytes);
    box.messages.length = 0;
    this.#filled.delete(box);
  }

  #hold(message: Glance): void {
    const waiting = this.#pending.get(message.callId);
    if (waiting === undefined) this.#pending.set(message.callId, [message]);
    else if (waiting.length < MAX_PENDING_EACH) waiting.push(message);
    if (this.#pending.size <= MAX_PENDING) return;
    for (const oldest of this.#pending.keys()) {
      this.#pending.delete(oldest);
      return;
    }
  }

  #forgetOldest(): void {
    for (const oldest of this.#boxes.keys()) {
      this.forget(oldest);
      return;
    }
  }
}
