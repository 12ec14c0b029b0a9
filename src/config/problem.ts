/** One wrong thing in the config. `line` says all of it; its exit code is 78. */
export interface ConfigProblem {
  /** `callweave.yaml:3: push.wakeLimitSeconds: "soon"; write a number of seconds from 0.5 to 300, such as 20` */
  readonly line: string;
  /** File and line, `environment` or `command line`. */
  readonly place: string;
  /** `push.wakeLimitSeconds`, or the name of the variable or of the option. */
  readonly key: string;
  readonly fix: string;
}

/** Makes the one line out of where, what is wrong and what to do. */
export function problemAt({ place, key }: { place: string; key: string }, what: string, fix: string): ConfigProblem {
  // A key may hold line breaks, since YAML keys may.
  const line = `${place}: ${key}: ${what}; ${fix}`.replace(/\p{Cc}+/gu, ' ');
  return { line, place, key, fix };
}
