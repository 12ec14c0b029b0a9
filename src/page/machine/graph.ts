/** A chart as a graph that a layout engine can place: states as nested boxes, transitions as labelled edges. */
import type { ChartView, StateNodeView, TransitionView } from '../../insight/model.ts';

/** What is drawn from one state to another: all transitions between them share an arrow. */
export interface Edge {
  readonly key: string;
  /** Paths; the initial dot of a compound state is its path with `#initial` behind it. */
  readonly source: string;
  readonly target: string;
  readonly transitions: readonly TransitionView[];
  /** Lines beside the arrow. */
  readonly lines: readonly string[];
}

/** The part of an ELK graph that is given to it, and comes back with places (`x`, `y`, sections of edges). */
export interface GraphNode {
  readonly id: string;
  readonly width?: number;
  readonly height?: number;
  readonly labels?: readonly GraphLabel[];
  readonly layoutOptions?: Readonly<Record<string, string>>;
  readonly children?: GraphNode[];
  readonly edges?: GraphEdge[];
}
interface GraphLabel {
  readonly id: string;
  readonly text: string;
  readonly width: number;
  readonly height: number;
}
export interface GraphEdge {
  readonly id: string;
  readonly sources: string[];
  readonly targets: string[];
  readonly labels?: GraphLabel[];
}

export interface GraphWishes {
  /** `taken`: room for numbers alone; `all`: what leads along each arrow stands beside it. */
  readonly labels: 'none' | 'all';
  readonly direction: 'DOWN' | 'RIGHT';
}

/** Pixels of text: the page draws charts in these sizes. */
export const TEXT = { line: 15, state: 7.4, edge: 6.1, title: 30 } as const;
const MAX_LINES = 4;
const DOT = 9;
const INITIAL = '#initial';

/** Id of a state in the graph: the root's path is empty, which ELK takes for no id. */
export const idOf = (path: string): string => `s:${path}`;
export const pathOf = (id: string): string => id.slice(2);
export const isDot = (path: string): boolean => path.endsWith(INITIAL);

/** Every state of a chart, parents before children. */
export function statesOf(node: StateNodeView): readonly StateNodeView[] {
  return [node, ...node.children.flatMap(statesOf)];
}

/** The arrows of a chart; transitions that stay where they are have none. */
export function edgesOf(chart: ChartView): readonly Edge[] {
  const grouped = new Map<string, { source: string; target: string; transitions: TransitionView[] }>();
  for (const state of statesOf(chart.root)) {
    for (const [transition, target] of leading(state)) {
      const key = `${state.path}→${target}`;
      const found = grouped.get(key);
      if (found === undefined) grouped.set(key, { source: state.path, target, transitions: [transition] });
      else found.transitions.push(transition);
    }
  }
  const arrows = [...grouped].map(([key, edge]) => ({ key, ...edge, lines: linesOf(edge.transitions) }));
  const starts = statesOf(chart.root)
    .filter(({ initial }) => initial !== '')
    .map(({ path, initial }) => ({
      ...{ key: `${path}${INITIAL}→${initial}`, source: `${path}${INITIAL}`, target: initial },
      ...{ transitions: [], lines: [] },
    }));
  return [...starts, ...arrows];
}

/** What leads out of a state, once for each target: into parallel states there may be several. */
export const leading = ({ path, transitions }: StateNodeView): readonly (readonly [TransitionView, string])[] =>
  transitions.flatMap((transition) =>
    transition.target
      .split(' ')
      .filter((target) => target !== path)
      .map((target) => [transition, target] as const),
  );

/** `leg.answered [isAttended]`; what leads the same way under several guards is one line. */
function linesOf(transitions: readonly TransitionView[]): readonly string[] {
  const guards = new Map<string, string[]>();
  for (const { event, guard } of transitions) {
    const known = guards.get(event);
    if (known === undefined) guards.set(event, guard === '' ? [] : [guard]);
    else if (guard !== '') known.push(guard);
  }
  const lines = [...guards].map(([event, of]) => (of.length === 0 ? event : `${event} [${of.join(' or ')}]`));
  return lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES - 1), `${lines.length - MAX_LINES + 1} more`];
}

const LAYOUT = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.spacing.nodeNodeBetweenLayers': '34',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.edgeLabels.sideSelection': 'ALWAYS_DOWN',
} as const;

/** The graph of a chart, to be placed. */
export function graphOf(chart: ChartView, wishes: GraphWishes): GraphNode {
  return {
    id: 'graph',
    layoutOptions: { ...LAYOUT, 'elk.direction': wishes.direction },
    children: [boxOf(chart.root, chart.scenario, wishes)],
    edges: edgesOf(chart).map((edge) => ({
      id: edge.key,
      sources: [idOf(edge.source)],
      targets: [idOf(edge.target)],
      ...(wishes.labels === 'none' || edge.lines.length === 0 ? {} : { labels: [labelOf(edge)] }),
    })),
  };
}

function boxOf(state: StateNodeView, name: string, wishes: GraphWishes): GraphNode {
  const width = Math.ceil(name.length * TEXT.state) + 28;
  if (state.children.length === 0) return { id: idOf(state.path), width, height: 34 };
  const dot = state.initial === '' ? [] : [{ id: idOf(`${state.path}${INITIAL}`), width: DOT, height: DOT }];
  return {
    id: idOf(state.path),
    layoutOptions: {
      'elk.padding': `[top=${TEXT.title + 16},left=18,bottom=18,right=18]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width + 20},${TEXT.title + 40})`,
    },
    children: [...dot, ...state.children.map((child) => boxOf(child, child.name, wishes))],
  };
}

function labelOf({ key, lines }: Edge): GraphLabel {
  const longest = Math.max(...lines.map(({ length }) => length));
  return {
    id: `${key}:label`,
    text: lines.join('\n'),
    width: Math.ceil(longest * TEXT.edge) + 8,
    height: lines.length * TEXT.line,
  };
}
