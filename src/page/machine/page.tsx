/** The charts of the service, and one of them with all that leads from state to state. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChartView } from '../../insight/model.ts';
import { Empty } from '../parts/empty.tsx';
import { ProblemNote } from '../parts/problem.tsx';
import { useResource } from '../resource.ts';
import { hrefs } from '../router.ts';
import { ChartPicture } from './chart-picture.tsx';
import { statesOf } from './graph.ts';
import { useDrawing } from './layout.ts';
import { StateCard } from './state-card.tsx';

export function MachinesPage(): JSX.Element {
  const { value: charts, problem } = useResource<readonly ChartView[]>('charts', 0);
  if (problem !== undefined) return <ProblemNote problem={problem} />;
  const own = charts?.filter(({ isOwn }) => isOwn) ?? [];
  const users = charts?.filter(({ isOwn }) => !isOwn) ?? [];
  return (
    <>
      <h1>Machines</h1>
      <p class="lead">
        Every call, leg, registration and scenario of this service is a statechart. These are the charts that it runs, drawn from
        their definitions.
      </p>
      {users.length === 0 ? null : <Gallery title="Your scenarios" charts={users} />}
      <Gallery title={users.length === 0 ? '' : "The service's own"} charts={own} />
    </>
  );
}

function Gallery({ title, charts }: { readonly title: string; readonly charts: readonly ChartView[] }): JSX.Element {
  return (
    <section class="gallery-part">
      {title === '' ? null : <h2>{title}</h2>}
      <div class="gallery" data-rows>
        {charts.map((chart) => (
          <Thumb key={chart.scenario} chart={chart} />
        ))}
      </div>
    </section>
  );
}

function Thumb({ chart }: { readonly chart: ChartView }): JSX.Element {
  const drawing = useDrawing(chart, { labels: 'none', direction: 'DOWN' });
  const count = statesOf(chart.root).filter(({ children }) => children.length === 0).length;
  return (
    <a class="card thumb" href={hrefs.machine(chart.scenario)} data-row>
      <span class="thumb-picture" aria-hidden="true">
        {drawing === undefined ? null : <ChartPicture chart={chart} drawing={drawing} />}
      </span>
      <strong>{chart.scenario}</strong>
      <span class="faint">
        {count} states{chart.startsOn.length === 0 ? '' : `, begins with ${chart.startsOn.join(' or ')}`}
      </span>
    </a>
  );
}

export function MachinePage({ scenario }: { readonly scenario: string }): JSX.Element {
  const { value: charts, problem } = useResource<readonly ChartView[]>('charts', 0);
  if (problem !== undefined) return <ProblemNote problem={problem} />;
  if (charts === undefined) return <p class="faint loading">Asking for the chart …</p>;
  const chart = charts.find((one) => one.scenario === scenario);
  if (chart !== undefined) return <Machine chart={chart} key={scenario} />;
  return (
    <Empty title={`No scenario here is named ${scenario}`}>
      <a href={hrefs.machines}>All machines</a>
    </Empty>
  );
}

/** Pixels from which on a chart is given all of the page's width. */
const WIDE = 900;

function Machine({ chart }: { readonly chart: ChartView }): JSX.Element {
  const [chosen, choose] = useState('');
  const [isFitted, setFitted] = useState(true);
  const drawing = useDrawing(chart, { labels: 'all', direction: 'DOWN' });
  const state = statesOf(chart.root).find(({ path }) => path === chosen) ?? chart.root;
  return (
    <>
      <p class="crumb">
        <a href={hrefs.machines}>Machines</a>
      </p>
      <h1>{chart.scenario}</h1>
      {chart.description === '' ? null : <p class="lead">{chart.description}</p>}
      <div class={drawing !== undefined && drawing.width > WIDE ? 'machine is-wide' : 'machine'}>
        <section class="card machine-card">
          <header>
            <span class="faint">{chart.startsOn.length === 0 ? '' : `Begins with ${chart.startsOn.join(' or ')}`}</span>
            <button type="button" class="quiet" onClick={() => setFitted(!isFitted)}>
              {isFitted ? 'Full size' : 'Fit'}
            </button>
          </header>
          <div class={`machine-picture${isFitted ? ' is-fitted' : ''}`}>
            {drawing === undefined ? (
              <p class="faint">Drawing …</p>
            ) : (
              <ChartPicture chart={chart} drawing={drawing} chosen={chosen} choose={choose} />
            )}
          </div>
        </section>
        <StateCard state={state} name={state.path === '' ? chart.scenario : state.path} choose={choose} />
      </div>
    </>
  );
}
