/** The public door `callweave`: the language in which scenarios are written. */
export { type Birth, defineScenario, type Scenario } from '../machines/scenario.ts';
export type { Command, Taken } from '../machines/vocabulary/commands.ts';
export {
  type AnyOf,
  anyOf,
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
  secret,
  text,
} from '../machines/vocabulary/descriptor.ts';
export * as facts from '../machines/vocabulary/facts.ts';
export type { Address } from '../machines/vocabulary/identity.ts';
