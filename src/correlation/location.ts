/** Who is where: a fold of the binding facts, by address of record. */
import type { FactOf, Interest } from '../../machines/vocabulary/descriptor.ts';
import { bindingAdded, bindingRefreshed, bindingRemoved, bindingSlept } from '../../machines/vocabulary/facts.ts';
import type { Aor } from '../../machines/vocabulary/identity.ts';

type Bound = FactOf<typeof bindingAdded | typeof bindingRefreshed | typeof bindingSlept>;
type Folded = Bound | FactOf<typeof bindingRemoved>;

export class Location {
  readonly folds = [bindingAdded.fact, bindingRefreshed.fact, bindingSlept.fact, bindingRemoved.fact];
  /** Asked for with `bindingAdded.where({ aor }, { current: true })`: the latest fact of each binding, whatever its kind. */
  readonly answers = [bindingAdded.fact];
  // Most people have one device, and an array of one costs a third of a map of one.
  readonly #byAor = new Map<Aor, readonly Bound[]>();

  fold(fact: Folded): void {
    const known = this.#byAor.get(fact.aor) ?? NOBODY;
    const others = known.length === 0 ? known : known.filter(({ device }) => device !== fact.device);
    if (fact.type !== 'binding.removed') this.#byAor.set(fact.aor, [...others, fact]);
    else if (others.length === 0) this.#byAor.delete(fact.aor);
    else this.#byAor.set(fact.aor, others);
  }

  current(interest: Interest): readonly Bound[] {
    const aor = interest.where.find(({ attribute }) => attribute === 'aor')?.test;
    return typeof aor === 'string' ? this.of(aor) : NOBODY;
  }

  /** The bindings of one address of record, in the order of their latest registration. */
  of(aor: Aor): readonly Bound[] {
    return this.#byAor.get(aor) ?? NOBODY;
  }

  /** The bindings of everybody. */
  all(): Iterable<readonly Bound[]> {
    return this.#byAor.values();
  }

  get size(): number {
    return this.#byAor.size;
  }
}

const NOBODY: readonly Bound[] = [];
