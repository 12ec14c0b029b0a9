/** One call: its story, its ladder and its charts. */
import type { JSX } from 'preact';

export function CallPage({ id }: { readonly id: string }): JSX.Element {
  return <h1>Call {id}</h1>;
}
