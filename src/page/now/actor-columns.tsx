/** Columns of streams and cases. */
import type { JSX } from 'preact';
import type { ActorRow } from '../../insight/model.ts';
import { titled } from '../format.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import type { Column } from '../parts/table.tsx';
import { Ago } from '../parts/when.tsx';
import { hrefs } from '../router.ts';

const STREAM_TONES: Readonly<Record<string, Tone>> = { flowing: 'good', silent: 'wait', stalled: 'bad', ended: 'off' };

const State = ({ row: { scenario, state } }: { readonly row: ActorRow }): JSX.Element => (
  <Badge tone={scenario === 'stream' ? (STREAM_TONES[state] ?? 'off') : 'accent'} text={state} />
);

export const ACTOR_COLUMNS: readonly Column<ActorRow>[] = [
  {
    name: 'Who',
    look: 'who',
    cell: ({ scenario, address }) => (
      <>
        {titled(scenario)} <span class="faint mono">{address}</span>
      </>
    ),
  },
  { name: 'State', look: 'how wide', cell: (row) => <State row={row} /> },
  { name: 'Call', look: 'why mono', cell: ({ call }) => call },
  { name: 'Born', look: 'when', cell: ({ bornAt }) => <Ago at={bornAt} /> },
];

/** To its call, or else to its chart. */
export const hrefOfActor = ({ call, scenario }: ActorRow): string => (call === '' ? hrefs.machine(scenario) : hrefs.call(call));
