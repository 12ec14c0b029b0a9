import type { Scenario } from '../../machines/scenario.ts';
import type { AnyKind } from '../engine/catalogue.ts';

/** What a file of scenarios brings. */
export interface Brought {
  readonly scenarios: readonly Scenario[];
  readonly facts: readonly AnyKind[];
}

/** What is wrong with what a file exports. */
export interface Lack {
  readonly lack: string;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Whether `defineScenario` made it, as far as can be seen. */
const isScenario = (value: unknown): value is Scenario =>
  isObject(value) &&
  typeof value.name === 'string' &&
  Array.isArray(value.startsOn) &&
  typeof value.listensTo === 'function' &&
  isObject(value.machine);

/** Whether `defineFact` made it, as far as can be seen. */
const isKind = (value: unknown): value is AnyKind =>
  typeof value === 'function' && 'fact' in value && 'shape' in value && typeof value.fact === 'string' && isObject(value.shape);

const NAME = /^[a-z][a-zA-Z0-9-]{0,63}$/;
const WRITE = 'write export default defineScenario({ name, startsOn, listensTo, machine })';

/** The scenarios and kinds of facts among a module's exports; a scenario exported twice is one. */
export function broughtBy(module: Readonly<Record<string, unknown>>): Brought | Lack {
  if (!('default' in module)) return { lack: `it has no default export; ${WRITE}` };
  const defaults: readonly unknown[] = Array.isArray(module.default) ? module.default : [module.default];
  if (defaults.length === 0) return { lack: `its default export is an empty list; ${WRITE}` };
  const strange = defaults.find((value) => !isScenario(value));
  if (strange !== undefined) return { lack: `its default export is ${whatIs(strange)}; ${WRITE}` };
  const exported = Object.values(module);
  const scenarios = [...new Set([...defaults, ...exported].filter(isScenario))];
  const misnamed = scenarios.find(({ name }) => !NAME.test(name));
  if (misnamed !== undefined)
    return {
      lack: `the name ${JSON.stringify(misnamed.name.slice(0, 80))} is no name; write letters, digits and dashes, such as ring-back`,
    };
  return { scenarios, facts: [...new Set(exported.filter(isKind))] };
}

/** What somebody exported instead, so that the line says more than "wrong". */
function whatIs(value: unknown): string {
  if (isKind(value)) return `the fact ${value.fact} and not a scenario`;
  if (isObject(value) && 'config' in value && 'transition' in value) return 'a machine and not a scenario';
  if (isObject(value) && 'machine' in value) return 'a scenario that lacks name, startsOn or listensTo';
  return typeof value === 'object' ? 'an object that is no scenario' : `a ${typeof value} and no scenario`;
}
