/** One user: phones, pushes and what came of them, and the last calls. */
import type { JSX } from 'preact';
import type { CallRow, UserView } from '../../insight/model.ts';
import { pathOf } from '../api.ts';
import { bareAddress } from '../format.ts';
import { CALL_COLUMNS } from '../now/calls.tsx';
import { Reach } from '../now/users.tsx';
import { Empty } from '../parts/empty.tsx';
import { ProblemNote } from '../parts/problem.tsx';
import { Table } from '../parts/table.tsx';
import { useResource } from '../resource.ts';
import { hrefs } from '../router.ts';
import { Bindings } from './bindings.tsx';
import { Pushes } from './pushes.tsx';

const EVERY_MS = 2_000;

export function UserPage({ id }: { readonly id: string }): JSX.Element {
  const { value: user, problem, refresh } = useResource<UserView>(pathOf('users', id), EVERY_MS);
  if (user === undefined)
    return problem === undefined ? <p class="faint">Asking the service…</p> : <ProblemNote problem={problem} />;
  return (
    <div class="user">
      <header class="title">
        <h1>{user.user}</h1> <Reach row={user} />
        <p class="faint">{bareAddress(user.aor)}</p>
      </header>
      <section>
        <h2>Phones</h2>
        <Bindings user={user} changed={refresh} />
      </section>
      <section>
        <h2>Pushes</h2>
        <Pushes user={user} />
      </section>
      <section>
        <h2>Last calls</h2>
        <Recent calls={user.recent} />
      </section>
    </div>
  );
}

function Recent({ calls }: { readonly calls: readonly CallRow[] }): JSX.Element {
  if (calls.length === 0) {
    return (
      <div class="card">
        <Empty title="No calls that are still known">
          <p>Calls stay for a bounded time; how long, says admin.keep in the config.</p>
        </Empty>
      </div>
    );
  }
  return (
    <Table<CallRow>
      caption="The last calls of the user, newest first"
      columns={CALL_COLUMNS}
      rows={calls}
      keyOf={({ call }) => call}
      hrefOf={({ call }) => hrefs.call(call)}
    />
  );
}
