/** What the program can be told to do besides to serve: `callweave NAME …`. */
export interface Command {
  readonly name: string;
  /** What follows its name, `FILE [--call ID]`; of `--help`. */
  readonly usage: string;
  /** What it does, in a few words. */
  readonly purpose: string;
  /** Does it and returns the exit code. `say` writes a line to standard output, `complain` one to standard error. */
  run(given: Given): Promise<number>;
}

/** What a command gets from its process. */
export interface Given {
  /** Arguments after the command's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Width of the terminal; left out where there is none, so that nothing is cut. */
  readonly columns?: number | undefined;
  say(line: string): void;
  complain(line: string): void;
}
