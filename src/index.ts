/** The public door `callweave`: the language in which scenarios are written. */
export { type Birth, defineScenario, type Scenario } from '../machines/scenario.ts';
export type * from '../machines/vocabulary/binding.ts';
export { NO_FORWARDING, NO_PUSH } from '../machines/vocabulary/binding.ts';
export type * from '../machines/vocabulary/commands.ts';
export {
  type AnyOf,
  type Attribute,
  anyOf,
  type Condition,
  defineFact,
  detail,
  type Fact,
  type FactKind,
  type FactOf,
  flag,
  type Glob,
  glob,
  type Interest,
  integer,
  type Not,
  not,
  type Posted,
  type Range,
  type Raw,
  range,
  type Stamp,
  secret,
  type Test,
  text,
  type ValuesOf,
} from '../machines/vocabulary/descriptor.ts';
/** The facts of the service, each by its name … */
export * from '../machines/vocabulary/facts.ts';
/** … and all of them together. */
export * as facts from '../machines/vocabulary/facts.ts';
export * from '../machines/vocabulary/identity.ts';
