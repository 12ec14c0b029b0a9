/** One small breakage of the product, and the test file that is expected to fail of it. */
export interface Mutant {
  readonly name: string;
  /** The rule that is broken. */
  readonly breaks: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Under `test/`, without `.test.ts`. */
  readonly caughtBy: string;
}
