/** Calls that go on, and those of the past that are kept. */
import type { JSX } from 'preact';
import type { CallRow, Now } from '../../insight/model.ts';
import { serverNow } from '../clock.ts';
import { bareAddress, clockLength, length, sentence } from '../format.ts';
import { CallBadge } from '../parts/badge.tsx';
import { type Chip, Chips } from '../parts/chips.tsx';
import { Empty } from '../parts/empty.tsx';
import type { Column } from '../parts/table.tsx';
import { At } from '../parts/when.tsx';
import { hrefs, type Route, replaceQuery } from '../router.ts';
import { ListingTable } from './listing.tsx';

const CHIPS: readonly Chip[] = [
  { value: '', text: 'All' },
  { value: 'open', text: 'Going on' },
  { value: 'answered', text: 'Answered' },
  { value: 'failed', text: 'Failed' },
  { value: 'cancelled', text: 'Given up' },
  { value: 'crashed', text: 'Crashed' },
];

/** Who calls whom. */
export const Parties = ({ call }: { readonly call: CallRow }): JSX.Element => (
  <span class="parties">
    <span title={call.caller}>{call.callerName === '' ? shortAddress(call.caller) : call.callerName}</span>
    <span class="arrow" aria-hidden="true">
      →
    </span>
    <span class="visually-hidden">calls</span>
    <span title={call.callee}>{shortAddress(call.callee)}</span>
  </span>
);

/** The user part; all of it is in the tooltip. */
const shortAddress = (uri: string): string => {
  const bare = bareAddress(uri);
  const at = bare.indexOf('@');
  return at > 0 ? bare.slice(0, at) : bare || 'nobody known';
};

/** How long it is or was talked, or else rung. */
export function lastedMs({ startedAt, answeredAt, endedAt }: CallRow): number {
  return (endedAt ?? serverNow()) - (answeredAt ?? startedAt);
}

/** A call that was over at once is told in tenths. */
function lasted(call: CallRow): string {
  const lengthMs = lastedMs(call);
  return call.endedAt !== null && lengthMs < 10_000 ? length(lengthMs) : clockLength(lengthMs);
}

export const CALL_COLUMNS: readonly Column<CallRow>[] = [
  { name: 'Who', look: 'who', cell: (call) => <Parties call={call} /> },
  { name: 'How', look: 'how', cell: (call) => <CallBadge call={call} /> },
  {
    name: 'What came of it',
    look: 'why',
    cell: (call) => (call.why === '' ? <span class="mono faint">{call.state}</span> : sentence(call.why)),
  },
  { name: 'Began', look: 'when', cell: (call) => <At at={call.startedAt} /> },
  { name: 'Lasted', look: 'lasted number', cell: lasted },
];

export function Calls({ route }: { readonly route: Route; readonly now: Now }): JSX.Element {
  const { outcome = '' } = route.query;
  return (
    <ListingTable<CallRow>
      route={route}
      path="calls"
      query={{ outcome }}
      caption="Calls, newest first"
      columns={CALL_COLUMNS}
      keyOf={({ call }) => call}
      hrefOf={({ call }) => hrefs.call(call)}
      tools={
        <Chips
          label="Which calls"
          chips={CHIPS}
          chosen={outcome}
          choose={(value) => replaceQuery(route, { outcome: value, page: '' })}
        />
      }
      empty={<NoCalls />}
    />
  );
}

const NoCalls = (): JSX.Element => (
  <Empty title="No calls yet">
    <p>They appear here the moment an INVITE comes in, and stay for a while when they are over.</p>
    <ol class="steps">
      <li>
        Register a phone: its user and password stand in the config; without one there are <code>alice</code>, <code>bob</code>{' '}
        and <code>carol</code>.
      </li>
      <li>Call it from another one.</li>
      <li>
        No phones at hand? <code>npm run demo -- --stay</code> plays a call that wakes a sleeping phone.
      </li>
    </ol>
  </Empty>
);
