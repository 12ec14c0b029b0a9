/** What can be read of a machine without running it: its states and where they lead. */
import type { Scenario } from '../../machines/scenario.ts';

export type Machine = Scenario['machine'];
/** One state of a machine, with its parent and its children. */
export type Node = Machine['root'];
export type Transition = NonNullable<Node['always']>[number];

/** Every state of a chart, the root first. */
export const nodesOf = (node: Node): Node[] => [node, ...childrenOf(node).flatMap(nodesOf)];
export const childrenOf = (node: Node): Node[] => Object.values(node.states) as unknown as Node[];
/** A state and those around it, the innermost first. */
export function lineageOf(node: Node): Node[] {
  const lineage: Node[] = [];
  for (let at: Node | undefined = node; at !== undefined; at = at.parent as Node | undefined) lineage.push(at);
  return lineage;
}
export const isLeaf = (node: Node): boolean => childrenOf(node).length === 0;
export const leavesOf = (machine: Machine): Node[] => nodesOf(machine.root).filter(isLeaf);

/** All transitions of one state itself, those without an event too. */
export const transitionsOf = (node: Node): Transition[] => [
  ...([...node.transitions.values()].flat() as Transition[]),
  ...((node.always ?? []) as Transition[]),
];
export const targetsOf = ({ target }: Transition): readonly Node[] => (target ?? []) as Node[];

/** A final state, or one that is left in the step that enters it: nothing ever waits there. */
export const isPassing = (node: Node): boolean =>
  node.type === 'final' ||
  lineageOf(node).some(({ always }) => (always ?? []).some(({ guard, target }) => guard === undefined && target !== undefined));

/** Whether a state or one around it has a transition for an event, be it an empty one or behind a guard. */
export const takesEvent = (node: Node, type: string): boolean =>
  lineageOf(node).some(({ transitions }) => [...transitions.keys()].some((descriptor) => describes(descriptor, type)));

/** XState's event descriptors: `*` is any event, `call.*` any that begins so. */
export const describes = (descriptor: string, type: string): boolean =>
  descriptor === type || descriptor === '*' || (descriptor.endsWith('.*') && `${type}.`.startsWith(descriptor.slice(0, -1)));

/** The same state however often it is written: `ringing.trying`, without the machine's own name. */
export const placeOf = (node: Node): string => (node.path.length === 0 ? node.id : node.path.join('.'));

/** States entered with a target: itself, those around it, and what it leads to by default. */
function entered(target: Node): Node[] {
  const found = new Set<Node>();
  const down = (node: Node): void => {
    if (found.has(node)) return;
    found.add(node);
    if (node.type === 'compound') for (const first of targetsOf(node.initial as Transition)) down(first);
    if (node.type === 'parallel') childrenOf(node).forEach(down);
    // A history state stands for what is remembered, at first for its target or its parent's default.
    if (node.type === 'history') for (const other of childrenOf(node.parent as Node)) if (other.type !== 'history') down(other);
  };
  down(target);
  for (const around of lineageOf(target).slice(1)) {
    found.add(around);
    if (around.type === 'parallel')
      for (const region of childrenOf(around)) if (!lineageOf(target).includes(region)) down(region);
  }
  return [...found];
}

/** What can be reached from a state by transitions that `isLive` lets through; each guard may be either. */
export function reachFrom(from: Node, isLive: (descriptor: string) => boolean): ReadonlySet<Node> {
  const reached = new Set<Node>(from.parent === undefined ? entered(from) : lineageOf(from));
  for (const node of reached) {
    for (const [descriptor, transitions] of node.transitions)
      if (isLive(descriptor)) for (const one of transitions as Transition[]) enter(reached, one);
    for (const one of (node.always ?? []) as Transition[]) enter(reached, one);
  }
  return reached;
}

function enter(reached: Set<Node>, transition: Transition): void {
  for (const target of targetsOf(transition)) for (const node of entered(target)) reached.add(node);
}

type Value = string | { readonly [key: string]: Value | undefined };

/** Ids of the leaf states that a snapshot is in. */
export function leavesIn(snapshot: { readonly value: unknown; readonly machine: Machine } | undefined): string[] {
  const down = (node: Node, value: Value | undefined): string[] => {
    if (typeof value === 'string') {
      const child = node.states[value] as Node | undefined;
      return child === undefined ? [node.id] : [child.id];
    }
    const keys = Object.keys(value ?? {});
    if (keys.length === 0) return [node.id];
    return keys.flatMap((key) => {
      const child = node.states[key] as Node | undefined;
      return child === undefined ? [] : down(child, value?.[key]);
    });
  };
  return snapshot === undefined ? [] : down(snapshot.machine.root, snapshot.value as Value);
}
