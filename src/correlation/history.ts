/** What happened in each call, kept until the call is over: the one fold behind its record and its story. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import {
  actorEnded,
  callAnswered,
  callCancelled,
  callEnded,
  callFailed,
  forkStarted,
  inviteReceived,
  legClosed,
  legFailed,
  legHungUp,
  legRinging,
  legSilent,
  pickupLost,
  pickupWon,
  pushDelivered,
  pushFailed,
  routeFailed,
  routeFound,
  sessionLapsed,
} from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';

/** A kind that shall appear in records stands here, and what it says there in record.ts. */
const KINDS = [
  inviteReceived,
  forkStarted,
  legRinging,
  legSilent,
  legFailed,
  legHungUp,
  legClosed,
  pushDelivered,
  pushFailed,
  routeFound,
  routeFailed,
  callAnswered,
  callCancelled,
  callFailed,
  callEnded,
  sessionLapsed,
  pickupWon,
  pickupLost,
] as const;

/** How a call ended, or how it stood when the service stopped. */
export function outcomeOf({ end, hasFailed, facts }: History): { outcome: Outcome; status: number } {
  if (end !== undefined) return { outcome: end.outcome, status: end.status };
  if (hasFailed) return { outcome: 'crashed', status: 500 };
  for (const fact of facts) {
    if (fact.type === 'call.answered') return { outcome: 'answered', status: 200 };
    if (fact.type === 'call.cancelled') return { outcome: 'cancelled', status: 487 };
    if (fact.type === 'call.failed') return { outcome: 'failed', status: fact.status };
  }
  return { outcome: 'failed', status: 0 };
}

type Outcome = 'answered' | 'failed' | 'cancelled' | 'crashed';

/** One fact of a call's history. */
export type Happening = FactOf<(typeof KINDS)[number]>;
/** A call from its INVITE to its end, in order. */
export interface History {
  readonly birth: FactOf<typeof inviteReceived>;
  readonly facts: readonly Happening[];
  readonly endedAtMs: number;
  /** Undefined if the call's actor failed, or the service stopped before the last leg was gone. */
  readonly end: FactOf<typeof callEnded> | undefined;
  readonly hasFailed: boolean;
}

interface Open extends History {
  readonly facts: Happening[];
  openLegs: number;
  hasFailed: boolean;
}

/** A phone that repeats its 180 for ever adds nothing to the history any more. */
const MAX_FACTS = 256;

/** Facts about what a leg is at that time; the others are told even of a long history. */
const isRepeatable = ({ type }: Happening): boolean => type === 'leg.ringing' || type === 'leg.silent';

export class Histories {
  readonly folds = [...KINDS.map(({ fact }) => fact), actorEnded.fact];
  readonly answers: readonly string[] = [];
  readonly #open = new Map<Address, Open>();
  readonly #tell: (history: History) => void;

  constructor(tell: (history: History) => void) {
    this.#tell = tell;
  }

  /** A call that is not over, as far as it has come. */
  of(call: Address): History | undefined {
    return this.#open.get(call);
  }

  /** Calls that are not over. */
  get size(): number {
    return this.#open.size;
  }

  current(): readonly never[] {
    return [];
  }

  /** The service stops: what is known is told. */
  close(atMs: number): void {
    for (const open of [...this.#open.values()]) this.#end(open, atMs, undefined);
  }

  fold(fact: Happening | FactOf<typeof actorEnded>): void {
    if (fact.type === 'actor.ended') {
      if (fact.how === 'failed') this.#failed(fact.address, fact.at);
    } else if (fact.type === 'invite.received') {
      this.#open.set(fact.call, { birth: fact, facts: [], openLegs: 1, hasFailed: false, endedAtMs: 0, end: undefined });
    } else {
      const open = this.#open.get(fact.call);
      if (open !== undefined) this.#note(open, fact);
      // It is told in the picker's own call as well.
      if (fact.type !== 'pickup.won' && fact.type !== 'pickup.lost') return;
      const own = this.#open.get(fact.pickerCall);
      if (own !== undefined) this.#note(own, fact);
    }
  }

  #note(open: Open, fact: Exclude<Happening, { type: 'invite.received' }>): void {
    if (fact.type === 'call.ended') {
      this.#end(open, fact.at, fact);
      return;
    }
    const { facts } = open;
    if (facts.length < MAX_FACTS || (facts.length < 2 * MAX_FACTS && !isRepeatable(fact))) facts.push(fact);
    if (fact.type === 'fork.started') open.openLegs++;
    else if (fact.type === 'leg.closed') {
      open.openLegs--;
      if (open.hasFailed && open.openLegs <= 0) this.#end(open, fact.at, undefined);
    }
  }

  /** The call's chart crashed: its legs end after it, and the record waits for them. */
  #failed(address: Address, atMs: number): void {
    const open = this.#open.get(address);
    if (open === undefined) return;
    open.hasFailed = true;
    if (open.openLegs <= 0) this.#end(open, atMs, undefined);
  }

  #end({ birth, facts, hasFailed }: Open, endedAtMs: number, end: History['end']): void {
    this.#open.delete(birth.call);
    this.#tell({ birth, facts, endedAtMs, end, hasFailed });
  }
}
