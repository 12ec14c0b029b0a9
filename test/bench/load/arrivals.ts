/** Gaps between arrivals of a Poisson process of that rate, the same at every run. */
export function poisson(ratePerSecond: number, seed = 1): () => number {
  const random = mulberry32(seed);
  return () => (-Math.log(1 - random()) * 1000) / ratePerSecond;
}

/** Even gaps. */
export const evenly = (ratePerSecond: number) => () => 1000 / ratePerSecond;

/** A small seeded generator; uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
