/** Exit codes of the process (sysexits.h), so that a service manager can tell a wrong config from a crash. */
export const exitCode = { ok: 0, software: 70, unavailable: 69, config: 78 } as const;

/** An operating error as a value: one line, fit to be shown to a person. */
export interface Problem {
  readonly problem: string;
}

/** Makes a `Problem` of one line. */
export const problem = (line: string): Problem => ({ problem: line });

/** Tells a `Problem` from the thing that was asked for. */
export const isProblem = (value: unknown): value is Problem => typeof value === 'object' && value !== null && 'problem' in value;

const LONGEST_REASON = 300;

/** One bounded line of whatever was caught; never the stack. */
export function reasonOf(caught: unknown): string {
  const text = caught instanceof Error ? caught.message || caught.name : String(caught);
  const end = text.indexOf('\n');
  return (end < 0 ? text : text.slice(0, end)).slice(0, LONGEST_REASON);
}
