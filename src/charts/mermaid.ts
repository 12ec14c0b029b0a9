/**
 * A chart as a mermaid state diagram (stateDiagram-v2). Events that may come and mean nothing are left out. What a state with
 * children does wherever it is, and where it leads within itself, stands in a box of its own: mermaid draws no arrow from a
 * state to what is in it.
 */
import type { ChartView, StateNodeView, TransitionView } from '../insight/model.ts';
import { MermaidIds } from './mermaid-ids.ts';
import { plainText, wrapped } from './mermaid-text.ts';

const INDENT = '  ';
const LINE_CHARACTERS = 48;
/** Of one box or arrow; what is more is counted. */
const MAX_LINES = 60;

/** Draws a chart; ends with a newline. */
export function mermaidOf({ root }: ChartView): string {
  const ids = new MermaidIds(root);
  const states = below(root);
  // Only a state can have regions.
  const lines = ['stateDiagram-v2', ...(root.type === 'parallel' ? drawn(root, ids, INDENT) : insideOf(root, ids, INDENT))];
  // After all states: an arrow that is written inside of one draws both its ends into it.
  lines.push(...arrowsOf(states, ids));
  const boxes = states.filter(hasBox).map(({ path }) => ids.boxOf(path));
  if (boxes.length > 0)
    lines.push(`${INDENT}classDef everywhere stroke-dasharray: 5 5`, `${INDENT}class ${boxes.join(',')} everywhere`);
  return `${lines.join('\n')}\n`;
}

const below = (state: StateNodeView): StateNodeView[] => [state, ...state.children.flatMap(below)];
const isWithin = (path: string, around: string): boolean => around === '' || path.startsWith(`${around}.`);

/** Whether it does something and stays. */
const isStaying = ({ path }: StateNodeView, { target, actions }: TransitionView): boolean =>
  target === path && actions.length > 0;
/** Whether it leads to a state that it is in: that begins anew, and no arrow can say so. */
const isOutward = ({ path }: StateNodeView, { target }: TransitionView): boolean => target !== path && isWithin(path, target);
/** Whether it leads from a state to what is in it. */
const isInward = ({ path }: StateNodeView, { target }: TransitionView): boolean => target !== path && isWithin(target, path);

/** Whether a state with children needs its box. */
const hasBox = (state: StateNodeView): boolean =>
  state.children.length > 0 &&
  (state.entry.length + state.exit.length > 0 ||
    state.transitions.some((one) => isStaying(state, one) || isInward(state, one) || isOutward(state, one)));

function insideOf(state: StateNodeView, ids: MermaidIds, indent: string): string[] {
  const lines: string[] = [];
  if (state.initial !== '') lines.push(`${indent}[*] --> ${ids.of(state.initial)}`);
  if (hasBox(state)) {
    lines.push(...boxed(ids.boxOf(state.path), 'in every state', saidOf(state), indent));
  }
  state.children.forEach((child, n) => {
    // Regions that are entered together.
    if (n > 0 && state.type === 'parallel') lines.push(`${indent}--`);
    lines.push(...drawn(child, ids, indent));
  });
  return lines;
}

function drawn(state: StateNodeView, ids: MermaidIds, indent: string): string[] {
  const id = ids.of(state.path);
  if (state.children.length === 0) {
    const final = state.type === 'final' ? [`${indent}${id} --> [*]`] : [];
    const name = state.type === 'history' ? `${state.name} (where it was last)` : state.name;
    return [...boxed(id, name, [...wrapped(state.description, LINE_CHARACTERS), ...saidOf(state)], indent), ...final];
  }
  return [`${indent}state "${plainText(state.name)}" as ${id} {`, ...insideOf(state, ids, indent + INDENT), `${indent}}`];
}

const boxed = (id: string, name: string, said: readonly string[], indent: string): string[] => [
  `${indent}state "${plainText(name)}" as ${id}`,
  ...bounded(said).map((line) => `${indent}${id} : ${plainText(line)}`),
];

/** `entry / open`, `leg.ringing [isDropped] / ring`. */
function saidOf(state: StateNodeView): string[] {
  const staying = state.transitions.filter((one) => isStaying(state, one));
  const outward = state.transitions.filter((one) => isOutward(state, one));
  return [
    ...(state.entry.length === 0 ? [] : [`entry / ${state.entry.join(', ')}`]),
    ...staying.map((one) => `${eventOf(one)} / ${one.actions.join(', ')}`),
    ...outward.map((one) => `${eventOf(one)} → ${one.target === '' ? 'the beginning' : one.target}`),
    ...(state.exit.length === 0 ? [] : [`exit / ${state.exit.join(', ')}`]),
  ];
}

const eventOf = ({ event, guard }: TransitionView): string => (guard === '' ? event : `${event} [${guard}]`);

/** What leads from one box to another, and what its label says beside the event. */
interface Way {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/**
 * Between two states that stand side by side: of what begins or ends further inside, the label says where. mermaid cannot lay
 * out a state well of whose inside an arrow leads out.
 */
function wayOf(transition: TransitionView, from: string, to: string, ids: MermaidIds): Way {
  const [a, b] = [stepsOf(from), stepsOf(to)];
  const differs = a.findIndex((name, n) => name !== b[n]);
  const shared = differs < 0 ? a.length : differs;
  const begins = a.slice(shared + 1).join('.');
  const ends = b.slice(shared + 1).join('.');
  return {
    from: differs < 0 ? ids.boxOf(from) : ids.of(a.slice(0, shared + 1).join('.')),
    to: ids.of(b.slice(0, shared + 1).join('.')),
    label: `${begins === '' ? '' : `${begins}: `}${eventOf(transition)}${ends === '' ? '' : ` → ${ends}`}`,
  };
}

const stepsOf = (path: string): readonly string[] => (path === '' ? [] : path.split('.'));

/** One arrow for each state that it leads to, with all events that lead there. */
function arrowsOf(states: readonly StateNodeView[], ids: MermaidIds): string[] {
  const arrows = new Map<string, string[]>();
  for (const state of states)
    for (const transition of state.transitions)
      for (const target of ids.targetsOf(transition).filter((path) => path !== state.path && !isWithin(state.path, path))) {
        const { from, to, label } = wayOf(transition, state.path, target, ids);
        const arrow = `${INDENT}${from} --> ${to}`;
        arrows.set(arrow, [...(arrows.get(arrow) ?? []), label]);
      }
  return [...arrows].map(([arrow, labels]) => `${arrow} : ${bounded(labels).map(plainText).join('<br/>')}`);
}

const bounded = (lines: readonly string[]): readonly string[] =>
  lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES), `and ${lines.length - MAX_LINES} more`];
