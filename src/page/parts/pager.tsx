/** Which part of a long list is shown, and the way to the others. */
import type { JSX } from 'preact';
import { count } from '../format.ts';

/** Rows of a page. */
export const PAGE_ROWS = 50;

interface PagerProps {
  /** From 0. */
  readonly page: number;
  readonly total: number;
  go(page: number): void;
}

export function Pager({ page, total, go }: PagerProps): JSX.Element | null {
  if (total <= PAGE_ROWS && page === 0) return null;
  const first = page * PAGE_ROWS + 1;
  const last = Math.min(total, first + PAGE_ROWS - 1);
  return (
    <nav class="pager" aria-label="Pages of the table">
      <span class="number faint">{last < first ? 'none' : `${count(first)} – ${count(last)} of ${count(total)}`}</span>
      <button type="button" disabled={page === 0} onClick={() => go(page - 1)}>
        Newer
      </button>
      <button type="button" disabled={last >= total} onClick={() => go(page + 1)}>
        Older
      </button>
    </nav>
  );
}
