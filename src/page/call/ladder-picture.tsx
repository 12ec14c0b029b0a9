/** The ladder as a picture: a column for each party, a row for each message and fact. */
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { CallView } from '../../insight/model.ts';
import { length } from '../format.ts';
import type { Shown } from './drawer.tsx';
import { useInSight } from './in-sight.ts';
import type { FactRow, Ladder, LadderRow, MessageRow } from './ladder.ts';
import type { Moment } from './moments.ts';
import { sinceStart } from './words.ts';

interface LadderParts {
  readonly call: CallView;
  readonly ladder: Ladder;
  readonly moment: Moment;
  /** What the drawer shows. */
  readonly shown: Shown | undefined;
  readonly show: (shown: Shown) => void;
}

const ROW = 32;

export function LadderPicture({ call, ladder, moment, shown, show }: LadderParts): JSX.Element {
  const { columns, rows } = ladder;
  const last = rows.findLastIndex((row) => row.kind !== 'wait' && hasHappened(row, moment));
  // Drawn once: of a long ladder little changes from moment to moment.
  const rungs = useMemo(
    () => rows.map((row, n) => <Rung row={row} time={timeOf(call, rows, n)} count={columns.length} show={show} />),
    [call, rows, columns, show],
  );
  const here = useRef<HTMLLIElement>(null);
  useInSight(here, last);
  return (
    <div class="ladder-frame">
      <div class="ladder" style={{ '--columns': columns.length }}>
        <ol class="ladder-heads">
          {columns.map(({ key, name, note, kind }) => (
            <li key={key} class={kind}>
              <strong>{name}</strong>
              <span class="mono">{note}</span>
            </li>
          ))}
        </ol>
        <ol class="rungs" data-rows>
          {rows.map((row, n) => (
            <li key={keyOf(row)} ref={n === last ? here : null} class={looksOf(row, n - last, shown)}>
              {rungs[n]}
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}

const hasHappened = (row: MessageRow | FactRow, { n, at }: Moment): boolean => (row.kind === 'fact' ? row.n <= n : row.at <= at);

const keyOf = (row: LadderRow): string =>
  row.kind === 'message' ? `m${row.message}` : row.kind === 'fact' ? `f${row.n}` : `w${row.at}`;

const isShown = (row: LadderRow, shown: Shown | undefined): boolean =>
  (row.kind === 'message' && shown?.message === row.message) || (row.kind === 'fact' && shown?.entry === row.n);

/** `after`: how many rows it stands behind the one of the moment. */
const looksOf = (row: LadderRow, after: number, shown: Shown | undefined): string =>
  `is-${row.kind}${after > 0 ? ' later' : after === 0 ? ' now' : ''}${isShown(row, shown) ? ' is-open' : ''}`;

/** Each instant stands there once. */
function timeOf(call: CallView, rows: readonly LadderRow[], n: number): string {
  const [row, before] = [rows[n], rows[n - 1]];
  if (row === undefined || row.kind === 'wait') return '';
  const time = sinceStart(call, row.at);
  return before !== undefined && before.kind !== 'wait' && sinceStart(call, before.at) === time ? '' : time;
}

interface RungParts extends Pick<LadderParts, 'show'> {
  readonly row: LadderRow;
  readonly time: string;
  /** Columns. */
  readonly count: number;
}

function Rung({ row, time, count, show }: RungParts): JSX.Element {
  if (row.kind === 'wait') {
    return (
      <div class="rung">
        <span class="number" />
        <span class="field">
          <Lifelines count={count} />
          <span class="pause">{length(row.forMs)}</span>
        </span>
      </div>
    );
  }
  const press = (): void => show(row.kind === 'message' ? { message: row.message } : { entry: row.n });
  return (
    <button type="button" class="rung" data-row onClick={press}>
      <span class="number">{time}</span>
      <span class="field">
        <Lifelines count={count} />
        {row.kind === 'message' ? <ArrowRow row={row} count={count} /> : <FactNote row={row} count={count} />}
      </span>
    </button>
  );
}

const center = (column: number, count: number): number => ((column + 0.5) / count) * 100;

const Lifelines = ({ count }: { readonly count: number }): JSX.Element => (
  <svg class="lifelines" aria-hidden="true" width="100%" height={ROW}>
    {Array.from({ length: count }, (_, column) => (
      <line key={column} x1={`${center(column, count)}%`} x2={`${center(column, count)}%`} y1={0} y2={ROW} />
    ))}
  </svg>
);

const MIDDLE = 23;

function ArrowRow({ row, count }: { readonly row: MessageRow; readonly count: number }): JSX.Element {
  const { from, to, label, tone, isAgain } = row;
  const [start, end] = [center(from, count), center(to, count)];
  const head = to > from ? 'M0,0L-9,-4.5L-9,4.5Z' : 'M0,0L9,-4.5L9,4.5Z';
  return (
    <svg class={`message ${tone}${isAgain ? ' again' : ''}`} width="100%" height={ROW}>
      <title>{isAgain ? `${label}, said again` : label}</title>
      <line x1={`${start}%`} x2={`${end}%`} y1={MIDDLE} y2={MIDDLE} />
      <svg x={`${end}%`} y={MIDDLE} overflow="visible" aria-hidden="true">
        <path d={head} />
      </svg>
      <text x={`${(start + end) / 2}%`} y={MIDDLE - 6} text-anchor="middle">
        {isAgain ? `${label} ↻` : label}
      </text>
    </svg>
  );
}

/** At the service's lifeline, which is the second. */
function FactNote({ row, count }: { readonly row: FactRow; readonly count: number }): JSX.Element {
  const at = center(1, count);
  return (
    <span class="note" style={{ left: `${at}%`, maxWidth: `${2 * Math.min(at, 100 - at)}%` }}>
      <span class="mono">{row.label}</span>
      {row.detail === '' ? null : <span class="detail">{row.detail}</span>}
    </span>
  );
}
