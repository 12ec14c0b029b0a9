/** Which events can reach a chart at all. */
import { ADDRESSEE } from '../../machines/vocabulary/commands.ts';
import { commandRefused } from '../../machines/vocabulary/facts.ts';
import { describes, type Machine } from './nodes.ts';
import type { Subject } from './subject.ts';

/** Text of everything that a chart's actions and delays say, in which the events that it raises itself stand by name. */
function textOf(machine: Machine): string {
  const parts = Object.values(machine.implementations.actions).flatMap((action) => {
    const { event, collect, assignment } = action as { event?: unknown; collect?: unknown; assignment?: unknown };
    return [action, event, collect, assignment].map((part) => (typeof part === 'object' ? JSON.stringify(part) : String(part)));
  });
  return parts.join('\n');
}

/** Whether it raises the event: its name stands between quotes in one of its actions. */
function raises(text: string, type: string): boolean {
  return [`'${type}'`, `"${type}"`, `\`${type}\``].some((quoted) => text.includes(quoted));
}

/** Tells of each event descriptor of a chart whether anything that it describes can come. */
export function liveEvents({ scenario, heard }: Subject): (descriptor: string) => boolean {
  const text = textOf(scenario.machine);
  const known = [...heard, ...Object.keys(ADDRESSEE), commandRefused.fact];
  const live = new Map<string, boolean>();
  return (descriptor) => {
    let is = live.get(descriptor);
    if (is === undefined) {
      is = descriptor.startsWith('xstate.') || known.some((type) => describes(descriptor, type)) || raises(text, descriptor);
      live.set(descriptor, is);
    }
    return is;
  };
}
