import type { AnyOf, Condition, Glob, Not, Range } from '../../machines/vocabulary/descriptor.ts';
import { globMatches } from './glob.ts';
import type { AnyFact } from './port.ts';

export type Scalar = string | number | boolean;
/** A filter's test when it is not a bare value. */
export type Operator = Glob | Range | AnyOf<Scalar> | Not<Scalar | AnyOf<Scalar> | Glob | Range>;

/** Whether a value of a fact stands a test. Values are compared by `===`: what comes from the wire is never a pattern. */
export function passes(test: Condition['test'], value: unknown): boolean {
  if (typeof test !== 'object') return test === value;
  const operator = test as Operator;
  switch (operator.op) {
    case 'glob':
      return typeof value === 'string' && globMatches(operator.pattern, value);
    case 'range':
      return typeof value === 'number' && value >= operator.min && value <= operator.max;
    case 'anyOf':
      return isOneOf(operator.of, value);
    case 'not':
      return !passes(operator.of as Condition['test'], value);
  }
}

// Not `includes`, which would find a NaN.
function isOneOf(values: readonly Scalar[], value: unknown): boolean {
  for (const one of values) if (one === value) return true;
  return false;
}

/** The first condition that a fact fails, or undefined if it stands them all. */
export function firstFailed(where: readonly Condition[], fact: AnyFact): Condition | undefined {
  for (const condition of where) if (!passes(condition.test, fact[condition.attribute])) return condition;
  return undefined;
}

/** The values an interest could be filed under: one for equality, several for any-of, undefined for all else. */
export function exactValues(test: Condition['test']): Scalar | readonly Scalar[] | undefined {
  if (typeof test !== 'object') return test;
  const operator = test as Operator;
  return operator.op === 'anyOf' ? operator.of : undefined;
}
