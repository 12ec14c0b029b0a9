import type { Random } from '../random.ts';
import type { Srv } from './resolver.ts';

/** SRV records in the order in which they are to be tried: by priority, and among equals by chance and weight (RFC 2782). */
export function ordered(records: readonly Srv[], random: Random): readonly Srv[] {
  if (records.length < 2) return records;
  const left = records.toSorted((a, b) => a.priority - b.priority || Number(a.weight > 0) - Number(b.weight > 0));
  const chosen: Srv[] = [];
  while (left.length > 0) {
    const last = left.findLastIndex(({ priority }) => priority === left[0]?.priority);
    chosen.push(...left.splice(draw(left.slice(0, last + 1), random), 1));
  }
  return chosen;
}

/** Which of these equals is next: a weight of 0 has a small chance too. */
function draw(equals: readonly Srv[], random: Random): number {
  const sum = equals.reduce((total, { weight }) => total + weight, 0);
  const mark = Math.floor(random.fraction() * (sum + 1));
  let running = 0;
  return equals.findIndex(({ weight }) => {
    running += weight;
    return running >= mark;
  });
}
