/** What the program can be told to do besides to serve: `callweave NAME …`. */
export interface Command {
  readonly name: string;
  /** Its line in `--help`. */
  readonly usage: string;
  /** Does it and returns the exit code. `say` writes a line to standard output, `complain` one to standard error. */
  run(given: Given): Promise<number>;
}

/** What a command gets from its process. */
export interface Given {
  /** Arguments after the command's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  say(line: string): void;
  complain(line: string): void;
}
