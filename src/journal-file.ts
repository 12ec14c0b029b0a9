/** The file to which journals go, as the config says. */
import type { Config } from './config.ts';
import { isProblem, type Problem, problem } from './errors.ts';
import { BoundedLines } from './files/bounded-lines.ts';
import type { JournalWishes } from './journals.ts';
import type { Log } from './log.ts';
import type { TimerQueue } from './timers.ts';

/** Who called whom, with which phones: nobody else's business. */
const PRIVATE = 0o600;

/** Opens it; undefined where none is configured. */
export function openJournal({ journal }: Config, timers: TimerQueue, log: Log): BoundedLines | Problem | undefined {
  const { path, maxBytes } = journal;
  if (path === undefined) return undefined;
  const report = ({ problem: line }: Problem): void =>
    log.error({ problem: line }, 'journals are left out; move the file away and send SIGHUP, or raise journal.maxMegabytes');
  const file = BoundedLines.open({ path, timers, maxBytes, mode: PRIVATE, report });
  return isProblem(file) ? problem(`journal.path: ${file.problem}; set journal.path to a file in a folder that is there`) : file;
}

/** What is written there. */
export const wishesOf = ({ journal }: Config, file: BoundedLines): JournalWishes => ({
  calls: journal.calls,
  users: journal.users,
  write: (line) => file.write(line),
});
