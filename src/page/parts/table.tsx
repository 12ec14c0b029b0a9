/** A table whose rows lead somewhere; on a narrow screen each row is a block of its own. */
import type { ComponentChildren, JSX } from 'preact';

export interface Column<T> {
  readonly name: string;
  /** How wide it may be, and where it stands on a narrow screen: a class of the style sheet. */
  readonly look?: string;
  cell(row: T): ComponentChildren;
}

export interface TableProps<T> {
  /** For those who hear the page. */
  readonly caption: string;
  /** The first one holds the link. */
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  keyOf(row: T): string;
  /** Empty: it leads nowhere. */
  hrefOf(row: T): string;
}

export function Table<T>({ caption, columns, rows, keyOf, hrefOf }: TableProps<T>): JSX.Element {
  return (
    <table class="table card">
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ name, look }) => (
            <th key={name} scope="col" class={look}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody data-rows="">
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ name, look, cell }, n) => (
              <td key={name} class={look} data-label={name}>
                {n === 0 ? <RowLink href={hrefOf(row)}>{cell(row)}</RowLink> : cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RowLink({ href, children }: { readonly href: string; readonly children: ComponentChildren }): JSX.Element {
  if (href === '') return <span>{children}</span>;
  return (
    <a href={href} data-row="">
      {children}
    </a>
  );
}
