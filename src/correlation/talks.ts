/** Who talks with whom now: a fold of the calls that were answered and are not over. */
import type { FactOf, Interest } from '../../machines/vocabulary/descriptor.ts';
import { actorEnded, callAnswered, callEnded } from '../../machines/vocabulary/facts.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';

type Answered = FactOf<typeof callAnswered>;
type Folded = Answered | FactOf<typeof callEnded | typeof actorEnded>;

export class Talks {
  readonly folds = [callAnswered.fact, callEnded.fact, actorEnded.fact];
  /** Asked for with `callAnswered.where({ caller }, { current: true })`, or `callee`, or `answeredBy`: the calls that go on; or of one `call`. */
  readonly answers = [callAnswered.fact];
  readonly #byCall = new Map<Address, Answered>();
  readonly #byUser = new Map<string, readonly Answered[]>();

  fold(fact: Folded): void {
    if (fact.type === 'call.answered') this.#begin(fact);
    else if (fact.type === 'call.ended') this.#end(fact.call);
    // A call that crashed ends without a word.
    else if (fact.how === 'failed') this.#end(fact.address);
  }

  current(interest: Interest): readonly Answered[] {
    for (const { attribute, test } of interest.where) {
      if (attribute === 'call') return [this.#byCall.get(String(test))].filter((fact) => fact !== undefined);
      if (PARTIES.includes(attribute) && typeof test === 'string') return this.of(test);
    }
    throw new Error('ask for one call, caller, callee or who answered');
  }

  /** The calls of one user, oldest first. */
  of(user: string): readonly Answered[] {
    return this.#byUser.get(user) ?? NONE;
  }

  /** Calls that go on. */
  get size(): number {
    return this.#byCall.size;
  }

  #begin(fact: Answered): void {
    // The service has answered it before, and its caller talks to somebody else now.
    this.#end(fact.call);
    this.#byCall.set(fact.call, fact);
    for (const user of partiesOf(fact)) this.#byUser.set(user, [...this.of(user), fact]);
  }

  #end(call: Address): void {
    const fact = this.#byCall.get(call);
    if (fact === undefined) return;
    this.#byCall.delete(call);
    for (const user of partiesOf(fact)) {
      const others = this.of(user).filter((other) => other !== fact);
      if (others.length === 0) this.#byUser.delete(user);
      else this.#byUser.set(user, others);
    }
  }
}

const NONE: readonly Answered[] = [];
const PARTIES: readonly string[] = ['caller', 'callee', 'answeredBy'];
/** Nobody calls where a call is placed. */
const partiesOf = ({ caller, callee, answeredBy }: Answered): readonly string[] => [
  ...new Set([caller, callee, answeredBy].filter((party) => party !== '')),
];
