/** Media that comes to us: one actor a stream. */
import type { JSX } from 'preact';
import type { ActorRow, Now } from '../../insight/model.ts';
import { Empty } from '../parts/empty.tsx';
import type { Route } from '../router.ts';
import { ACTOR_COLUMNS, hrefOfActor } from './actor-columns.tsx';
import { ListingTable } from './listing.tsx';

export function Streams({ route }: { readonly route: Route; readonly now: Now }): JSX.Element {
  return (
    <ListingTable<ActorRow>
      route={route}
      path="actors"
      query={{ scenario: 'stream' }}
      caption="Streams, newest first"
      columns={ACTOR_COLUMNS}
      keyOf={({ address }) => address}
      hrefOf={hrefOfActor}
      empty={
        <Empty title="No media comes here">
          <p>
            Phones send to each other, unless a menu, a code in a call, NAT or <code>media.anchor</code> needs what they send.
          </p>
        </Empty>
      }
    />
  );
}
