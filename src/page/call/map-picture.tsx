/** The map of a call: its actors with their states, and the arrow of what is told at the moment. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { CallView } from '../../insight/model.ts';
import type { JournalEntry } from '../../journal/format.ts';
import { headData, type Placed, type Point, pathData } from '../machine/drawing.ts';
import { usePlaced } from '../machine/layout.ts';
import { pressable } from '../machine/pressable.ts';
import { lightsOf, mapGraph, tieKey, tiesOf } from './actor-map.ts';
import { type Moment, staysBy } from './moments.ts';
import { bondsBy, tellingsOf } from './told.ts';
import { actorName } from './words.ts';

interface MapParts {
  readonly call: CallView;
  readonly moment: Moment;
  readonly entry: JournalEntry | undefined;
  /** Goes to the chart of an actor. */
  readonly choose: (address: string) => void;
}

export function MapPicture({ call, moment, entry, choose }: MapParts): JSX.Element | null {
  const graph = useMemo(() => mapGraph(call), [call]);
  const ties = useMemo(() => new Map(tiesOf(call).map((tie) => [tie.key, tie])), [call]);
  const placed = usePlaced(graph);
  const lights = lightsOf(entry === undefined ? [] : tellingsOf(entry));
  const told = new Set(bondsBy(call.entries, moment.n).map(({ from, to }) => tieKey(from, to)));
  if (placed === undefined) return null;
  const edges = (placed.edges ?? []).map((edge) => ({ edge, light: lights.get(edge.id), tie: ties.get(edge.id) }));
  return (
    <div class="map-frame">
      <svg class="map" viewBox={`0 0 ${placed.width ?? 0} ${placed.height ?? 0}`} width={placed.width} height={placed.height}>
        <title>Who told whom</title>
        {edges.map(({ edge, tie }) => (
          <path key={edge.id} class={`tie${told.has(edge.id) ? ' told' : ''}`} d={pathData(pointsOf(edge))}>
            <title>{tie === undefined ? '' : `${tie.count} facts and commands`}</title>
          </path>
        ))}
        {edges.map(({ edge, light, tie }) => {
          if (light === undefined || tie === undefined) return null;
          const points = light.from === tie.ends[0] ? pointsOf(edge) : pointsOf(edge).toReversed();
          return (
            <g key={`${edge.id} lit`} class={`light ${light.kind}`}>
              <path class="shaft" d={pathData(points)} />
              <path class="head" d={headData(points)} />
            </g>
          );
        })}
        {(placed.children ?? []).map((node) => (
          <Actor key={node.id} call={call} node={node} moment={moment} isHeard={isHeard(lights, node.id)} choose={choose} />
        ))}
      </svg>
    </div>
  );
}

const isHeard = (lights: ReturnType<typeof lightsOf>, address: string): boolean =>
  [...lights.values()].some(({ from, to }) => from === address || to === address);

type PlacedEdge = NonNullable<Placed['edges']>[number];

const pointsOf = ({ sections = [] }: PlacedEdge): readonly Point[] =>
  sections.flatMap(({ startPoint, bendPoints, endPoint }) => [startPoint, ...(bendPoints ?? []), endPoint]);

interface ActorParts extends Pick<MapParts, 'call' | 'moment' | 'choose'> {
  readonly node: Placed;
  readonly isHeard: boolean;
}

function Actor({ call, node, moment, isHeard: isLit, choose }: ActorParts): JSX.Element {
  const { id, x = 0, y = 0, width = 0, height = 0 } = node;
  const actor = call.actors.find(({ address }) => address === id);
  const lit = isLit ? ' is-lit' : '';
  if (actor === undefined) {
    return (
      <g class={`map-port${lit}`}>
        <rect x={x} y={y} width={width} height={height} rx={height / 2} />
        <text x={x + width / 2} y={y + height / 2 + 4.5} text-anchor="middle">
          {shortened(actorName(call, id), width)}
        </text>
      </g>
    );
  }
  const visit = actor.path[staysBy(actor, moment) - 1];
  const isOver = actor.endedAt !== null && actor.path.at(-1) === visit && moment.at >= actor.endedAt;
  return (
    <g
      class={`map-actor${lit}${visit === undefined ? ' unborn' : isOver ? ' over' : ''}`}
      {...pressable(`${actorName(call, id)}: ${visit?.state ?? 'not born yet'}`, () => choose(id))}
    >
      <title>{id}</title>
      <rect x={x} y={y} width={width} height={height} rx={8} />
      <text class="name" x={x + width / 2} y={y + 19} text-anchor="middle">
        {shortened(actorName(call, id), width)}
      </text>
      <text class="state" x={x + width / 2} y={y + 35} text-anchor="middle">
        {shortened(visit?.state ?? '', width)}
      </text>
    </g>
  );
}

const shortened = (text: string, width: number): string => {
  const room = Math.floor((width - 12) / 6.6);
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
};
