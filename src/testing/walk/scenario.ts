import type { Scenario } from '../../../machines/scenario.ts';
import type { AnyFact } from '../../engine/port.ts';
import type { WalkWorld } from './engine.ts';
import type { Said, WalkRule } from './rule.ts';
import { type Surroundings, type Walks, walk } from './walk.ts';

/** One scenario alone: what gives birth to its case, and what may come then. */
export interface ScenarioWalk {
  readonly born: AnyFact;
  /** Facts of bindings, `current` where the scenario asks for it. */
  readonly bindings?: readonly AnyFact[];
  readonly settings?: unknown;
  /** Each may come at any time, and again. */
  readonly facts: readonly AnyFact[];
  readonly rules?: readonly WalkRule[];
  /** Facts and deadlines on one walk. */
  readonly depth: number;
  readonly maxStates?: number;
}

/** Commands that may come back from one place. */
const MAX_REFUSALS = 8;
type Given = readonly (readonly [author: string, command: string, addressee: string])[];

/** Commands of the latest step, which may come back: nobody takes them here. */
function take(given: Given, { type, to, by }: Said): Given {
  if (typeof to === 'string') return [...given, [by, type, to] as const].slice(-MAX_REFUSALS);
  // What comes from outside begins another step.
  return by === 'port:sip' ? [] : given;
}

const refusals = (given: Given): AnyFact[] =>
  given.map(
    ([author, command, addressee]) =>
      ({ type: 'command.refused', author, command, addressee, why: 'nobody is there' }) as unknown as AnyFact,
  );

/**
 * Walks a scenario through every order of facts, deadlines and refusals of its commands up to a depth. The rules are held
 * after every step, and from every world once time has run out.
 */
export function walkScenario(scenario: Scenario, how: ScenarioWalk): Walks {
  const { born, bindings = [], settings = scenario.settings?.({}) ?? {}, facts, rules = [], depth, maxStates } = how;
  const takesRefusals = scenario.machine.events.includes('command.refused');
  const may = (given: Given, { actors }: WalkWorld): readonly AnyFact[] => {
    if (actors.length === 0) return [];
    return takesRefusals ? [...facts, ...refusals(given)] : facts;
  };
  const surroundings = { start: [], take: takesRefusals ? take : (given: Given) => given, may };
  return walk({
    scenarios: [{ scenario, settings }],
    before: [...bindings, born],
    surroundings: surroundings as unknown as Surroundings<unknown>,
    rules,
    depth,
    isEndless: Object.hasOwn(scenario.unbounded ?? {}, scenario.machine.id),
    ...(maxStates === undefined ? {} : { maxStates }),
  });
}
