/** Why something cannot be shown. */
import type { JSX } from 'preact';
import type { ApiError } from '../api.ts';
import { Empty } from './empty.tsx';

export function ProblemNote({ problem }: { readonly problem: ApiError }): JSX.Element {
  return (
    <Empty title={problem.title}>
      <p>{problem.detail}</p>
    </Empty>
  );
}
