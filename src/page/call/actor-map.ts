/** The actors of a call and who of them told something to whom, as a graph that can be placed. */
import type { CallView } from '../../insight/model.ts';
import type { GraphNode } from '../machine/graph.ts';
import { bondsBy, type Telling } from './told.ts';

/** Two who told each other something. */
export interface Tie {
  readonly key: string;
  readonly ends: readonly [string, string];
  readonly count: number;
}

const WIDTH = 148;
const HEIGHT = 46;
const PORT_WIDTH = 74;
const PORT_HEIGHT = 30;

const isPort = (address: string): boolean => address.startsWith('port:');

/** The same whoever spoke. */
export const tieKey = (one: string, other: string): string => (one < other ? `${one}|${other}` : `${other}|${one}`);

/** Who is tied to whom over the whole call, so that the map stays as it is while one goes through its moments. */
export function tiesOf({ entries }: Pick<CallView, 'entries'>): readonly Tie[] {
  const ties = new Map<string, Tie>();
  for (const { from, to, count } of bondsBy(entries, Number.POSITIVE_INFINITY)) {
    const key = tieKey(from, to);
    const found = ties.get(key);
    ties.set(key, found === undefined ? { key, ends: [from, to], count } : { ...found, count: found.count + count });
  }
  return [...ties.values()];
}

/** Everybody on the map: the call's actors, and whoever else told them something or was told. */
export function placesOf(call: Pick<CallView, 'actors' | 'entries'>): readonly string[] {
  return [...new Set([...call.actors.map(({ address }) => address), ...tiesOf(call).flatMap(({ ends }) => ends)])];
}

export function mapGraph(call: Pick<CallView, 'actors' | 'entries'>): GraphNode {
  return {
    id: 'map',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.layered.spacing.nodeNodeBetweenLayers': '92',
      'elk.spacing.nodeNode': '22',
      'elk.spacing.edgeNode': '18',
      'elk.spacing.edgeEdge': '12',
      'elk.layered.considerModelOrder.strategy': 'PREFER_NODES',
      'elk.padding': '[top=16,left=10,bottom=16,right=10]',
    },
    children: placesOf(call).map((address) => ({
      id: address,
      width: isPort(address) ? PORT_WIDTH : WIDTH,
      height: isPort(address) ? PORT_HEIGHT : HEIGHT,
    })),
    edges: tiesOf(call).map(({ key, ends: [from, to] }) => ({ id: key, sources: [from], targets: [to] })),
  };
}

/** What is said at a moment along each tie. */
export function lightsOf(tellings: readonly Telling[]): ReadonlyMap<string, Telling> {
  return new Map(tellings.map((telling) => [tieKey(telling.from, telling.to), telling]));
}
