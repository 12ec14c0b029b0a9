import type { AttributeKind, Condition, Interest, Shape } from '../../machines/vocabulary/descriptor.ts';
import { MAX_GLOB_LENGTH } from '../../machines/vocabulary/descriptor.ts';
import type { Operator } from './filter.ts';
import type { AnyFact } from './port.ts';

const TYPE_OF: Readonly<Record<Exclude<AttributeKind, 'detail'>, string>> = {
  text: 'string',
  integer: 'number',
  flag: 'boolean',
};

/** A descriptor of any kind, for what never calls it. */
export interface AnyKind {
  readonly fact: string;
  readonly shape: Shape;
}

/** One kind of fact with its shape laid out for fast checks. */
export class KnownKind {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, AttributeKind>;
  readonly #names: readonly string[];
  /** What `typeof` must say of each attribute; empty for a detail. */
  readonly #types: readonly string[];

  constructor(kind: AnyKind) {
    this.name = kind.fact;
    this.attributes = new Map(Object.entries(kind.shape).map(([name, attribute]) => [name, attribute.kind]));
    this.#names = [...this.attributes.keys()];
    this.#types = [...this.attributes.values()].map((of) => (of === 'detail' ? '' : TYPE_OF[of]));
  }

  /** What is wrong with a fact of this kind; so an object can never stand where a filter reads a text. */
  whyNotFact(fact: AnyFact): string | undefined {
    for (let i = 0; i < this.#names.length; i++) {
      const type = this.#types[i];
      const name = this.#names[i] as string;
      if (type === '' || typeof fact[name] === type) continue;
      return `${this.name}: the attribute "${name}" is no ${this.attributes.get(name)}`;
    }
    return undefined;
  }

  /** What is wrong with an interest in this kind. */
  whyNotInterest(interest: Interest): string | undefined {
    for (const { attribute, test } of interest.where) {
      const kind = this.attributes.get(attribute);
      if (kind === undefined) return `${this.name} has no attribute "${attribute}"; it has ${this.#names.join(', ')}`;
      if (kind === 'detail') return `${this.name}: no filter can name "${attribute}", it is a detail`;
      const why = whyNotTest(test, kind);
      if (why !== undefined) return `${this.name}: the filter on "${attribute}" ${why}`;
    }
    return undefined;
  }
}

function whyNotTest(test: unknown, kind: Exclude<AttributeKind, 'detail'>): string | undefined {
  if (typeof test === TYPE_OF[kind]) return undefined;
  if (typeof test !== 'object' || test === null) return `is held against ${String(test)}, which is no ${kind}`;
  const operator = test as Operator;
  switch (operator.op) {
    case 'glob':
      return kind === 'text' && operator.pattern.length <= MAX_GLOB_LENGTH ? undefined : 'is a glob that fits no text';
    case 'range':
      return kind === 'integer' ? undefined : `is a range, which a ${kind} has not`;
    case 'anyOf': {
      const wrong = operator.of.find((value) => typeof value !== TYPE_OF[kind]);
      return wrong === undefined ? undefined : `lists ${String(wrong)}, which is no ${kind}`;
    }
    case 'not':
      return whyNotTest(operator.of, kind);
    default:
      return 'is no test that the engine knows';
  }
}

/** Every kind of fact of one engine. */
export class Catalogue {
  readonly #kinds = new Map<string, KnownKind>();

  /** Throws on a name that two kinds share, and on one that is XState's own. */
  constructor(kinds: readonly AnyKind[]) {
    const given = new Map<string, AnyKind>();
    for (const kind of kinds) {
      if (kind.fact.startsWith('xstate.')) throw new Error(`${kind.fact}: XState's own events begin so`);
      if ((given.get(kind.fact) ?? kind) !== kind) throw new Error(`two kinds of fact are named ${kind.fact}`);
      given.set(kind.fact, kind);
      this.#kinds.set(kind.fact, new KnownKind(kind));
    }
  }

  get(name: string): KnownKind | undefined {
    return this.#kinds.get(name);
  }

  names(): readonly string[] {
    return [...this.#kinds.keys()];
  }

  /** What is wrong with an interest: an unknown fact, an unknown attribute, a test that does not fit it. */
  whyNotInterest(interest: Interest): string | undefined {
    const kind = this.#kinds.get(interest.fact);
    return kind === undefined ? `there is no fact "${interest.fact}"` : kind.whyNotInterest(interest);
  }
}

/** Whether an interest holds an attribute against exact values. */
export const isExact = ({ test }: Condition): boolean => typeof test !== 'object' || (test as Operator).op === 'anyOf';
