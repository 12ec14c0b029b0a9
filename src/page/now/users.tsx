/** Who can be reached, and by how many phones. */
import type { JSX } from 'preact';
import type { Now, UserRow } from '../../insight/model.ts';
import { bareAddress, counted } from '../format.ts';
import { Badge } from '../parts/badge.tsx';
import { Empty } from '../parts/empty.tsx';
import type { Column } from '../parts/table.tsx';
import { In } from '../parts/when.tsx';
import { hrefs, type Route } from '../router.ts';
import { ListingTable } from './listing.tsx';

const COLUMNS: readonly Column<UserRow>[] = [
  {
    name: 'User',
    look: 'who',
    cell: ({ user, aor }) => (
      <>
        {user} <span class="faint aor">{bareAddress(aor)}</span>
      </>
    ),
  },
  { name: 'How', look: 'how', cell: (row) => <Reach row={row} /> },
  {
    name: 'Phones',
    look: 'why',
    cell: ({ awake, asleep }) =>
      [awake > 0 ? `${awake} awake` : '', asleep > 0 ? `${asleep} asleep` : ''].filter((text) => text !== '').join(', ') ||
      'none',
  },
  { name: 'Runs out', look: 'when', cell: ({ expiresAt }) => (expiresAt === null ? '' : <In at={expiresAt} />) },
  { name: 'Calls', look: 'lasted number', cell: ({ calls }) => (calls === 0 ? '' : counted(calls, 'call')) },
];

/** Whether a call to the user would ring, wake a phone first, or reach nobody. */
export function Reach({ row: { awake, asleep } }: { readonly row: Pick<UserRow, 'awake' | 'asleep'> }): JSX.Element {
  if (awake > 0) return <Badge tone="good" text="Awake" title="A phone is connected" />;
  if (asleep > 0) return <Badge tone="accent" text="Asleep" title="A phone can be woken by push" />;
  return <Badge tone="off" text="Away" title="No phone is registered" />;
}

export function Users({ route }: { readonly route: Route; readonly now: Now }): JSX.Element {
  return (
    <ListingTable<UserRow>
      route={route}
      path="users"
      caption="Registrations"
      columns={COLUMNS}
      keyOf={({ aor }) => aor}
      hrefOf={({ aor }) => hrefs.user(aor)}
      empty={
        <Empty title="No phone is registered">
          <p>
            Point a phone at one of the listeners that <code>npm start</code> names, with a user and a password of the config.
          </p>
        </Empty>
      }
    />
  );
}
