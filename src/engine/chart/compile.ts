/** Makes a machine's tables, once; a machine that uses what the tables do not know has none. */
import type { AnyStateMachine, StateValue } from 'xstate';
import type { Chart, Guard, Leaf, Move } from './chart.ts';
import { resolveGuard } from './guard.ts';
import { FOREIGN, finalOp, type Op, resolveOp } from './op.ts';
import { initialBelow, type Node, pathTo, routeOf } from './route.ts';

type Transition = NonNullable<Node['always']>[number];
type Growing = Omit<Leaf, 'moves' | 'always'> & { readonly moves: Map<string, Move[]>; readonly always: Move[] };

/** A move from each leaf below a transition's source; a machine that wants more is not worth its tables. */
const MAX_MOVES = 50_000;
const compiled = new WeakMap<AnyStateMachine, Chart | string>();

/** A machine's tables, or why it has none, in a few words. */
export function chartOf(machine: AnyStateMachine): Chart | string {
  let known = compiled.get(machine);
  if (known === undefined) {
    known = compile(machine);
    compiled.set(machine, known);
  }
  return known;
}

function compile(machine: AnyStateMachine): Chart | string {
  const nodes = allBelow(machine.root as Node);
  const why = whyNotMachine(machine, nodes);
  if (why !== undefined) return why;
  try {
    return new Compiler(machine, nodes).chart();
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be read';
  }
}

function whyNotMachine(machine: AnyStateMachine, nodes: readonly Node[]): string | undefined {
  if (machine.root.type === 'final') return 'its root is final';
  // XState counts ids to keep states in the order of the document.
  if (new Set(nodes.map(({ id }) => id)).size < nodes.length) return 'two of its states have one id';
  for (const node of nodes) {
    const why = whyNotNode(node);
    if (why !== undefined) return `its state "${node.id}" ${why}`;
  }
  return undefined;
}

const allBelow = (node: Node): Node[] => [node, ...Object.values(node.states).flatMap((child) => allBelow(child as Node))];

function whyNotNode(node: Node): string | undefined {
  if (node.type === 'parallel' || node.type === 'history') return `is ${node.type}`;
  const children = Object.values(node.states);
  if (node.type !== 'compound' && children.length > 0) return `is ${node.type} and has states`;
  if (node.type === 'compound' && node.initial.target?.length !== 1) return 'has no initial state';
  if (node.invoke.length > 0) return 'invokes an actor';
  if (node.key.startsWith('#')) return 'has a name that reads as an id';
  const odd = [...node.transitions.keys()].find(isOdd);
  if (odd !== undefined) return `takes "${odd}"`;
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])] as Transition[];
  if (transitions.some(({ target }) => (target?.length ?? 0) > 1)) return 'goes to several states at once';
  if (transitions.some(({ guard }) => guard !== undefined && !guard)) return 'has an empty guard';
  return undefined;
}

/** Wildcards, and events that XState means something by. */
function isOdd(type: string): boolean {
  if (type === '*' || type.endsWith('.*')) return true;
  return type.startsWith('xstate.') && !type.startsWith('xstate.after.') && !type.startsWith('xstate.done.state.');
}

/** `{ a: { b: 'c' } }` of a root-first path. */
function stateValueOf(nodes: readonly Node[]): StateValue {
  const [leaf, ...above] = nodes.slice(1).reverse();
  if (leaf === undefined) return {};
  return above.reduce<StateValue>((value, { key }) => Object.freeze({ [key]: value }), leaf.key);
}

class Compiler {
  readonly #machine: AnyStateMachine;
  readonly #leaves = new Map<Node, Growing>();
  readonly #guards = new Map<unknown, Guard>();
  readonly #ops = new Map<unknown, Op>();
  readonly #chart: { -readonly [K in keyof Chart]: Chart[K] };
  #moves = 0;

  constructor(machine: AnyStateMachine, nodes: readonly Node[]) {
    this.#machine = machine;
    this.#chart = { machine } as Chart;
    for (const node of nodes) if (node.type !== 'compound') this.#leaves.set(node, this.#leaf(pathTo(node), this.#chart));
  }

  chart(): Chart {
    for (const [node, leaf] of this.#leaves) this.#fill(node, leaf);
    const root = this.#machine.root as Node;
    const entered = [root, ...initialBelow(root)];
    const ops = this.#entering(entered, new Set(entered));
    this.#chart.before = { ...this.#leaf([root], this.#chart), value: stateValueOf(entered) };
    this.#chart.birth = { guard: undefined, ops, to: this.#leafOf(entered), source: root.id };
    return Object.freeze(this.#chart);
  }

  #leaf(path: Node[], chart: Chart): Growing {
    const isLast = path.length === 2 && path[1]?.type === 'final';
    const nodes = isLast ? path.toReversed() : path;
    const tags = new Set(nodes.flatMap(({ tags }) => tags));
    return { chart, nodes, value: stateValueOf(path), tags, moves: new Map(), always: [] };
  }

  #leafOf(path: readonly Node[]): Growing {
    const leaf = this.#leaves.get(path.at(-1) as Node);
    if (leaf === undefined || leaf.nodes.length !== path.length) throw new Error('it is in no atomic state');
    return leaf;
  }

  #fill(node: Node, leaf: Growing): void {
    const path = pathTo(node);
    for (const state of path.toReversed()) {
      for (const transition of (state.always ?? []) as Transition[]) leaf.always.push(this.#move(transition, path));
      for (const [type, transitions] of state.transitions) {
        const moves = leaf.moves.get(type) ?? [];
        for (const transition of transitions as Transition[]) moves.push(this.#move(transition, path));
        leaf.moves.set(type, moves);
      }
    }
  }

  #move({ source, target, reenter, guard, actions }: Transition, path: readonly Node[]): Move {
    if (++this.#moves > MAX_MOVES) throw new Error('it has too many transitions');
    const [to] = (target ?? []) as Node[];
    const route = routeOf({ source: source as Node, target: to, reenter }, path);
    const exit = route.exited.flatMap((node) => node.exit);
    const ops = [...this.#resolved(exit), ...this.#resolved(actions), ...this.#entering(route.entered, route.byDefault)];
    return { guard: guard === undefined ? undefined : this.#guard(guard), ops, to: this.#leafOf(route.nodes), source: source.id };
  }

  #entering(entered: readonly Node[], byDefault: ReadonlySet<Node>): Op[] {
    const ops: Op[] = [];
    for (const node of entered) {
      ops.push(...this.#resolved(node.entry));
      if (byDefault.has(node) && node.type === 'compound') ops.push(...this.#resolved(node.initial.actions));
      if (node.type === 'final') ops.push(...this.#final(node));
    }
    return ops;
  }

  #final(node: Node): Op[] {
    const parent = node.parent as Node;
    const root = this.#machine.root as Node;
    const final = finalOp({
      done: `xstate.done.state.${parent.id}`,
      last: `xstate.done.state.${node.id}`,
      output: node.output,
      endsMachine: parent === root,
      machineOutput: root.output,
    });
    return parent === root ? [final, ...this.#resolved([...node.exit, ...root.exit])] : [final];
  }

  #resolved(actions: readonly unknown[]): Op[] {
    return actions.map((action) => {
      const op = this.#ops.get(action) ?? resolveOp(this.#machine, action);
      if (op.kind === FOREIGN) throw new Error('it does what only XState can');
      this.#ops.set(action, op);
      return op;
    });
  }

  #guard(guard: unknown): Guard {
    const known = this.#guards.get(guard) ?? resolveGuard(this.#machine, guard);
    this.#guards.set(guard, known);
    return known;
  }
}
