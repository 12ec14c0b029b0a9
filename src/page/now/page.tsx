/** What happens now: numbers, and tables of what lives. */
import type { JSX } from 'preact';
import type { Now } from '../../insight/model.ts';
import type { Route } from '../router.ts';

export function NowPage({ now }: { readonly route: Route; readonly now: Now | undefined }): JSX.Element {
  return <h1>Now: {now?.calls.talking ?? 0} talk</h1>;
}
