/** Places graphs by ELK, which is loaded when the first one is to be drawn, one after the other. */
import type { ELK } from 'elkjs/lib/elk-api.js';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ChartView } from '../../insight/model.ts';
import { after } from '../clock.ts';
import { type Drawing, drawingOf, type Placed } from './drawing.ts';
import { type GraphNode, type GraphWishes, graphOf } from './graph.ts';

/** Graphs that are kept as they were placed; all of them are thrown away when there are more. */
const MAX_KNOWN = 200;

const known = new Map<string, Promise<Placed>>();
let engine: Promise<ELK> | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Between two graphs the browser has its turn. */
const breath = (): Promise<void> => new Promise((resolve) => void after(0, resolve));

async function load(): Promise<ELK> {
  const { default: Engine } = await import('elkjs/lib/elk.bundled.js');
  return new Engine.default();
}

async function place(graph: GraphNode): Promise<Placed> {
  engine ??= load();
  const placed = await (await engine).layout(structuredClone(graph) as Parameters<ELK['layout']>[0]);
  await breath();
  return placed as unknown as Placed;
}

function placed(graph: GraphNode): Promise<Placed> {
  const key = JSON.stringify(graph);
  const found = known.get(key);
  if (found !== undefined) return found;
  const next = last.then(() => place(graph));
  last = next.catch(() => undefined);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, next);
  return next;
}

/** A graph as it was placed; the one before stays until the next is ready. */
export function usePlaced(graph: GraphNode | undefined): Placed | undefined {
  const [value, setValue] = useState<Placed>();
  useEffect(() => {
    if (graph === undefined) return;
    let isGone = false;
    void placed(graph).then((done) => void (isGone || setValue(done)));
    return () => {
      isGone = true;
    };
  }, [graph]);
  return value;
}

/** The drawing of a chart, once it is placed. */
export function useDrawing(chart: ChartView | undefined, { labels, direction }: GraphWishes): Drawing | undefined {
  const graph = useMemo(() => chart && graphOf(chart, { labels, direction }), [chart, labels, direction]);
  const value = usePlaced(graph);
  return useMemo(() => (chart === undefined || value === undefined ? undefined : drawingOf(chart, value)), [chart, value]);
}
