/** A list of the API as a table with pages: asked for again and again, searched by the bar. */
import type { ComponentChildren, JSX } from 'preact';
import type { Listing } from '../../insight/model.ts';
import { withQuery } from '../api.ts';
import { Empty } from '../parts/empty.tsx';
import { PAGE_ROWS, Pager } from '../parts/pager.tsx';
import { ProblemNote } from '../parts/problem.tsx';
import { Table, type TableProps } from '../parts/table.tsx';
import { useResource } from '../resource.ts';
import { type Route, replaceQuery } from '../router.ts';

const EVERY_MS = 2_000;

interface ListingProps<T> extends Omit<TableProps<T>, 'rows'> {
  readonly route: Route;
  readonly path: string;
  /** What is asked for beside search and page. */
  readonly query?: Readonly<Record<string, string>>;
  /** Stands beside the pages. */
  readonly tools?: ComponentChildren;
  /** Where nothing is, though nothing was searched. */
  readonly empty: ComponentChildren;
}

export function ListingTable<T>({ route, path, query = {}, tools, empty, ...table }: ListingProps<T>): JSX.Element {
  const { search = '' } = route.query;
  const page = Math.max(0, Math.trunc(Number(route.query.page ?? 0)) || 0);
  const asked = withQuery(path, { ...query, search, offset: page * PAGE_ROWS, limit: PAGE_ROWS });
  const { value, problem } = useResource<Listing<T>>(asked, EVERY_MS, { keep: true });
  const go = (next: number): void => replaceQuery(route, { page: next === 0 ? '' : String(next) });
  const isNarrowed = Object.values(route.query).some((wish) => wish !== '');
  return (
    <section>
      <div class="tools">
        {tools}
        <Pager page={page} total={value?.total ?? 0} go={go} />
      </div>
      {problem !== undefined && value === undefined ? <ProblemNote problem={problem} /> : null}
      {value !== undefined && value.rows.length > 0 ? <Table {...table} rows={value.rows} /> : null}
      {value?.rows.length === 0 ? <div class="card">{isNarrowed ? <NothingFound search={search} /> : empty}</div> : null}
    </section>
  );
}

const NothingFound = ({ search }: { readonly search: string }): JSX.Element => (
  <Empty title={search === '' ? 'None of these' : `Nothing found for “${search}”`}>
    {search === '' ? null : <p>A part of a user, a number, an address or a Call-ID finds it, whatever its case.</p>}
  </Empty>
);
