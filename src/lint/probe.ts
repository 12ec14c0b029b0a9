/** Facts to try a scenario with: one for each interest, and one more for each other value that an attribute may have. */
import type { AttributeKind, Condition, Interest, Shape } from '../../machines/vocabulary/descriptor.ts';
import type { AnyKind } from '../engine/catalogue.ts';
import type { StampedFact } from '../engine/entry.ts';
import { type Operator, passes } from '../engine/filter.ts';
import type { AnyFact } from '../engine/port.ts';
import { SAMPLES } from './samples.ts';

const OF_KIND: Readonly<Record<AttributeKind, readonly unknown[]>> = {
  text: ['probe', ''],
  integer: [1, 0],
  flag: [false, true],
  detail: [{}],
};
/** Attributes that are never without an address. */
const ALWAYS_ADDRESSES: ReadonlySet<string> = new Set(['address', 'call', 'leg']);
/** Addresses stand under many names: one that is known under any of these may stand under all. */
const ADDRESSES: ReadonlySet<string> = new Set(['address', 'call', 'case', 'fork', 'from', 'leg', 'of', 'winner']);
/** Names of attributes whose value, if it is a text, is an address that others may speak of. */
const ADDRESSED: ReadonlySet<string> = new Set([...ADDRESSES, 'to', 'target']);
const MAX_VALUES = 7;
const MAX_KNOWN = 4;

/** Values that were seen in what a scenario was born of and emitted, so that probes speak of what it knows. */
export class Seen {
  readonly #values = new Map<string, unknown[]>();
  /** Changes with each value that is new. */
  version = 0;

  /** Takes note of a message and of what it carries. */
  note(message: object): void {
    for (const [name, value] of Object.entries(message)) {
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      if (ADDRESSED.has(name)) this.#add('an address', value);
      else if (name !== 'type') this.#add(name, value);
    }
  }

  of(name: string): readonly unknown[] {
    return this.#values.get(ADDRESSES.has(name) ? 'an address' : name) ?? [];
  }

  #add(name: string, value: unknown): void {
    const known = this.#values.get(name) ?? [];
    if (known.includes(value) || known.length >= MAX_KNOWN || value === '' || String(value).startsWith('port:')) return;
    this.#values.set(name, [...known, value]);
    this.version++;
  }
}

/** Values that a test lets through. */
function allowed(test: Condition['test']): readonly unknown[] {
  if (typeof test !== 'object') return [test];
  const operator = test as Operator;
  switch (operator.op) {
    case 'anyOf':
      return operator.of;
    case 'glob':
      return [operator.pattern.replaceAll('*', ''), operator.pattern.replaceAll('*', 'x')];
    case 'range':
      return [operator.min, operator.max, 0].filter((value) => Number.isFinite(value));
    case 'not':
      return [];
  }
}

/** What an attribute is tried with, the usual value first; empty if nothing is known that the filter lets through. */
export function valuesFor(name: string, kind: AttributeKind, where: readonly Condition[], seen: Seen): readonly unknown[] {
  const tests = where.filter(({ attribute }) => attribute === name).map(({ test }) => test);
  const anything = ALWAYS_ADDRESSES.has(name) ? ['probe:1'] : OF_KIND[kind];
  const usual = [...seen.of(name), ...(SAMPLES[name] ?? anything)];
  const candidates = [...tests.flatMap(allowed), ...(kind === 'detail' ? (SAMPLES[name] ?? [{}]) : usual)];
  const isFit = (value: unknown): boolean => fits(value, kind) && tests.every((test) => passes(test, value));
  const fitting = candidates.filter(isFit);
  return [...new Set(fitting.length > 0 ? fitting : OF_KIND[kind].filter(isFit))].slice(0, MAX_VALUES);
}

const TYPE_OF: Readonly<Record<AttributeKind, string>> = { text: 'string', integer: 'number', flag: 'boolean', detail: 'object' };
const fits = (value: unknown, kind: AttributeKind): boolean => typeof value === TYPE_OF[kind];

/** The usual one of these values for each name, then one more for each other value of each. */
export function oneAtATime(values: ReadonlyMap<string, readonly unknown[]>): Record<string, unknown>[] {
  const usual = Object.fromEntries([...values].map(([name, [first]]) => [name, first]));
  return [usual, ...[...values].flatMap(([name, [, ...others]]) => others.map((other) => ({ ...usual, [name]: other })))];
}

/** Facts that an interest lets through; none where its filter lets nothing through that is known. */
export function probesOf(interest: Interest, kinds: ReadonlyMap<string, AnyKind>, seen: Seen): AnyFact[] {
  const shape: Shape = kinds.get(interest.fact)?.shape ?? {};
  const values = new Map(
    Object.entries(shape).map(([name, { kind }]) => [name, valuesFor(name, kind, interest.where, seen)] as const),
  );
  if ([...values.values()].some((some) => some.length === 0)) return [];
  return oneAtATime(values).map((attributes) => ({ type: interest.fact, ...attributes }) as AnyFact);
}

export const stamped = (fact: AnyFact, seq: number, at: number, by = 'port:sip'): StampedFact => ({
  ...fact,
  seq,
  at,
  by,
  cause: Math.max(seq - 1, 0),
});
