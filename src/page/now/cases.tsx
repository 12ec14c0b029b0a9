/** Supervisors at work: one case each. */
import type { JSX } from 'preact';
import type { ActorRow, Now } from '../../insight/model.ts';
import { titled } from '../format.ts';
import { Chips } from '../parts/chips.tsx';
import { Empty } from '../parts/empty.tsx';
import { hrefs, type Route, replaceQuery } from '../router.ts';
import { ACTOR_COLUMNS, hrefOfActor } from './actor-columns.tsx';
import { ListingTable } from './listing.tsx';
import { casesOf } from './tabs.tsx';

export function Cases({ route, now }: { readonly route: Route; readonly now: Now }): JSX.Element {
  const { scenario = '' } = route.query;
  const chips = [
    { value: '', text: 'All' },
    ...casesOf(now)
      .filter(([value, amount]) => amount > 0 || value === scenario)
      .map(([value, amount]) => ({ value, text: titled(value), amount })),
  ];
  return (
    <ListingTable<ActorRow>
      route={route}
      path="actors"
      query={{ scenario }}
      caption="Cases of supervisors, newest first"
      columns={ACTOR_COLUMNS}
      keyOf={({ address }) => address}
      hrefOf={hrefOfActor}
      tools={
        <Chips
          label="Which supervisors"
          chips={chips}
          chosen={scenario}
          choose={(value) => replaceQuery(route, { scenario: value, page: '' })}
        />
      }
      empty={
        <Empty title="No supervisor has a case">
          <p>
            A sleeping phone that is called, a ringing phone that could be picked up and a caller in a menu are such cases. See{' '}
            <a href={hrefs.machines}>the machines</a>.
          </p>
        </Empty>
      }
    />
  );
}
