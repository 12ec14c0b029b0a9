/** Where what a replay gives differs from what a journal says, in words. */
import type { CallJournal, JournalEntry, Told } from '../../journal/format.ts';

/** A quiet service fires its delayed events within so long. */
const QUIET_MS = 100;
/** A busy one takes what waits before what is due: how long things waited in the journal says how busy it was. */
const BUSY_FACTOR = 10;

/** How far from its instant a delayed event may have fired, or may have been armed, in milliseconds. */
export const toleranceOf = ({ entries, busyMs }: CallJournal): number =>
  QUIET_MS + busyMs + BUSY_FACTOR * entries.reduce((longest, { at, takenAt = at }) => Math.max(longest, takenAt - at), 0);

/** As JSON has it: what is undefined is not there. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const HIDDEN = /^hidden-\d+$/;

/** A chart made it of what it knows, and the journal has only its name. */
const isHidden = (expected: unknown, got: unknown): boolean =>
  typeof expected === 'string' && typeof got === 'string' && got !== '' && HIDDEN.test(expected);

/** Paths at which two values differ, with both. */
function* differences(expected: unknown, got: unknown, path = ''): Generator<string> {
  if (Object.is(expected, got) || isHidden(expected, got)) return;
  if (isMap(expected) && isMap(got)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(got)]))
      yield* differences(expected[key], got[key], path === '' ? key : `${path}.${key}`);
  } else if (Array.isArray(expected) && Array.isArray(got)) {
    for (let index = 0; index < Math.max(expected.length, got.length); index++)
      yield* differences(expected[index], got[index], `${path}[${index}]`);
  } else yield `${path}: ${shown(expected)} → ${shown(got)}`;
}

const LONGEST = 200;
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** What of an entry is computed again, under the names in which differences are told. */
function computed({ by, cause, input, fact, command, timer, born, heard, ignored, refused }: JournalEntry) {
  const kind = fact !== undefined ? 'fact' : command !== undefined ? 'command' : 'timer';
  // What led to an input lies outside.
  const chain = input === true ? {} : { cause };
  return { kind, ...(fact ?? command ?? timer), by, ...chain, born, heard, ignored, refused };
}

/** In what two entries differ; empty if in nothing. */
export function compare(expected: JournalEntry, got: JournalEntry, toleranceMs: number): readonly string[] {
  if (headingOf(expected) !== headingOf(got)) return [`${headingOf(expected)} → ${headingOf(got)}`];
  const found = [...differences(plain(computed(expected)), plain(computed(got)))];
  const tolerance = expected.timer === undefined ? 0 : toleranceMs;
  if (Math.abs(expected.at - got.at) > tolerance) found.push(`at: ${seconds(expected.at)} → ${seconds(got.at)}`);
  return found;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;

const toldOf = ({ fact, command, timer }: JournalEntry): Told => fact ?? command ?? timer ?? { type: '' };
const kindOf = ({ fact, command, input }: JournalEntry): string =>
  (input === true ? 'input ' : '') + (fact !== undefined ? 'fact' : command !== undefined ? 'command' : 'timer');

const headingOf = (entry: JournalEntry): string => `${kindOf(entry)} ${toldOf(entry).type} of ${entry.by}`;

/** An entry as one line. */
export function describe(entry: JournalEntry): string {
  const { type, to, ...attributes } = toldOf(entry);
  const addressee = to === undefined ? '' : ` to ${String(to)}`;
  const said = Object.entries(attributes).map(([name, value]) => `${name} ${shown(value)}`);
  return `${kindOf(entry)} ${type}${addressee} of ${entry.by} at ${seconds(entry.at)}${said.length === 0 ? '' : `: ${said.join(', ')}`}`;
}

/** What led to an entry, latest first, as far as it is part of the call. */
export function causesOf(entry: JournalEntry, { entries }: CallJournal): readonly string[] {
  const lines: string[] = [];
  let at = entries[entry.cause - 1];
  while (at !== undefined && lines.length < 20) {
    lines.push(`${at.n} ${kindOf(at)} ${toldOf(at).type} of ${at.by} at ${seconds(at.at)}`);
    at = at.cause < at.n ? entries[at.cause - 1] : undefined;
  }
  return lines;
}
