/** `callweave calls`, `callweave call` and `callweave story`. */
import { SystemClock } from '../../clock.ts';
import { isProblem } from '../../errors.ts';
import type { ActorView, CallRow, CallView, Listing, MessageView, PartyView, Sentence } from '../../insight/model.ts';
import type { Command, Given } from '../command.ts';
import { type Asked, callOf, obey } from './asked.ts';
import { ask, type Refusal } from './door.ts';
import { type Column, table } from './table.ts';
import { instantOf, lengthOf, printable } from './words.ts';

const nowMs = (): number => new SystemClock().now();

/** Lists calls, newest first. */
export const calls = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { options: { search: STRING, outcome: STRING, limit: STRING } }, async ({ door, isJson, options }) => {
    const listing = await ask(door, 'GET', `/calls${queryOf(options)}`);
    if (isProblem(listing)) return listing as Refusal;
    if (isJson) given.say(JSON.stringify(listing));
    else tellRows(listing as Listing<CallRow>, columnsOf(nowMs()), 'call', given);
    return undefined;
  });

const STRING = { type: 'string' } as const;

/** Those of a list's options that were given. */
export function queryOf(options: Asked['options']): string {
  const given = new URLSearchParams();
  for (const name of ['search', 'outcome', 'limit']) {
    const value = options[name];
    if (typeof value === 'string') given.set(name, value);
  }
  return given.size === 0 ? '' : `?${given}`;
}

/** A table of what there is, and how much of it is not shown. */
export function tellRows<T>({ rows, total }: Listing<T>, columns: readonly Column<T>[], what: string, given: Given): void {
  if (rows.length === 0) {
    given.say(`no ${what}s`);
    return;
  }
  for (const line of table(columns, rows, given.columns)) given.say(line);
  if (total > rows.length) given.say(`${rows.length} of ${total} ${what}s; --search and --limit show others`);
}

/** How long it was talked; of one that was never answered how long it lasted. */
export function lastedMs({ startedAt, answeredAt, endedAt }: CallRow, now: number): number {
  return (endedAt ?? now) - (answeredAt ?? startedAt);
}

export const columnsOf = (now: number): readonly Column<CallRow>[] => [
  { title: 'call', of: ({ call }) => call, whole: true },
  { title: 'began', of: ({ startedAt }) => instantOf(startedAt, now), whole: true },
  { title: 'lasted', of: (row) => lengthOf(lastedMs(row, now)), whole: true },
  { title: 'caller', of: ({ caller }) => caller },
  { title: 'callee', of: ({ callee }) => callee },
  {
    title: 'outcome',
    of: ({ outcome, status }) => (outcome === 'failed' && status > 0 ? `failed ${status}` : outcome),
    whole: true,
  },
  { title: 'why', of: ({ why, state, outcome }) => (outcome === 'open' ? state : why) },
];

/** Shows one call: its ending, parties, actors and story; its messages or its journal if asked. */
export const call = (command: Command, given: Given): Promise<number> =>
  obey(
    command,
    given,
    { words: [1, 1], options: { messages: { type: 'boolean' }, journal: { type: 'boolean' } } },
    async ({ door, isJson, words: [word = ''], options }) => {
      const path = `/calls/${encodeURIComponent(callOf(word))}`;
      const found = await ask(door, 'GET', options.journal === true ? `${path}/journal` : path);
      if (isProblem(found)) return found as Refusal;
      if (isJson || options.journal === true) given.say(JSON.stringify(found));
      else tellCall(found as CallView, options.messages === true, given);
      return undefined;
    },
  );

function tellCall(view: CallView, hasMessages: boolean, given: Given): void {
  const { say, columns } = given;
  for (const line of headerOf(view, nowMs())) say(line);
  const part = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) for (const line of ['', title, ...lines.map((one) => `  ${one}`)]) say(line);
  };
  const inner = columns === undefined ? undefined : columns - 2;
  const rows = <T>(of: readonly Column<T>[], some: readonly T[]) => (some.length === 0 ? [] : table(of, some, inner));
  part('Parties', rows(PARTY, view.parties));
  part('Story', storyLines(view, inner));
  part('Machines', rows(actorColumns(view.startedAt), view.actors));
  if (hasMessages)
    for (const message of view.messages)
      part(headOf(message, view.startedAt), message.text.trimEnd().split(/\r?\n/).map(printable));
  else part('Messages', rows(messageColumns(view.startedAt), view.messages));
  if (view.messagesCut > 0) say(`  ${view.messagesCut} more were not kept`);
  if (view.related.length > 0) say(`\nGoes on with ${view.related.join(', ')}`);
}

function headerOf(view: CallView, now: number): string[] {
  const { call: id, caller, callee, callerName, outcome, status, why, state, callId } = view;
  const lasted = lengthOf(lastedMs(view, now));
  const ending = outcome === 'open' ? `${state}, for ${lasted}` : `${outcome}${status > 0 ? ` ${status}` : ''} after ${lasted}`;
  const name = callerName === '' ? '' : ` ("${callerName}")`;
  return [
    printable(`${id}  ${caller}${name} → ${callee}`),
    printable(`${instantOf(view.startedAt, now)}  ${ending}${why === '' ? '' : `: ${why}`}`),
    printable(`Call-ID ${callId}`),
  ];
}

const PARTY: readonly Column<PartyView>[] = [
  { title: 'leg', of: ({ leg }) => leg, whole: true },
  { title: 'who', of: ({ name }) => name },
  { title: 'address of record', of: ({ aor }) => aor },
  { title: 'device', of: ({ device }) => device },
  { title: 'at', of: ({ remote }) => remote },
];

const actorColumns = (startedAt: number): readonly Column<ActorView>[] => [
  { title: 'machine', of: ({ address }) => address, whole: true },
  { title: 'chart', of: ({ scenario }) => scenario },
  { title: 'state', of: ({ state, endedAt }) => (endedAt === null ? state : `${state} (ended)`) },
  { title: 'born', of: ({ bornAt }) => lengthOf(bornAt - startedAt), whole: true },
  { title: 'way', of: ({ path }) => path.map(({ state }) => state).join(' → ') },
];

const direction = ({ isIncoming }: MessageView): string => (isIncoming ? '←' : '→');

const messageColumns = (startedAt: number): readonly Column<MessageView>[] => [
  { title: 'at', of: ({ at }) => lengthOf(at - startedAt), whole: true },
  { title: '', of: direction, whole: true },
  { title: 'message', of: ({ label }) => label },
  { title: 'leg', of: ({ leg }) => leg, whole: true },
  { title: 'peer', of: ({ transport, remote }) => `${transport} ${remote}` },
];

const headOf = (message: MessageView, startedAt: number): string =>
  printable(`${lengthOf(message.at - startedAt)} ${direction(message)} ${message.label}, ${message.transport} ${message.remote}`);

const MARKS: Readonly<Record<Sentence['tone'], string>> = { good: '+', bad: '!', end: '=', plain: ' ' };

/** One line a sentence: when, how it looks, what. */
function storyLines({ story: sentences, startedAt }: CallView, columns: number | undefined): string[] {
  const instants = sentences.map(({ at }) => lengthOf(at - startedAt));
  const width = Math.max(0, ...instants.map(({ length }) => length));
  return sentences.flatMap(({ tone, text }, index) => {
    const head = `${(instants[index] ?? '').padStart(width)} ${MARKS[tone]} `;
    return wrapped(printable(text), columns === undefined ? undefined : columns - head.length).map((line, row) =>
      row === 0 ? head + line : ' '.repeat(head.length) + line,
    );
  });
}

const NARROWEST = 20;

/** Broken between words. */
function wrapped(text: string, columns: number | undefined): string[] {
  if (columns === undefined || columns < NARROWEST) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Tells in sentences what happened in a call and why it ended so. */
export const story = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { words: [1, 1] }, async ({ door, isJson, words: [word = ''] }) => {
    const found = await ask(door, 'GET', `/calls/${encodeURIComponent(callOf(word))}`);
    if (isProblem(found)) return found as Refusal;
    const view = found as CallView;
    if (isJson) given.say(JSON.stringify({ call: view.call, outcome: view.outcome, why: view.why, story: view.story }));
    else for (const line of storyLines(view, given.columns)) given.say(line);
    return undefined;
  });
