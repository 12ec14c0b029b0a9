/** How many random worlds a property plays, and from which seed: `WORLDS=2000 SEED=7 npx vitest run …` plays more by hand. */
export function worlds(preset: number): { readonly numRuns: number; readonly seed?: number } {
  const { WORLDS, SEED } = process.env;
  return { numRuns: Number(WORLDS ?? preset), ...(SEED === undefined ? {} : { seed: Number(SEED) }) };
}
