/** Which calls each user has a part in now: a fold of what calls say, for those who begin to watch a user. */
import type { FactOf, Interest } from '../../machines/vocabulary/descriptor.ts';
import {
  actorEnded,
  callAnswered,
  callCancelled,
  callDiverted,
  callEnded,
  calleeDropped,
  callFailed,
  callOffered,
  callRinging,
} from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';

type Offered = FactOf<typeof callOffered>;
type Kept = Offered | FactOf<typeof callRinging | typeof callAnswered>;
type Folded =
  | Kept
  | FactOf<
      typeof callDiverted | typeof calleeDropped | typeof callFailed | typeof callCancelled | typeof callEnded | typeof actorEnded
    >;

const PARTIES: readonly string[] = ['caller', 'callee', 'answeredBy'];
const NONE: readonly Kept[] = [];

/** Of one call: what is true of it now. */
class UserCall {
  facts: readonly Kept[] = NONE;
  /** Whom it is filed under. */
  readonly users = new Set<string>();
}

export class UserCalls {
  readonly folds = [
    callOffered.fact,
    callRinging.fact,
    callAnswered.fact,
    callDiverted.fact,
    calleeDropped.fact,
    callFailed.fact,
    callCancelled.fact,
    callEnded.fact,
    actorEnded.fact,
  ];
  /** Asked for with `callOffered`, `callRinging` or `callAnswered`, of one caller, callee or who answered. */
  readonly answers = [callOffered.fact, callRinging.fact, callAnswered.fact];
  readonly #byCall = new Map<Address, UserCall>();
  readonly #byUser = new Map<string, Set<UserCall>>();

  fold(fact: Folded): void {
    switch (fact.type) {
      case 'call.offered':
        this.#add(fact, fact.caller, fact.callee);
        return;
      case 'call.ringing':
        this.#add(fact, fact.caller);
        return;
      case 'call.answered':
        // Nothing rings any more.
        this.#keep(fact.call, () => false);
        this.#add(fact, fact.caller, fact.callee, fact.answeredBy);
        return;
      case 'call.diverted':
        this.#keep(fact.call, (one) => one.type !== 'call.offered' || one.callee !== fact.from);
        return;
      case 'callee.dropped':
        this.#keep(fact.call, (one) => one.type !== 'call.offered' || one.callee !== fact.callee);
        return;
      case 'call.failed':
      case 'call.cancelled':
      case 'call.ended':
        this.#forget(fact.call);
        return;
      case 'actor.ended':
        if (fact.how === 'failed') this.#forget(fact.address);
    }
  }

  current(interest: Interest): readonly Kept[] {
    for (const { attribute, test } of interest.where)
      if (typeof test === 'string' && PARTIES.includes(attribute)) return this.#of(test, interest.fact);
    return NONE;
  }

  /** Calls that are kept. */
  get size(): number {
    return this.#byCall.size;
  }

  #of(user: string, kind: string): readonly Kept[] {
    const found: Kept[] = [];
    for (const { facts } of this.#byUser.get(user) ?? []) for (const fact of facts) if (fact.type === kind) found.push(fact);
    return found;
  }

  #add(fact: Kept, ...users: readonly string[]): void {
    let call = this.#byCall.get(fact.call);
    if (call === undefined) {
      call = new UserCall();
      this.#byCall.set(fact.call, call);
    }
    call.facts = [...call.facts, fact];
    for (const user of users) {
      if (user === '' || call.users.has(user)) continue;
      call.users.add(user);
      const others = this.#byUser.get(user);
      if (others === undefined) this.#byUser.set(user, new Set([call]));
      else others.add(call);
    }
  }

  #keep(address: Address, isKept: (fact: Kept) => boolean): void {
    const call = this.#byCall.get(address);
    if (call !== undefined) call.facts = call.facts.filter(isKept);
  }

  #forget(address: Address): void {
    const call = this.#byCall.get(address);
    if (call === undefined) return;
    this.#byCall.delete(address);
    for (const user of call.users) {
      const others = this.#byUser.get(user);
      if (others?.delete(call) === true && others.size === 0) this.#byUser.delete(user);
    }
  }
}
