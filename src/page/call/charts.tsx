/** The charts of a call's actors, lit as they were at a moment, with the way that each came. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ActorView, CallView, ChartView } from '../../insight/model.ts';
import type { JournalEntry } from '../../journal/format.ts';
import { ChartPicture } from '../machine/chart-picture.tsx';
import { useDrawing } from '../machine/layout.ts';
import { litAfter, type Stay, Ways } from '../machine/way.ts';
import { useResource } from '../resource.ts';
import { hrefs } from '../router.ts';
import { MapPicture } from './map-picture.tsx';
import { type Moment, staysBy } from './moments.ts';
import { actorName, sinceStart } from './words.ts';

interface ChartsParts {
  readonly call: CallView;
  readonly moment: Moment;
  readonly entry: JournalEntry | undefined;
  readonly goTo: (moment: Moment) => void;
}

const cardId = (address: string): string => `chart-${address}`;

export function Charts({ call, moment, entry, goTo }: ChartsParts): JSX.Element {
  const { value: charts } = useResource<readonly ChartView[]>('charts', 0);
  const byScenario = useMemo(() => new Map((charts ?? []).map((chart) => [chart.scenario, chart])), [charts]);
  const choose = (address: string): void => {
    const card = document.getElementById(cardId(address));
    card?.scrollIntoView({ behavior: 'smooth', block: 'start' });
    card?.focus({ preventScroll: true });
  };
  return (
    <>
      <MapPicture call={call} moment={moment} entry={entry} choose={choose} />
      <div class="charts">
        {call.actors.map((actor) => (
          <ActorChart
            key={actor.address}
            {...{ call, actor, moment, goTo }}
            chart={byScenario.get(actor.scenario)}
            isTold={entry?.heard?.includes(actor.address) === true}
          />
        ))}
      </div>
    </>
  );
}

interface ActorChartParts extends Pick<ChartsParts, 'call' | 'moment' | 'goTo'> {
  readonly actor: ActorView;
  readonly chart: ChartView | undefined;
  /** It hears the entry of the moment. */
  readonly isTold: boolean;
}

function ActorChart({ call, actor, chart, moment, goTo, isTold }: ActorChartParts): JSX.Element {
  const drawing = useDrawing(chart, { labels: 'none', direction: 'DOWN' });
  const ways = useMemo(() => chart && new Ways(chart), [chart]);
  const stays = useMemo(() => ways?.staysOf(actor.path) ?? [], [ways, actor]);
  const count = staysBy(actor, moment);
  const lit = useMemo(() => litAfter(stays, count), [stays, count]);
  const state = actor.path[count - 1]?.state ?? '';
  return (
    <section class={`actor${isTold ? ' is-told' : ''}${count === 0 ? ' unborn' : ''}`} id={cardId(actor.address)} tabIndex={-1}>
      <header>
        <h3>{actorName(call, actor.address)}</h3>
        <a class="faint mono" href={hrefs.machine(actor.scenario)} title="The chart with all that leads from state to state">
          {actor.address}
        </a>
        <span class="state mono">{state}</span>
      </header>
      {chart === undefined || drawing === undefined ? null : <ChartPicture chart={chart} drawing={drawing} lit={lit} />}
      <Way call={call} stays={stays} count={count} goTo={goTo} />
    </section>
  );
}

interface WayParts extends Pick<ChartsParts, 'call' | 'goTo'> {
  readonly stays: readonly Stay[];
  readonly count: number;
}

const Way = ({ call, stays, count, goTo }: WayParts): JSX.Element => (
  <ol class="way">
    {stays.map(({ number, visit }) => (
      <li key={number} class={number > count ? 'later' : number === count ? 'now' : ''}>
        <button type="button" class="quiet" onClick={() => goTo(visit)}>
          <span class="step-number">{number}</span>
          <span class="mono">{visit.state}</span>
          <span class="faint">{eventOf(visit.event)}</span>
          <span class="faint number">{sinceStart(call, visit.at)}</span>
        </button>
      </li>
    ))}
  </ol>
);

/** `after ringLimit` of `xstate.after.ringLimit.call.ringing`. */
const eventOf = (event: string): string => {
  const delay = /^xstate\.after\.([^.]+)/.exec(event)?.[1];
  if (delay === undefined) return event;
  return /^\d+$/.test(delay) ? 'a moment later' : `after ${delay}`;
};
