/** The charts of the service, and one of them. */
import type { JSX } from 'preact';

export function MachinesPage(): JSX.Element {
  return <h1>Machines</h1>;
}

export function MachinePage({ scenario }: { readonly scenario: string }): JSX.Element {
  return <h1>{scenario}</h1>;
}
