/** A chart that was placed, as what is to be drawn: boxes and arrows in pixels. */
import type { ChartView, StateNodeView } from '../../insight/model.ts';
import { type Edge, edgesOf, type GraphNode, isDot, pathOf, statesOf } from './graph.ts';

export interface Box {
  readonly path: string;
  readonly name: string;
  /** `dot`: where a compound state begins. */
  readonly kind: StateNodeView['type'] | 'dot';
  readonly depth: number;
  readonly description: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Arrow {
  readonly edge: Edge;
  readonly points: readonly Point[];
  /** Upper left corner of its lines of text; undefined where they are not drawn. */
  readonly text: Point | undefined;
  /** Where a number finds room on it. */
  readonly middle: Point;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Parents before children, so that these lie above them. */
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** A graph as the layout engine gives it back; what it leaves out is 0. */
export interface Placed extends Omit<GraphNode, 'children' | 'edges'> {
  readonly x?: number;
  readonly y?: number;
  readonly children?: readonly Placed[];
  readonly edges?: readonly PlacedEdge[];
}
interface PlacedEdge {
  readonly id: string;
  readonly sections?: readonly { readonly startPoint: Point; readonly endPoint: Point; readonly bendPoints?: readonly Point[] }[];
  readonly labels?: readonly Partial<Point>[];
}

/** What is drawn of a chart that was placed. */
export function drawingOf(chart: ChartView, placed: Placed): Drawing {
  const states = new Map(statesOf(chart.root).map((state) => [state.path, state]));
  const edges = new Map(edgesOf(chart).map((edge) => [edge.key, edge]));
  const boxes = (placed.children ?? []).flatMap((child) => boxesOf(child, 0, states, chart.scenario));
  const arrows = allEdges(placed).flatMap((each) => {
    const edge = edges.get(each.id);
    const points = (each.sections ?? []).flatMap(({ startPoint, bendPoints, endPoint }) => [
      startPoint,
      ...(bendPoints ?? []),
      endPoint,
    ]);
    if (edge === undefined || points.length < 2) return [];
    const label = each.labels?.[0];
    const text = label === undefined ? undefined : { x: label.x ?? 0, y: label.y ?? 0 };
    return [{ edge, points, text, middle: middleOf(points) }];
  });
  return { width: Math.ceil(placed.width ?? 0), height: Math.ceil(placed.height ?? 0), boxes, arrows };
}

function boxesOf(node: Placed, depth: number, states: ReadonlyMap<string, StateNodeView>, title: string): Box[] {
  const path = pathOf(node.id);
  const state = states.get(path);
  const box: Box = {
    ...{ path, depth, x: node.x ?? 0, y: node.y ?? 0, width: node.width ?? 0, height: node.height ?? 0 },
    name: path === '' ? title : (state?.name ?? ''),
    kind: isDot(path) ? 'dot' : (state?.type ?? 'atomic'),
    description: state?.description ?? '',
  };
  return [box, ...(node.children ?? []).flatMap((child) => boxesOf(child, depth + 1, states, title))];
}

const allEdges = (node: Placed): readonly PlacedEdge[] => [
  ...(node.edges ?? []),
  ...(node.children ?? []).flatMap((child) => allEdges(child)),
];

/** The point half way along. */
function middleOf(points: readonly Point[]): Point {
  const lengths = points.slice(1).map((to, n) => distance(points[n] ?? to, to));
  let left = lengths.reduce((sum, length) => sum + length, 0) / 2;
  for (const [n, length] of lengths.entries()) {
    const [from, to] = [points[n], points[n + 1]];
    if (from === undefined || to === undefined) break;
    if (left <= length) {
      const share = length === 0 ? 0 : left / length;
      return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
    }
    left -= length;
  }
  return points[0] ?? { x: 0, y: 0 };
}

const distance = (from: Point, to: Point): number => Math.hypot(to.x - from.x, to.y - from.y);

const CORNER = 6;

/** An arrow as the `d` of an SVG path, with rounded corners. */
export function pathData(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = [`M${at(first)}`];
  let before = first;
  for (const [n, point] of rest.entries()) {
    const next = rest[n + 1];
    if (next === undefined) {
      parts.push(`L${at(point)}`);
      break;
    }
    parts.push(`L${at(towards(point, before))}`, `Q${at(point)} ${at(towards(point, next))}`);
    before = point;
  }
  return parts.join('');
}

const HEAD = 7;

/** The head of an arrow as the `d` of an SVG path. */
export function headData(points: readonly Point[]): string {
  const [end, before] = [points.at(-1), points.at(-2)];
  if (end === undefined || before === undefined) return '';
  const length = distance(end, before) || 1;
  const [x, y] = [((before.x - end.x) / length) * HEAD, ((before.y - end.y) / length) * HEAD];
  const side = (sign: number): Point => ({ x: end.x + x - sign * y * 0.5, y: end.y + y + sign * x * 0.5 });
  return `M${at(end)}L${at(side(1))}L${at(side(-1))}Z`;
}

/** A point shortly before a corner on the way there. */
function towards(corner: Point, other: Point): Point {
  const length = distance(corner, other);
  const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return { x: corner.x + (other.x - corner.x) * share, y: corner.y + (other.y - corner.y) * share };
}

const at = ({ x, y }: Point): string => `${x.toFixed(1)},${y.toFixed(1)}`;
