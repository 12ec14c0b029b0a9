/** Plays a call's journal again: ports' facts go in, and what the charts of now make of them is held against what it says. */
import { reasonOf } from '../../errors.ts';
import type { UserScenarios } from '../../installing.ts';
import type { CallJournal, JournalEntry } from '../../journal/format.ts';
import { ladderOf } from './actor-ladder.ts';
import { causesOf, compare, describe, seconds, toleranceOf } from './compare.ts';
import { Player } from './player.ts';

/** How a replay came out. */
export interface Replay {
  readonly call: string;
  /** All births, timers, facts and commands came out as the journal says. */
  readonly isSame: boolean;
  /** Entries that came out the same: all of them, or those before the first difference. */
  readonly entries: number;
  /** The first difference, or why it could not be played; none if it is the same. */
  readonly lines: readonly string[];
  /** Facts and commands between the actors: all of them, or those up to the difference. */
  readonly ladder: string;
}

/** Steps that bring no entry of the call: of registrations, of what was born beside it. */
const MAX_IDLE_STEPS = 100_000;
const LADDER_ENTRIES = 40;

/** Plays it in virtual time, through a real engine with the charts of now. */
export function playJournal(journal: CallJournal, users: UserScenarios): Replay {
  if (journal.cut !== '') return failed(journal, 0, [`it cannot be played: ${journal.cut}`]);
  const session = { played: 0 };
  try {
    const lines = play(journal, users, session);
    if (lines.length > 0) return failed(journal, session.played, lines);
  } catch (error) {
    return failed(journal, session.played, [`it cannot be played: ${reasonOf(error)}`]);
  }
  return { call: journal.call, isSame: true, entries: session.played, lines: [], ladder: ladderOf(journal.entries) };
}

/** The lines of the first difference; none if there is none. */
function play(journal: CallJournal, users: UserScenarios, session: { played: number }): readonly string[] {
  const player = new Player(journal, users);
  const timers = nextTimers(journal.entries);
  const toleranceMs = toleranceOf(journal);
  for (const [index, expected] of journal.entries.entries()) {
    const got = next(player, journal, expected, { dueMs: timers[index] ?? NEVER, toleranceMs });
    const lines =
      got === undefined
        ? nothingOf(journal, expected, player)
        : differenceOf(journal, expected, compare(expected, got, toleranceMs), got, player);
    if (lines.length > 0) return lines;
    session.played++;
  }
  return journal.outcome === 'open' ? [] : moreOf(journal, player);
}

/** For each entry, when the first delayed event from there on was due. */
function nextTimers(entries: readonly JournalEntry[]): readonly number[] {
  const found: number[] = [];
  let dueMs = Number.POSITIVE_INFINITY;
  for (const { timer, at } of [...entries].reverse()) {
    if (timer !== undefined) dueMs = at;
    found.push(dueMs);
  }
  return found.reverse();
}

/** The entry of the call that is taken where the journal has `expected`; undefined if none is. */
function next(player: Player, journal: CallJournal, expected: JournalEntry, timer: NextTimer): JournalEntry | undefined {
  const before = player.taken;
  for (let steps = 0; steps < MAX_IDLE_STEPS; steps++) {
    if (player.taken > before) return player.latest();
    const hasGoneOn = player.time.hasTask ? takeOne(player, journal, expected) : begin(player, journal, expected, timer);
    if (!hasGoneOn) return undefined;
  }
  return undefined;
}

const NEVER = Number.POSITIVE_INFINITY;
/** The next delayed event that the journal has. */
interface NextTimer {
  readonly dueMs: number;
  readonly toleranceMs: number;
}

function takeOne(player: Player, { startedAt }: CallJournal, { at, takenAt = at }: JournalEntry): boolean {
  player.feed();
  player.time.advanceTo(startedAt + takenAt);
  player.time.runTask();
  return true;
}

/** What comes of its own: a binding that stands, a delayed event, an input. False if nothing does. */
function begin(player: Player, { startedAt }: CallJournal, expected: JournalEntry, known: NextTimer): boolean {
  const { at, takenAt = at, timer } = expected;
  const { time, nextStandingMs } = player;
  const dueMs = (time.nextDueMs ?? NEVER) - startedAt;
  // The journal has no delayed event there, so this is one of a registration before the call, or the difference; unless it
  // came late enough for the input to be first, which may have cancelled it.
  const isEarly = dueMs < Math.min(at, known.dueMs) - known.toleranceMs;
  if (nextStandingMs <= at && !(isEarly && dueMs < nextStandingMs)) player.standNext();
  else if (isEarly) {
    const { taken } = player;
    time.fireNext();
    if (player.taken === taken) player.rest();
  } else if (timer === undefined) {
    player.feed();
    return time.hasTask;
  } else {
    if (dueMs > takenAt + known.toleranceMs) return false;
    time.advanceTo(startedAt + takenAt);
    time.fireNext();
  }
  return true;
}

function differenceOf(
  journal: CallJournal,
  expected: JournalEntry,
  found: readonly string[],
  got: JournalEntry,
  player: Player,
): readonly string[] {
  if (found.length === 0) return [];
  return [
    ...headOf(journal, expected),
    `  got       ${describe(got)}`,
    ...found.map((difference) => `  differs   ${difference}`),
    ...tailOf(journal, expected.input === true ? got : expected, player),
  ];
}

const nothingOf = (journal: CallJournal, expected: JournalEntry, player: Player): readonly string[] => [
  ...headOf(journal, expected),
  '  got       nothing',
  ...tailOf(journal, expected, player),
];

const headOf = ({ call, entries }: CallJournal, expected: JournalEntry): readonly string[] => [
  `entry ${expected.n} of ${entries.length} of ${call} differs, ${seconds(expected.at)} after its beginning`,
  `  expected  ${describe(expected)}`,
];

const tailOf = (journal: CallJournal, entry: JournalEntry, player: Player): readonly string[] => [
  ...causesOf(entry, journal).map((line, depth) => `  ${depth === 0 ? 'because of' : '          '} ${line}`),
  ...player.living().map((line, n) => `  ${n === 0 ? 'now     ' : '        '}  ${line}`),
  ...player.problems.map((problem) => `  problem   ${problem}`),
];

/** What comes where the journal has its end. */
function moreOf({ call, entries }: CallJournal, player: Player): readonly string[] {
  const before = player.taken;
  const goesOn = () => player.time.hasTask || player.time.nextDueMs !== undefined;
  for (let steps = 0; steps < MAX_IDLE_STEPS && !player.isOver && player.taken === before && goesOn(); steps++) {
    if (player.time.hasTask) player.time.runTask();
    else player.time.fireNext();
  }
  const end = `${call} is over after ${entries.length} entries, but`;
  const got = player.taken > before ? player.latest() : undefined;
  if (got !== undefined) return [`${end} goes on here`, `  got       ${describe(got)}`];
  return player.isOver ? [] : [`${end} lives on here`, ...player.living().map((line) => `  now       ${line}`)];
}

function failed(journal: CallJournal, played: number, lines: readonly string[]): Replay {
  const entries = journal.entries.slice(Math.max(0, played + 1 - LADDER_ENTRIES), played + 1);
  return { call: journal.call, isSame: false, entries: played, lines, ladder: ladderOf(entries) };
}
