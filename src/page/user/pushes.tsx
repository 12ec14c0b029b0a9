/** The last pushes to a user's phones, each with what came of it. */
import type { JSX } from 'preact';
import type { PushView, UserView } from '../../insight/model.ts';
import { serverNow } from '../clock.ts';
import { length, sentence } from '../format.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { Empty } from '../parts/empty.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { At } from '../parts/when.tsx';
import { hrefs } from '../router.ts';

const CAME: Readonly<Record<PushView['came'], readonly [tone: Tone, word: string]>> = {
  sent: ['wait', 'On its way'],
  delivered: ['wait', 'Delivered'],
  registered: ['good', 'Woke it'],
  failed: ['bad', 'Failed'],
};

/** A phone that has not come by now will not come of that push. */
const WAKES_WITHIN_MS = 60_000;
const isLate = ({ at }: PushView): boolean => serverNow() - at > WAKES_WITHIN_MS;

function cameOf(push: PushView): JSX.Element {
  const { came } = push;
  if ((came === 'sent' || came === 'delivered') && isLate(push)) return <Badge tone="off" text="Slept on" />;
  return <Badge tone={CAME[came][0]} text={CAME[came][1]} />;
}

function whatOf(push: PushView): string {
  const { came, afterMs, why } = push;
  const after = afterMs === null ? '' : ` after ${length(afterMs)}`;
  if (came === 'registered') return `The phone registered${after}`;
  if (came === 'sent') return isLate(push) ? 'Nothing came of it' : 'Nothing came of it yet';
  if (came === 'failed') return why === '' ? `It failed${after}` : sentence(why);
  return `The provider took it${after}; ${why === '' ? `the phone did not register${isLate(push) ? '' : ' yet'}` : why}`;
}

export function Pushes({ user: { pushes, bindings } }: { readonly user: UserView }): JSX.Element {
  if (pushes.length === 0) {
    return (
      <div class="card">
        <Empty title="No push was sent that is still known">
          <p>
            One goes out when a call comes in for a phone that sleeps and has told how it can be woken (RFC 8599:{' '}
            <code>pn-provider</code>, <code>pn-prid</code>).
          </p>
        </Empty>
      </div>
    );
  }
  const nameOf = ({ device }: PushView): JSX.Element => (
    <span title={device}>{bindings.find((one) => one.device === device)?.name ?? 'A phone that left'}</span>
  );
  const columns: readonly Column<PushView>[] = [
    { name: 'To', look: 'who', cell: nameOf },
    { name: 'How', look: 'how', cell: cameOf },
    { name: 'What came of it', look: 'why', cell: whatOf },
    { name: 'Sent', look: 'when', cell: ({ at }) => <At at={at} /> },
    { name: 'By', look: 'lasted', cell: ({ provider }) => provider },
  ];
  return (
    <Table<PushView>
      caption="The last pushes, newest first"
      columns={columns}
      rows={pushes}
      keyOf={({ at, device, call }) => `${at} ${device} ${call}`}
      hrefOf={({ call }) => (call === '' ? '' : hrefs.call(call))}
    />
  );
}
