/** The rules, in the order in which their findings are told. */
export const RULES = [
  'drawn',
  'filters',
  'interests',
  'heard',
  'bounded',
  'reachable',
  'kept-open',
  'pushed',
  'emitted',
  'runs',
] as const;
export type RuleName = (typeof RULES)[number];

/** What is wrong with a scenario, in one place of it. */
export interface Finding {
  readonly rule: RuleName;
  /** A `warning` is something to look at; a `fault` is one to mend. */
  readonly level: 'fault' | 'warning';
  readonly scenario: string;
  /** The state, empty where it is the scenario's as a whole. */
  readonly place: string;
  readonly says: string;
  /** What to write to mend it. */
  readonly fix: string;
}

/** A finding in one line: scenario, state, what is wrong, what to do. */
export const lineOf = ({ rule, level, scenario, place, says, fix }: Finding): string =>
  `${scenario}${place === '' ? '' : `, state "${place}"`}: ${says}; ${fix} [${level === 'warning' ? 'warning, ' : ''}${rule}]`;
