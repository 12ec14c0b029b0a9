import type { Condition, Interest } from '../../machines/vocabulary/descriptor.ts';
import { isExact } from './catalogue.ts';
import { exactValues, firstFailed, passes, type Scalar } from './filter.ts';
import type { AnyFact } from './port.ts';

/** What a wait still has to check when its bucket matched: most have nothing, many one condition. */
type Rest = undefined | Condition | readonly Condition[];

/** What can listen: the engine's actors. */
export interface Listener<L extends Listener<L>> {
  /** Position in the order of births. */
  readonly order: number;
  /** `seq` of the last fact it was chosen to hear. */
  heard: number;
  /** Its waits, linked by `sibling`. */
  waits: Wait<L> | undefined;
}

/** One interest of one living actor, in the bucket it is filed in: a link of a ring of waits, oldest first. */
export class Wait<L extends Listener<L>> {
  readonly actor: L;
  /** Position among its actor's interests; the waits of one any-of share it. */
  readonly ordinal: number;
  readonly shelf: Shelf<L>;
  readonly value: Scalar;
  readonly rest: Rest;
  previous: Wait<L> = this;
  next: Wait<L> = this;
  sibling: Wait<L> | undefined;
  /** Of the first of a bucket: how many are in it. */
  size = 1;

  constructor(actor: L, ordinal: number, shelf: Shelf<L>, value: Scalar, rest: Rest) {
    this.actor = actor;
    this.ordinal = ordinal;
    this.shelf = shelf;
    this.value = value;
    this.rest = rest;
    this.sibling = actor.waits;
  }
}

/** The buckets of one attribute of one kind of fact. A bucket is its first wait: no array for a single listener. */
class Shelf<L extends Listener<L>> {
  readonly fact: string;
  readonly attribute: string;
  readonly buckets = new Map<unknown, Wait<L>>();

  constructor(fact: string, attribute: string) {
    this.fact = fact;
    this.attribute = attribute;
  }

  sizeOf(value: Scalar): number {
    return this.buckets.get(value)?.size ?? 0;
  }

  add(wait: Wait<L>): void {
    const first = this.buckets.get(wait.value);
    if (first === undefined) {
      this.buckets.set(wait.value, wait);
      return;
    }
    wait.previous = first.previous;
    wait.next = first;
    first.previous.next = wait;
    first.previous = wait;
    first.size++;
  }

  remove(wait: Wait<L>): void {
    const first = this.buckets.get(wait.value);
    if (wait.next === wait) {
      this.buckets.delete(wait.value);
      return;
    }
    wait.previous.next = wait.next;
    wait.next.previous = wait.previous;
    if (first === wait) {
      wait.next.size = wait.size - 1;
      this.buckets.set(wait.value, wait.next);
    } else if (first !== undefined) first.size--;
  }
}

/** The waits in one kind of fact: by exact attribute, and those that no bucket can hold. */
class KindShelves<L extends Listener<L>> {
  readonly byAttribute: Shelf<L>[] = [];
  readonly scanned: Shelf<L>;

  constructor(fact: string) {
    this.scanned = new Shelf<L>(fact, '');
  }

  find(attribute: string): Shelf<L> | undefined {
    return this.byAttribute.find((one) => one.attribute === attribute);
  }

  shelf(attribute: string): Shelf<L> {
    let shelf = this.find(attribute);
    if (shelf === undefined) {
      shelf = new Shelf<L>(this.scanned.fact, attribute);
      this.byAttribute.push(shelf);
    }
    return shelf;
  }
}

/** The one bucket of a shelf of scanned waits. */
const SCANNED = '';
const byBirth = (a: { readonly order: number }, b: { readonly order: number }): number => a.order - b.order;

/** Who waits for what: kind of fact, then exact attribute, then value. What a fact costs is what its listeners cost. */
export class InterestIndex<L extends Listener<L>> {
  /** How many waits were ever held against a fact; what a fact costs, counted. */
  evaluations = 0;
  /** How many interests are filed. */
  size = 0;
  readonly #kinds = new Map<string, KindShelves<L>>();
  readonly #audience: L[] = [];

  /** Files an interest under the telling attribute whose bucket has the fewest waiters. The catalogue has found it in order. */
  add(actor: L, interest: Interest, ordinal: number): void {
    let kind = this.#kinds.get(interest.fact);
    if (kind === undefined) {
      kind = new KindShelves<L>(interest.fact);
      this.#kinds.set(interest.fact, kind);
    }
    const chosen = fewestWaiters(kind, interest.where);
    if (chosen === undefined) this.#file(new Wait(actor, ordinal, kind.scanned, SCANNED, restOf(interest.where, undefined)));
    else this.#fileExact(actor, ordinal, kind.shelf(chosen.attribute), chosen, interest.where);
  }

  #fileExact(actor: L, ordinal: number, shelf: Shelf<L>, chosen: Condition, where: readonly Condition[]): void {
    const values = exactValues(chosen.test);
    if (typeof values !== 'object') {
      if (values !== undefined) this.#file(new Wait(actor, ordinal, shelf, values, restOf(where, chosen)));
      return;
    }
    // Each wait of an any-of keeps the whole condition, so that it can be listed as it was given.
    const rest = restOf(where, undefined);
    for (const value of new Set(values)) this.#file(new Wait(actor, ordinal, shelf, value, rest));
  }

  #file(wait: Wait<L>): void {
    wait.shelf.add(wait);
    if (wait.actor.waits?.ordinal !== wait.ordinal) this.size++;
    wait.actor.waits = wait;
  }

  /** Withdraws all interests of an actor. */
  remove(actor: L): void {
    let ordinal = -1;
    for (let wait = actor.waits; wait !== undefined; wait = wait.sibling) {
      wait.shelf.remove(wait);
      if (wait.ordinal !== ordinal) this.size--;
      ordinal = wait.ordinal;
    }
    actor.waits = undefined;
  }

  /** Who hears a fact, oldest first, each once. The array is the index's own and holds until the next call. */
  audience(fact: AnyFact, seq: number): readonly L[] {
    const audience = this.#audience;
    audience.length = 0;
    const kind = this.#kinds.get(fact.type);
    if (kind === undefined) return audience;
    let sources = 0;
    for (const shelf of kind.byAttribute) {
      const before = audience.length;
      const value = fact[shelf.attribute];
      // A NaN equals nothing, but a Map would find it.
      if (!Number.isNaN(value)) this.#collect(shelf.buckets.get(value), fact, seq);
      if (audience.length > before) sources++;
    }
    const before = audience.length;
    this.#collect(kind.scanned.buckets.get(SCANNED), fact, seq);
    if (audience.length > before) sources++;
    if (sources > 1) audience.sort(byBirth);
    return audience;
  }

  #collect(first: Wait<L> | undefined, fact: AnyFact, seq: number): void {
    if (first === undefined) return;
    let wait = first;
    do {
      this.evaluations++;
      const { actor, rest } = wait;
      if (actor.heard !== seq && (rest === undefined || stands(rest, fact))) {
        actor.heard = seq;
        this.#audience.push(actor);
      }
      wait = wait.next;
    } while (wait !== first);
  }

  /** Every filed interest of one kind of fact, or of all, with its actor; any-of once. */
  *waits(fact?: string): Generator<Wait<L>> {
    for (const [name, kind] of this.#kinds) {
      if (fact !== undefined && fact !== name) continue;
      for (const shelf of [...kind.byAttribute, kind.scanned]) yield* waitsOn(shelf);
    }
  }

  /** The waits that a fact is held against, then the others filed under the same attributes: those it passes by. */
  *near(fact: AnyFact): Generator<Wait<L>> {
    const kind = this.#kinds.get(fact.type);
    if (kind === undefined) return;
    for (const shelf of kind.byAttribute) yield* waitsIn(shelf.buckets.get(fact[shelf.attribute]));
    yield* waitsOn(kind.scanned);
    for (const shelf of kind.byAttribute) for (const wait of waitsOn(shelf)) if (wait.value !== fact[shelf.attribute]) yield wait;
  }
}

function* waitsOn<L extends Listener<L>>(shelf: Shelf<L>): Generator<Wait<L>> {
  for (const first of shelf.buckets.values()) yield* waitsIn(first);
}

function* waitsIn<L extends Listener<L>>(first: Wait<L> | undefined): Generator<Wait<L>> {
  if (first === undefined) return;
  let wait = first;
  do {
    yield wait;
    wait = wait.next;
  } while (wait !== first);
}

/** A flag, or an empty text, says so little that a bucket of it may hold them all: only where nothing else is exact. */
const saysMuch = ({ test }: Condition): boolean => {
  const values = exactValues(test);
  return typeof values === 'object' || (typeof values !== 'boolean' && values !== '');
};

function fewestWaiters<L extends Listener<L>>(kind: KindShelves<L>, where: readonly Condition[]): Condition | undefined {
  let chosen: Condition | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const condition of where) {
    if (!isExact(condition)) continue;
    if (where.length === 1) return condition;
    const waiters = saysMuch(condition) ? countWaiters(kind.find(condition.attribute), condition) : Number.MAX_VALUE;
    if (waiters >= fewest) continue;
    chosen = condition;
    fewest = waiters;
  }
  return chosen;
}

function countWaiters<L extends Listener<L>>(shelf: Shelf<L> | undefined, { test }: Condition): number {
  const values = exactValues(test);
  if (shelf === undefined || values === undefined) return 0;
  if (typeof values !== 'object') return shelf.sizeOf(values);
  return values.reduce<number>((sum, value) => sum + shelf.sizeOf(value), 0);
}

/** The conditions that a bucket does not answer for: all but `filed`. */
function restOf(where: readonly Condition[], filed: Condition | undefined): Rest {
  const rest = filed === undefined ? where : where.length === 1 ? [] : where.filter((condition) => condition !== filed);
  return rest.length > 1 ? rest : rest[0];
}

function stands(rest: Condition | readonly Condition[], fact: AnyFact): boolean {
  if ('attribute' in rest) return passes(rest.test, fact[rest.attribute]);
  return firstFailed(rest, fact) === undefined;
}

/** The interest that a wait stands for, as it was given but for the order of its conditions. */
export function interestOf<L extends Listener<L>>({ shelf, value, rest }: Wait<L>): Interest {
  const others = rest === undefined ? [] : 'attribute' in rest ? [rest] : rest;
  const isFiled = shelf.attribute === '' || others.some((one) => one.attribute === shelf.attribute && isExact(one));
  const where = isFiled ? others : [{ attribute: shelf.attribute, test: value }, ...others];
  return { fact: shelf.fact, where, current: false };
}
