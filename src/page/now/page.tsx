/** What happens now: numbers, and tables of what lives. */
import type { JSX } from 'preact';
import type { Now } from '../../insight/model.ts';
import { length } from '../format.ts';
import { useNow } from '../heart.tsx';
import type { Route } from '../router.ts';
import { Calls } from './calls.tsx';
import { Cases } from './cases.tsx';
import { health, Numbers } from './numbers.tsx';
import { Streams } from './streams.tsx';
import { type Tab, Tabs, tabOf } from './tabs.tsx';
import { Users } from './users.tsx';

type TableOf = (props: { readonly route: Route; readonly now: Now }) => JSX.Element;
const TABLES: Readonly<Record<Tab, TableOf>> = { calls: Calls, users: Users, streams: Streams, cases: Cases };

export function NowPage({ route }: { readonly route: Route }): JSX.Element {
  const now = useNow();
  if (now === undefined) return <p class="faint">Asking the service…</p>;
  const tab = tabOf(route);
  const TableOfTab = TABLES[tab];
  return (
    <>
      <header class="title">
        <h1>Now</h1>
        <p class="faint number">
          up for {length(now.at - now.startedAt)} · {health(now)}
        </p>
      </header>
      <Numbers now={now} />
      <Tabs route={route} now={now} />
      <TableOfTab key={tab} route={route} now={now} />
    </>
  );
}
