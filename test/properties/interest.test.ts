import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyOf, type Condition, type Interest, not, range } from '../../machines/vocabulary/descriptor.ts';
import { Actor } from '../../src/engine/actor.ts';
import { passes } from '../../src/engine/filter.ts';
import { globMatches, MAX_GLOBBED_LENGTH } from '../../src/engine/glob.ts';
import { InterestIndex, interestOf } from '../../src/engine/interest-index.ts';
import type { AnyFact } from '../../src/engine/port.ts';
import { Rule } from '../../src/engine/rule.ts';
import { scenario, waitingMachine } from '../support/engine-charts.ts';

const asRegExp = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*')}$`);

describe('globs', () => {
  const few = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.', '\n'), maxLength: 12 });
  it('match what the same pattern matches as a regular expression', () => {
    let hits = 0;
    fc.assert(
      fc.property(few, few, (pattern, subject) => {
        if (globMatches(pattern, subject)) hits++;
        expect(globMatches(pattern, subject)).toBe(asRegExp(pattern).test(subject));
      }),
      { numRuns: 5_000 },
    );
    expect(hits).toBeGreaterThan(100);
  });

  it('match any text with its parts filled in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b') }), { minLength: 1, maxLength: 5 }),
        fc.string(),
        (parts, filling) => {
          expect(globMatches(parts.join('*'), parts.join(filling))).toBe(true);
        },
      ),
    );
  });

  it('match no text beyond the bound, and nothing special but the star', () => {
    expect(globMatches('*', 'a'.repeat(MAX_GLOBBED_LENGTH))).toBe(true);
    expect(globMatches('*', 'a'.repeat(MAX_GLOBBED_LENGTH + 1))).toBe(false);
    expect([globMatches('a?c', 'abc'), globMatches('[ab]', 'a'), globMatches('a?c', 'a?c')]).toEqual([false, false, true]);
  });
});

const value = fc.constantFrom('a', 'b', 'ab', 'sip:*', '*', '');
const number = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: -2, max: 4 }) }, fc.constant(Number.NaN));
const glob = fc.constantFrom('*', 'a*', '*b', 'sip:*', '').map((pattern) => ({ op: 'glob', pattern }) as const);
const within = fc
  .tuple(fc.option(number, { nil: undefined }), fc.option(number, { nil: undefined }))
  .map(([min, max]) => range({ ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }));
const oneOf = fc.array(value, { maxLength: 3 }).map((values) => anyOf(...values));
const textTest = fc.oneof(
  value,
  oneOf,
  glob,
  fc.oneof(value, oneOf, glob).map((of) => not(of)),
);
const numberTest = fc.oneof(
  number,
  within,
  fc.array(number, { maxLength: 3 }).map((values) => anyOf(...values)),
  fc.oneof(number, within).map((of) => not(of)),
);
const interest: fc.Arbitrary<Interest> = fc
  .record({
    fact: fc.constantFrom('x.happened', 'y.happened'),
    who: fc.option(textTest, { freq: 1 }),
    id: fc.option(textTest, { freq: 1 }),
    n: fc.option(numberTest, { freq: 1 }),
    on: fc.option(fc.boolean(), { freq: 1 }),
  })
  .map(({ fact, ...tests }) => ({
    fact,
    where: Object.entries(tests).flatMap(([attribute, test]) => (test === null ? [] : [{ attribute, test } as Condition])),
    current: false,
  }));
const fact = fc.record({
  type: fc.constantFrom('x.happened', 'y.happened'),
  who: value,
  id: value,
  n: fc.oneof(number, fc.constant(Number.NaN)),
  on: fc.boolean(),
}) as fc.Arbitrary<AnyFact>;

describe('tests', () => {
  it('stand as they are defined, and `not` is their opposite', () => {
    const naive = (test: unknown, given: unknown): boolean => {
      if (typeof test !== 'object') return test === given;
      const operator = test as { op: string; of: never; pattern: string; min: number; max: number };
      if (operator.op === 'not') return !naive(operator.of, given);
      if (operator.op === 'anyOf') return (operator.of as unknown[]).some((one) => one === given);
      if (operator.op === 'range') return typeof given === 'number' && given >= operator.min && given <= operator.max;
      return typeof given === 'string' && asRegExp(operator.pattern).test(given);
    };
    fc.assert(
      fc.property(
        fc.oneof(textTest, numberTest),
        fc.oneof(value, number, fc.boolean(), fc.constant(undefined)),
        (test, given) => {
          expect(passes(test, given)).toBe(naive(test, given));
          expect(passes(not(test as never), given)).toBe(!naive(test, given));
        },
      ),
    );
  });
});

type Op = { readonly add: readonly Interest[] } | { readonly remove: number } | { readonly fact: AnyFact };
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.array(interest, { maxLength: 4 }).map((add) => ({ add })),
  fc.nat(20).map((remove) => ({ remove })),
  fact.map((one) => ({ fact: one })),
);

const scanned = (wanted: Interest, given: AnyFact): boolean =>
  wanted.fact === given.type && wanted.where.every(({ attribute, test }) => passes(test, given[attribute]));

const newRule = (): Rule =>
  new Rule(
    scenario('s', waitingMachine, () => []),
    undefined,
    1_000,
  );

/** The index beside a plain list of who wants what. */
class Comparison {
  readonly index = new InterestIndex<Actor>();
  readonly #rule = newRule();
  readonly #living: { actor: Actor; interests: readonly Interest[] }[] = [];
  #seq = 0;

  /** How many heard it, if it is a fact. */
  play(op: Op): number {
    this.#seq++;
    if ('add' in op) this.#add(op.add);
    else if ('remove' in op) this.#remove(op.remove);
    else return this.#compare(op.fact);
    return 0;
  }

  removeAll(): void {
    for (const { actor } of this.#living) this.index.remove(actor);
  }

  #add(interests: readonly Interest[]): void {
    const actor = new Actor(`s:${this.#seq}`, this.#rule, this.#seq, 0, undefined, '');
    for (const [ordinal, wanted] of interests.entries()) this.index.add(actor, wanted, ordinal);
    this.#living.push({ actor, interests });
  }

  #remove(choice: number): void {
    const [gone] = this.#living.splice(choice % Math.max(this.#living.length, 1), 1);
    if (gone !== undefined) this.index.remove(gone.actor);
  }

  #compare(given: AnyFact): number {
    const found = [...this.index.audience(given, this.#seq)].map(({ address }) => address);
    const naive = this.#living.filter(({ interests }) => interests.some((wanted) => scanned(wanted, given)));
    expect(found).toEqual(naive.map(({ actor }) => actor.address));
    return found.length;
  }
}

describe('the interest index', () => {
  it('finds whom a scan of all interests finds, in order of birth, each once, also after removals in any order', () => {
    let audiences = 0;
    fc.assert(
      fc.property(fc.array(op, { minLength: 5, maxLength: 60, size: '+1' }), (ops) => {
        const world = new Comparison();
        for (const one of ops) audiences += world.play(one);
        world.removeAll();
        expect(world.index.size).toBe(0);
        expect([...world.index.waits()]).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
    expect(audiences).toBeGreaterThan(500);
  });

  it('files an interest under the attribute that fewest wait on, and lists it as it was given', () => {
    const rule = newRule();
    const index = new InterestIndex<Actor>();
    const wanted = (who: string, id: string): Interest => ({
      fact: 'x.happened',
      where: [
        { attribute: 'who', test: who },
        { attribute: 'id', test: id },
      ],
      current: false,
    });
    const actors = Array.from({ length: 100 }, (_, i) => new Actor(`s:${i}`, rule, i, 0, undefined, ''));
    actors.slice(0, 50).forEach((actor, i) => void index.add(actor, wanted('everybody', `id${i}`), 0));
    const found = index.audience({ type: 'x.happened', who: 'everybody', id: 'id7' } as never, 1);
    expect(found.map(({ address }) => address)).toEqual(['s:7']);
    expect(index.evaluations).toBeLessThanOrEqual(2);
    const never = new InterestIndex<Actor>();
    never.add(actors[60] as Actor, { fact: 'x.happened', where: [{ attribute: 'n', test: Number.NaN }], current: false }, 0);
    expect(never.audience({ type: 'x.happened', n: Number.NaN } as never, 1)).toEqual([]);
    // A bucket keeps its count when its oldest are gone: five less two are still more than two.
    const crowd = new InterestIndex<Actor>();
    const on = (attribute: string, test: string): Interest => ({
      fact: 'x.happened',
      where: [{ attribute, test }],
      current: false,
    });
    for (const [i, actor] of actors.slice(50, 57).entries())
      crowd.add(actor, i < 5 ? on('who', 'everybody') : on('id', 'busy'), 0);
    for (const gone of actors.slice(50, 52)) crowd.remove(gone);
    crowd.add(new Actor('s:new', rule, 1_000, 0, undefined, ''), wanted('everybody', 'busy'), 0);
    expect(crowd.audience({ type: 'x.happened', who: 'everybody', id: 'x' } as never, 2)).toHaveLength(3);
    expect(crowd.evaluations).toBe(3);
    fc.assert(
      fc.property(interest, (one) => {
        const actor = new Actor('s:x', rule, 1, 0, undefined, '');
        const fresh = new InterestIndex<Actor>();
        fresh.add(actor, one, 0);
        const byName = (where: readonly Condition[]) => [...where].sort((a, b) => a.attribute.localeCompare(b.attribute));
        for (const wait of fresh.waits()) expect(byName(interestOf(wait).where)).toEqual(byName(one.where));
      }),
    );
  });
});
