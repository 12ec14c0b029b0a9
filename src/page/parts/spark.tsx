/** A small picture of what came each minute: a bar a minute, the last one of the minute that goes on. */
import type { JSX } from 'preact';

const STEP = 3;
const BAR = 2;
const HEIGHT = 34;

export function Spark({ values, label }: { readonly values: readonly number[]; readonly label: string }): JSX.Element {
  const highest = Math.max(1, ...values);
  const width = Math.max(1, values.length) * STEP;
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <path class="ground" d={`M0 ${HEIGHT - 0.5}H${width}`} />
      <path d={barsOf(values, highest)} />
    </svg>
  );
}

/** All bars as one path: a page that is drawn each second has few elements. */
const barsOf = (values: readonly number[], highest: number): string =>
  values
    .map((value, n) => {
      const tall = value === 0 ? 0 : Math.max(2, Math.round((value / highest) * (HEIGHT - 2)));
      return tall === 0 ? '' : `M${n * STEP} ${HEIGHT}v${-tall}h${BAR}v${tall}z`;
    })
    .join('');
