/** One user: bindings, pushes, and the last calls. */
import type { JSX } from 'preact';

export function UserPage({ id }: { readonly id: string }): JSX.Element {
  return <h1>{id}</h1>;
}
