/** A scenario's chart as it is drawn: its definition in words, read from the machine and never from code or contexts. */
import type { Scenario } from '../../machines/scenario.ts';
import type { ChartView, StateNodeView, TransitionView } from '../insight/model.ts';
import { actionNames, eventName, guardName } from './words.ts';

type Machine = Scenario['machine'];
type Node = Machine['root'];
type Transition = NonNullable<Node['always']>[number];

const known = new WeakMap<Scenario, ChartView>();

/** Draws a scenario; `isOwn`: it is one of the service's. A scenario is read once, since it never changes. */
export function chartOf(scenario: Scenario, isOwn: boolean): ChartView {
  const drawn = known.get(scenario);
  if (drawn?.isOwn === isOwn) return drawn;
  const { name, machine, startsOn } = scenario;
  const view: ChartView = {
    scenario: name,
    description: machine.root.description ?? '',
    isOwn,
    startsOn: [...new Set(startsOn.map(({ fact }) => fact))],
    root: stateOf(machine.root as Node, machine.implementations.delays),
  };
  known.set(scenario, view);
  return view;
}

const pathOf = ({ path }: Node): string => path.join('.');

function stateOf(node: Node, delays: Readonly<Record<string, unknown>>): StateNodeView {
  const initial = node.type === 'compound' ? (node.initial.target as readonly Node[] | undefined)?.[0] : undefined;
  const written = [...node.transitions.values()].flat() as readonly Transition[];
  return {
    path: pathOf(node),
    name: node.key,
    type: node.type,
    initial: initial === undefined ? '' : pathOf(initial),
    description: node.description ?? '',
    entry: actionNames(node.entry),
    exit: actionNames(node.exit),
    transitions: [...((node.always ?? []) as readonly Transition[]), ...written].map((one) => transitionOf(one, node, delays)),
    children: (Object.values(node.states) as Node[]).map((child) => stateOf(child, delays)),
  };
}

function transitionOf(transition: Transition, node: Node, delays: Readonly<Record<string, unknown>>): TransitionView {
  const { eventType, guard, actions, target, description } = transition;
  const targets = (target ?? []) as readonly Node[];
  return {
    event: eventName(eventType, node.id, delays),
    guard: guardName(guard),
    actions: actionNames(actions),
    target: targets.length === 0 ? pathOf(node) : targets.map(pathOf).join(' '),
    description: description ?? '',
  };
}
