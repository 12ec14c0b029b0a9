/** Which states a transition leaves and enters (SCXML's exit and entry sets), for machines without parallel and history states. */
import type { AnyStateMachine } from 'xstate';

export type Node = AnyStateMachine['root'];

/** A transition as it bears on states. */
export interface Course {
  readonly source: Node;
  /** None: it stays where it is. */
  readonly target: Node | undefined;
  readonly reenter: boolean;
}

/** What a transition does from one configuration. */
export interface Route {
  /** Deepest first. */
  readonly exited: readonly Node[];
  /** Outermost first. */
  readonly entered: readonly Node[];
  /** Of those entered: the ones whose initial transition is taken with them. */
  readonly byDefault: ReadonlySet<Node>;
  /** The configuration it ends in, the root first. */
  readonly nodes: readonly Node[];
}

/** A node and its ancestors, the root first. */
export function pathTo(node: Node): Node[] {
  const path: Node[] = [];
  for (let at: Node | undefined = node; at !== undefined; at = at.parent as Node | undefined) path.unshift(at);
  return path;
}

/** The initial state of a compound state, and so on down to an atomic one. */
export function initialBelow(node: Node): Node[] {
  const below: Node[] = [];
  for (let at = initialOf(node); at !== undefined; at = initialOf(at)) below.push(at);
  return below;
}

const initialOf = (node: Node): Node | undefined =>
  node.type === 'compound' ? (node.initial.target?.[0] as Node | undefined) : undefined;

/** Of an undefined ancestor everything is a descendant, the root too. */
const isBelow = (node: Node, ancestor: Node | undefined): boolean =>
  ancestor === undefined || (node !== ancestor && pathTo(node).includes(ancestor));

/** The state that the transition happens within; undefined if the root itself is left. */
function domainOf({ source, target, reenter }: Course): Node | undefined {
  if (target === undefined) return source;
  if (!reenter && (target === source || isBelow(target, source))) return source;
  const common = pathTo(target)
    .slice(0, -1)
    .findLast((ancestor) => isBelow(source, ancestor));
  if (common !== undefined || reenter) return common;
  return source.machine.root as Node;
}

const byOrder = (a: Node, b: Node): number => a.order - b.order;

/** The route of a transition from the configuration `nodes`, the root first. */
export function routeOf(course: Course, nodes: readonly Node[]): Route {
  const { source, target, reenter } = course;
  if (target === undefined) return { exited: [], entered: [], byDefault: new Set(), nodes };
  const domain = domainOf(course);
  const exited = nodes.filter((node) => isBelow(node, domain));
  const byDefault = new Set(initialBelow(target));
  const entered = new Set(byDefault);
  if (source !== target || source !== domain || reenter) {
    entered.add(target);
    byDefault.add(target);
  }
  for (const ancestor of pathTo(target).slice(0, -1)) if (isBelow(ancestor, domain)) entered.add(ancestor);
  const left = nodes.filter((node) => !exited.includes(node));
  return {
    exited: exited.toSorted(byOrder).reverse(),
    entered: [...entered].sort(byOrder),
    byDefault,
    nodes: [...new Set([...left, ...entered])].sort(byOrder),
  };
}
