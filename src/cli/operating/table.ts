/** Tables for a terminal. */
import { printable } from './words.ts';

/** A column of a table; one that is `whole` is never cut. */
export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string;
  readonly whole?: true;
}

const GAP = '  ';
/** A column is not cut below this. */
const NARROWEST = 6;

const widthOf = (text: string): number => [...text].length;

function fitted(text: string, width: number): string {
  const letters = [...text];
  if (letters.length <= width) return text + ' '.repeat(width - letters.length);
  return `${letters.slice(0, width - 1).join('')}…`;
}

/** Title and rows as lines no longer than `columns`, where that can be; columns that are empty throughout are left out. */
export function table<T>(all: readonly Column<T>[], rows: readonly T[], columns: number | undefined): string[] {
  const cells = rows.map((row) => all.map(({ of }) => printable(of(row))));
  const shown = all.map((column, index) => ({ column, index })).filter(({ index }) => cells.some((row) => row[index] !== ''));
  const widths = shown.map(({ column, index }) =>
    Math.max(widthOf(column.title), ...cells.map((row) => widthOf(row[index] ?? ''))),
  );
  if (columns !== undefined) narrow(shown, widths, columns);
  const line = (texts: readonly string[]) =>
    texts
      .map((text, at) => fitted(text, widths[at] ?? 0))
      .join(GAP)
      .trimEnd();
  return [line(shown.map(({ column }) => column.title)), ...cells.map((row) => line(shown.map(({ index }) => row[index] ?? '')))];
}

/** Takes from the widest column that may be cut, until all fit. */
function narrow<T>(shown: readonly { readonly column: Column<T> }[], widths: number[], columns: number): void {
  let over = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - columns;
  while (over > 0) {
    let widest = -1;
    for (const [at, { column }] of shown.entries()) {
      const width = widths[at] ?? 0;
      if (column.whole !== true && width > NARROWEST && width > (widths[widest] ?? 0)) widest = at;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over--;
  }
}
