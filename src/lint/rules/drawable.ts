/** Whether a chart can be drawn with words: names in its config, each of which means something. */

import { type Machine, type Node, nodesOf, placeOf, transitionsOf } from '../nodes.ts';
import type { Say } from '../rule.ts';
import type { Subject } from '../subject.ts';

/** These are computed for the chart and are no part of its picture. */
const COMPUTED: ReadonlySet<string> = new Set(['params', 'context', 'output', 'input']);
const KEY = /^[A-Za-z][A-Za-z0-9_-]*$/;
const SCENARIO_NAME = /^[a-z][a-zA-Z0-9-]{0,63}$/;

/** Where a function stands in a config. */
function inlineFunctions(value: unknown, path: string, within: ReadonlySet<unknown> = new Set()): string[] {
  if (typeof value === 'function') return [path];
  if (typeof value !== 'object' || value === null || within.has(value)) return [];
  const inside = new Set([...within, value]);
  return Object.entries(value).flatMap(([key, inner]) =>
    COMPUTED.has(key) ? [] : inlineFunctions(inner, path === '' ? key : `${path}.${key}`, inside),
  );
}

type Named = string | { readonly type?: string } | undefined;
const named = (one: unknown): string | undefined => (typeof one === 'string' ? one : (one as Named & object)?.type);
const namesOf = (all: readonly unknown[]): string[] =>
  all.map(named).filter((name) => name !== undefined && !name.startsWith('xstate.')) as string[];

/** What a state names: its own actions and those of its transitions, guards, delays. */
function namedBy(node: Node): Readonly<Record<'action' | 'guard' | 'delay', readonly string[]>> {
  const transitions = transitionsOf(node);
  return {
    action: namesOf([...node.entry, ...node.exit, ...transitions.flatMap(({ actions }) => actions as readonly unknown[])]),
    guard: namesOf(transitions.map(({ guard }) => guard)),
    delay: node.after.map(({ delay }) => delay).filter((delay) => typeof delay === 'string'),
  };
}

export function drawable({ scenario }: Subject, say: Say): void {
  const { machine, name } = scenario;
  for (const path of inlineFunctions(machine.config, ''))
    say(
      '',
      `a function stands in the chart's config at ${path}`,
      'give it a name in setup({ actions, guards, delays }) and write that name',
    );
  if (!SCENARIO_NAME.test(name))
    say('', `"${name}" is no name for a scenario`, 'write letters, digits and dashes, such as ring-back');
  sayUnknownNames(machine, say);
  sayOddKeys(machine, say);
}

function sayUnknownNames(machine: Machine, say: Say): void {
  const { actions, guards, delays } = machine.implementations;
  const known = { action: actions, guard: guards, delay: delays } as Readonly<Record<string, object>>;
  for (const node of nodesOf(machine.root))
    for (const [what, names] of Object.entries(namedBy(node)))
      for (const one of new Set(names))
        if (!Object.hasOwn(known[what] ?? {}, one))
          say(placeOf(node), `it names the ${what} "${one}", which is nowhere`, `write it in setup({ ${what}s: { ${one}: … } })`);
}

function sayOddKeys(machine: Machine, say: Say): void {
  const ids = new Set<string>();
  for (const node of nodesOf(machine.root)) {
    if (!KEY.test(node.key)) say(placeOf(node), `"${node.key}" is no name for a state`, 'use letters, digits, dashes');
    if (ids.has(node.id))
      say(placeOf(node), `two states have the id "${node.id}"`, 'leave the id out: each state has one of its own');
    ids.add(node.id);
  }
}
