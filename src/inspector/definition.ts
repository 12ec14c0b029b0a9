/** Definitions of machines as the official inspector reads them. */
import type { Scenario } from '../../machines/scenario.ts';

type Machine = Scenario['machine'];

const known = new WeakMap<Machine, string>();

/** The machine's config as JSON, its functions by name; without the context that it begins with. Read once of each machine. */
export function definitionOf(machine: Machine): string {
  let text = known.get(machine);
  if (text === undefined) {
    const { context: _, ...config } = machine.config;
    text = JSON.stringify(config, (_key, value: unknown) => (typeof value === 'function' ? { type: value.name } : value));
    known.set(machine, text);
  }
  return text;
}

/** Of what is no chart, such as a port. */
export const definitionOfNothing = (name: string): string => JSON.stringify({ id: name });
