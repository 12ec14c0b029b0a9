/** Which calls ring for whom now, and which of them are being picked up: a fold of what calls and pickups say. */
import type { Condition, FactOf, Interest } from '../../machines/vocabulary/descriptor.ts';
import {
  actorEnded,
  callAnswered,
  callCancelled,
  callDiverted,
  callEnded,
  calleeDropped,
  callFailed,
  callOffered,
  pickupBegan,
  pickupLost,
  pickupWon,
} from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';

type Offered = FactOf<typeof callOffered>;
type Began = FactOf<typeof pickupBegan>;
type Kept = Offered | Began;
type Folded =
  | Kept
  | FactOf<typeof callDiverted | typeof calleeDropped | typeof callAnswered | typeof callFailed | typeof callCancelled>
  | FactOf<typeof callEnded | typeof pickupWon | typeof pickupLost | typeof actorEnded>;

export class Ringing {
  readonly folds = [
    callOffered.fact,
    callDiverted.fact,
    calleeDropped.fact,
    callAnswered.fact,
    callFailed.fact,
    callCancelled.fact,
    callEnded.fact,
    actorEnded.fact,
    pickupBegan.fact,
    pickupWon.fact,
    pickupLost.fact,
  ];
  /** Asked for with `callOffered.where({ callee }, { current: true })` or `pickupBegan`, of one callee or `anyOf` several. */
  readonly answers = [callOffered.fact, pickupBegan.fact];
  readonly #offers = new Shelf<Offered>();
  readonly #pickups = new Shelf<Began>();

  fold(fact: Folded): void {
    switch (fact.type) {
      case 'call.offered':
        this.#offers.add(fact.call, fact);
        return;
      // All that rang for it is given up; whom it goes to is offered it anew.
      case 'call.diverted':
      case 'call.answered':
      case 'call.failed':
      case 'call.cancelled':
      case 'call.ended':
        this.#offers.remove(fact.call);
        return;
      case 'callee.dropped':
        this.#offers.remove(fact.call, fact.callee);
        return;
      case 'pickup.began':
        this.#pickups.add(fact.by, fact);
        return;
      case 'pickup.won':
      case 'pickup.lost':
        this.#pickups.remove(fact.by);
        return;
      case 'actor.ended':
        // What crashes ends without a word.
        if (fact.how !== 'failed') return;
        this.#offers.remove(fact.address);
        this.#pickups.remove(fact.address);
    }
  }

  current(interest: Interest): readonly Kept[] {
    const callees = calleesOf(interest.where);
    return interest.fact === callOffered.fact ? this.#offers.of(callees) : this.#pickups.of(callees);
  }

  /** Calls that ring, or are being picked up, and are kept for it. */
  get size(): number {
    return this.#offers.size + this.#pickups.size;
  }
}

/** Facts by the callee they are about, and by whose they are. */
class Shelf<F extends { readonly callee: string; readonly seq: number }> {
  readonly #byCallee = new Map<string, Set<F>>();
  readonly #byOwner = new Map<Address, readonly F[]>();

  get size(): number {
    return this.#byOwner.size;
  }

  add(owner: Address, fact: F): void {
    const own = this.#byOwner.get(owner);
    // Offered twice to one callee, it still rings since the first time.
    if (own?.some(({ callee }) => callee === fact.callee) === true) return;
    this.#byOwner.set(owner, own === undefined ? [fact] : [...own, fact]);
    const others = this.#byCallee.get(fact.callee);
    if (others === undefined) this.#byCallee.set(fact.callee, new Set([fact]));
    else others.add(fact);
  }

  /** What is of that owner; only what is about one callee, where one is named. */
  remove(owner: Address, callee?: string): void {
    const own = this.#byOwner.get(owner);
    if (own === undefined) return;
    const left = callee === undefined ? [] : own.filter((fact) => fact.callee !== callee);
    if (left.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, left);
    for (const fact of own) if (callee === undefined || fact.callee === callee) this.#forget(fact);
  }

  #forget(fact: F): void {
    const others = this.#byCallee.get(fact.callee);
    if (others?.delete(fact) === true && others.size === 0) this.#byCallee.delete(fact.callee);
  }

  /** Oldest first; what it costs is what rings for these alone. */
  of(callees: readonly string[]): readonly F[] {
    const found: F[] = [];
    for (const callee of callees) for (const fact of this.#byCallee.get(callee) ?? []) found.push(fact);
    return found.sort((a, b) => a.seq - b.seq);
  }
}

const NOBODY: readonly string[] = [];

function calleesOf(where: readonly Condition[]): readonly string[] {
  for (const { attribute, test } of where) {
    if (attribute !== 'callee') continue;
    if (typeof test === 'string') return [test];
    if (typeof test === 'object' && test.op === 'anyOf') return test.of as readonly string[];
  }
  // Of a caller's calls another view knows.
  if (where.some(({ attribute }) => attribute === 'caller')) return NOBODY;
  throw new Error('ask for one callee, or for anyOf several');
}
