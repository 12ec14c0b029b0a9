/** Reads a line of a journal file, or says in one line why it is none that can be played. */
import { type Problem, problem, reasonOf } from '../errors.ts';
import { type CallJournal, JOURNAL_VERSION } from './format.ts';

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTold = (value: unknown): value is Fields => isFields(value) && typeof value.type === 'string';
const isTexts = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((one) => typeof one === 'string'));

/** Keys that nobody knows are left alone. */
export function readJournal(line: string): CallJournal | Problem {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch (error) {
    return problem(`it is no JSON: ${reasonOf(error)}`);
  }
  if (!isFields(read) || read.callweave !== 'journal') return problem('it is no journal of callweave');
  if (read.version !== JOURNAL_VERSION)
    return problem(`it is of version ${String(read.version)}; this callweave plays version ${JOURNAL_VERSION}`);
  const why = whyNot(read);
  return why === undefined ? (read as unknown as CallJournal) : problem(why);
}

const TEXTS = ['call', 'cut', 'outcome'];
const NUMBERS = ['startedAt', 'busyMs'];

function whyNot(read: Fields): string | undefined {
  const noText = TEXTS.find((key) => typeof read[key] !== 'string');
  if (noText !== undefined) return `${noText} is no text`;
  const noNumber = NUMBERS.find((key) => !Number.isFinite(read[key]));
  if (noNumber !== undefined) return `${noNumber} is no number`;
  for (const key of ['scenarios', 'standing', 'entries']) if (!Array.isArray(read[key])) return `${key} is no list`;
  const { scenarios, standing, entries } = read as { readonly [key: string]: readonly unknown[] };
  if (scenarios?.some((one) => !isFields(one) || typeof one.name !== 'string')) return 'a scenario has no name';
  for (const [index, one] of (standing ?? []).entries())
    if (!isStanding(one)) return `standing ${index + 1} is not as it should be`;
  for (const [index, entry] of (entries ?? []).entries()) {
    const fault = entryFault(entry, index + 1);
    if (fault !== undefined) return `entry ${index + 1} ${fault}`;
  }
  return entries?.length === 0 ? 'it has no entries' : undefined;
}

const isKnown = (known: unknown): boolean =>
  isFields(known) && Number.isFinite(known.at) && typeof known.by === 'string' && isTold(known.fact);

const isStanding = (one: unknown): boolean =>
  isFields(one) &&
  typeof one.aor === 'string' &&
  typeof one.actor === 'string' &&
  Array.isArray(one.facts) &&
  one.facts.every(isKnown);

function entryFault(entry: unknown, n: number): string | undefined {
  if (!isFields(entry)) return 'is no entry';
  if (entry.n !== n) return `has the number ${String(entry.n)}`;
  const { at, takenAt = at, by, cause } = entry;
  if (!Number.isFinite(at) || !Number.isFinite(takenAt)) return 'has no instant';
  if (typeof by !== 'string') return 'has no author';
  if (!Number.isInteger(cause) || (cause as number) < 0 || (cause as number) >= n) return 'has a cause that is not before it';
  const told = [entry.fact, entry.command, entry.timer].filter((one) => one !== undefined);
  if (told.length !== 1 || !isTold(told[0])) return 'is neither a fact nor a command nor a timer';
  if (entry.command !== undefined && typeof (entry.command as Fields).to !== 'string') return 'is a command to nobody';
  if (!isTexts(entry.heard) || !isTexts(entry.ignored) || !isTexts(entry.withheld)) return 'names no actors';
  const { born = [], refused = '' } = entry;
  if (!Array.isArray(born) || !born.every((one) => isFields(one) && typeof one.address === 'string')) return 'names no newborns';
  const { current = [] } = entry;
  if (!Array.isArray(current) || !current.every(isKnown)) return 'has newborns who know what is no fact';
  return typeof refused === 'string' ? undefined : 'is refused for no reason';
}
