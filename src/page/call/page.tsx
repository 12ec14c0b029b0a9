/** One call: its story, its ladder, its charts and its journal, at whichever moment one looks at. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { CallView } from '../../insight/model.ts';
import { pathOf } from '../api.ts';
import { ProblemNote } from '../parts/problem.tsx';
import { useLive, useResource } from '../resource.ts';
import { replaceQuery, useRoute } from '../router.ts';
import { Charts } from './charts.tsx';
import { Drawer, type Shown } from './drawer.tsx';
import { Head } from './head.tsx';
import { Journal } from './journal.tsx';
import { type FactsShown, ladderOf } from './ladder.ts';
import { LadderPicture } from './ladder-picture.tsx';
import type { Moment } from './moments.ts';
import { type Playback, useMomentKeys, usePlayback } from './playback.ts';
import { Scrubber } from './scrubber.tsx';
import { Story } from './story.tsx';
import { Tabs } from './tabs.tsx';

/** A registration lives on after the calls that it takes part in. */
const SHARED = 'registration';

export function CallPage({ id }: { readonly id: string }): JSX.Element {
  const { value, problem, refresh } = useResource<CallView>(pathOf('calls', id), 0);
  const isGoingOn = value?.actors.some(({ endedAt, scenario }) => endedAt === null && scenario !== SHARED) === true;
  useLive(value !== undefined && isGoingOn ? pathOf('calls', value.call, 'live') : '', refresh);
  if (value !== undefined) return <CallArticle call={value} />;
  return problem === undefined ? <p class="faint loading">Asking for the call …</p> : <ProblemNote problem={problem} />;
}

const VIEWS = [
  ['ladder', 'Ladder'],
  ['charts', 'Charts'],
  ['journal', 'Journal'],
] as const;
type View = (typeof VIEWS)[number][0];

function CallArticle({ call }: { readonly call: CallView }): JSX.Element {
  const route = useRoute();
  const view = VIEWS.find(([name]) => name === route.query.view)?.[0] ?? 'ladder';
  const playback = usePlayback(call);
  useMomentKeys(playback);
  const [shown, show] = useState<Shown>();
  const entry = call.entries.find(({ n }) => n === playback.moment.n);
  return (
    <article class={shown === undefined ? 'call' : 'call has-drawer'}>
      <Head call={call} />
      <div class="call-body">
        <section class="card story-card" aria-labelledby="story-title">
          <h2 id="story-title">What happened</h2>
          <Story call={call} moment={playback.moment} goTo={playback.goTo} />
        </section>
        <section class="card views">
          <Tabs
            names={VIEWS}
            chosen={view}
            label="How the call is shown"
            choose={(name) => replaceQuery(route, { view: name === 'ladder' ? '' : name })}
          />
          <div id={`panel-${view}`} role="tabpanel" aria-labelledby={`tab-${view}`}>
            <Panel {...{ view, call, playback, entry, shown, show }} />
          </div>
        </section>
      </div>
      <Scrubber call={call} playback={playback} entry={entry} />
      {shown === undefined ? null : <Drawer call={call} shown={shown} show={show} />}
    </article>
  );
}

interface PanelParts {
  readonly view: View;
  readonly call: CallView;
  readonly playback: Playback;
  readonly entry: CallView['entries'][number] | undefined;
  readonly shown: Shown | undefined;
  readonly show: (shown: Shown | undefined) => void;
}

function Panel({ view, call, playback, entry, shown, show }: PanelParts): JSX.Element {
  const { moment, goTo } = playback;
  if (view === 'charts') return <Charts {...{ call, moment, entry, goTo }} />;
  if (view === 'journal') return <Journal {...{ call, moment, shown, show }} />;
  return <LadderPanel {...{ call, playback, shown, show }} />;
}

/** Messages may follow the last entry: an ACK of a refusal tells no chart anything. */
const LATEST: Moment = { n: Number.POSITIVE_INFINITY, at: Number.POSITIVE_INFINITY };

const FACTS: readonly (readonly [FactsShown, string])[] = [
  ['none', 'No facts'],
  ['some', 'Telling facts'],
  ['all', 'All facts and commands'],
];

function LadderPanel({ call, playback, shown, show }: Omit<PanelParts, 'view' | 'entry'>): JSX.Element {
  const [facts, setFacts] = useState<FactsShown>('some');
  const ladder = useMemo(() => ladderOf(call, facts), [call, facts]);
  return (
    <>
      <div class="ladder-wishes">
        <label>
          <span class="visually-hidden">Facts</span>
          <select value={facts} onChange={(event) => setFacts((event.currentTarget as HTMLSelectElement).value as FactsShown)}>
            {FACTS.map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {call.messagesCut === 0 ? null : <span class="faint">{call.messagesCut} messages were not kept</span>}
      </div>
      <LadderPicture {...{ call, ladder, shown, show }} moment={playback.isLatest ? LATEST : playback.moment} />
    </>
  );
}
