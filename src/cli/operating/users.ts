/** `callweave users` and `callweave user`. */
import { SystemClock } from '../../clock.ts';
import { isProblem } from '../../errors.ts';
import type { BindingView, Listing, PushView, UserRow, UserView } from '../../insight/model.ts';
import type { Command, Given } from '../command.ts';
import { obey } from './asked.ts';
import { columnsOf, queryOf, tellRows } from './calls.ts';
import { ask, type Refusal } from './door.ts';
import { type Column, table } from './table.ts';
import { instantOf, lengthOf } from './words.ts';

const nowMs = (): number => new SystemClock().now();
const STRING = { type: 'string' } as const;
const countOf = (count: number): string => (count === 0 ? '' : String(count));

/** Lists the users that are registered. */
export const users = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { options: { search: STRING, limit: STRING } }, async ({ door, isJson, options }) => {
    const listing = await ask(door, 'GET', `/users${queryOf(options)}`);
    if (isProblem(listing)) return listing as Refusal;
    if (isJson) given.say(JSON.stringify(listing));
    else tellRows(listing as Listing<UserRow>, userColumns(nowMs()), 'user', given);
    return undefined;
  });

const userColumns = (now: number): readonly Column<UserRow>[] => [
  { title: 'user', of: ({ user }) => user },
  { title: 'address of record', of: ({ aor }) => aor },
  { title: 'awake', of: ({ awake }) => countOf(awake), whole: true },
  { title: 'asleep', of: ({ asleep }) => countOf(asleep), whole: true },
  { title: 'calls', of: ({ calls }) => countOf(calls), whole: true },
  { title: 'expires in', of: ({ expiresAt }) => (expiresAt === null ? '' : lengthOf(expiresAt - now)), whole: true },
];

/** Shows one user: bindings, last pushes and what came of them, last calls. */
export const user = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { words: [1, 1] }, async ({ door, isJson, words: [word = ''] }) => {
    const found = await ask(door, 'GET', `/users/${encodeURIComponent(word)}`);
    if (isProblem(found)) return found as Refusal;
    if (isJson) given.say(JSON.stringify(found));
    else tellUser(found as UserView, given);
    return undefined;
  });

function tellUser(view: UserView, { say, columns }: Given): void {
  const now = nowMs();
  say(`${view.user}  ${view.aor}`);
  const part = <T>(title: string, none: string, of: readonly Column<T>[], rows: readonly T[]): void => {
    say('');
    say(rows.length === 0 ? none : title);
    if (rows.length > 0) for (const line of table(of, rows, columns === undefined ? undefined : columns - 2)) say(`  ${line}`);
  };
  part('Phones', 'No phone is registered', bindingColumns(now), view.bindings);
  part('Pushes', 'No push was sent lately', pushColumns(now), view.pushes);
  part('Calls', 'No call lately', columnsOf(now), view.recent);
}

const bindingColumns = (now: number): readonly Column<BindingView>[] => [
  { title: 'phone', of: ({ name }) => name },
  { title: 'is', of: ({ isAwake }) => (isAwake ? 'awake' : 'asleep'), whole: true },
  { title: 'contact', of: ({ contact }) => contact },
  { title: 'from', of: ({ transport, remote }) => `${transport} ${remote}` },
  { title: 'expires in', of: ({ expiresAt }) => lengthOf(expiresAt - now), whole: true },
  { title: 'push', of: ({ pushProvider }) => pushProvider },
  { title: 'device', of: ({ device }) => device },
];

const pushColumns = (now: number): readonly Column<PushView>[] => [
  { title: 'at', of: ({ at }) => instantOf(at, now), whole: true },
  { title: 'for', of: ({ call }) => call, whole: true },
  { title: 'by', of: ({ provider }) => provider },
  { title: 'came', of: ({ came, why }) => (why === '' ? came : `${came}: ${why}`) },
  { title: 'after', of: ({ afterMs }) => (afterMs === null ? '' : lengthOf(afterMs)), whole: true },
  { title: 'device', of: ({ device }) => device },
];
