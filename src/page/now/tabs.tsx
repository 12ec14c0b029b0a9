/** The tables of the page, each at an address of its own. */
import type { JSX } from 'preact';
import type { Now } from '../../insight/model.ts';
import { count } from '../format.ts';
import { hrefOf, type Route } from '../router.ts';

export type Tab = 'calls' | 'users' | 'streams' | 'cases';

/** These have tables of their own; all others are cases of supervisors. */
const NO_CASES: readonly string[] = ['call', 'leg', 'registration', 'stream'];

/** Scenarios of supervisors with their cases. */
export const casesOf = ({ actors }: Now): readonly (readonly [scenario: string, alive: number])[] =>
  Object.entries(actors).filter(([scenario]) => !NO_CASES.includes(scenario));

const amount = (now: Now, tab: Tab): number => {
  if (tab === 'calls') return now.calls.ringing + now.calls.talking + now.calls.other;
  if (tab === 'users') return now.bindings.users;
  if (tab === 'streams') return now.actors.stream ?? 0;
  return casesOf(now).reduce((total, [, alive]) => total + alive, 0);
};

const TABS: readonly (readonly [tab: Tab, text: string])[] = [
  ['calls', 'Calls'],
  ['users', 'Registrations'],
  ['streams', 'Streams'],
  ['cases', 'Cases'],
];

export const tabOf = ({ parts }: Route): Tab => TABS.find(([tab]) => tab === parts[0])?.[0] ?? 'calls';

export function Tabs({ route, now }: { readonly route: Route; readonly now: Now }): JSX.Element {
  const { search = '' } = route.query;
  return (
    <nav class="tabs" aria-label="Tables">
      {TABS.map(([tab, text]) => (
        <a
          key={tab}
          href={hrefOf(tab === 'calls' ? [] : [tab], { search })}
          aria-current={tab === tabOf(route) ? 'page' : undefined}
        >
          {text} <span class="number">{count(amount(now, tab))}</span>
        </a>
      ))}
    </nav>
  );
}
