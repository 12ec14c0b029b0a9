/** A small line of what came each minute; the last minute, which is not over, is left out of its shape. */
import type { JSX } from 'preact';

const WIDTH = 120;
const HEIGHT = 32;

export function Spark({ values, label }: { readonly values: readonly number[]; readonly label: string }): JSX.Element {
  const past = values.slice(0, -1);
  const highest = Math.max(1, ...past);
  const step = past.length > 1 ? WIDTH / (past.length - 1) : WIDTH;
  const points = past.map((value, n) => `${(n * step).toFixed(1)},${(HEIGHT - 2 - (value / highest) * (HEIGHT - 5)).toFixed(1)}`);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      {points.length < 2 ? null : (
        <>
          <polygon points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} />
          <polyline points={points.join(' ')} />
        </>
      )}
    </svg>
  );
}
