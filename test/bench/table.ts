/** One line of the report. */
export interface Row {
  readonly run: string;
  /** Offered units per second. */
  readonly rate: number;
  readonly started: number;
  readonly done: number;
  readonly failed: number;
  readonly refused: number;
  /** CPU of the server process per unit started. */
  readonly cpuMsEach: number;
  readonly cpuShare: number;
  readonly latency: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Datagrams the kernel dropped at the server's socket. */
  readonly drops: number;
  readonly rssBytes: number;
  readonly notes: string;
}

const HEAD = [
  'run',
  'rate/s',
  'started',
  'done',
  'failed',
  '503',
  'CPU ms each',
  'CPU',
  'latency',
  'p50 ms',
  'p99 ms',
  'max ms',
  'drops',
  'RSS MB',
  'notes',
];

const blankIfNone = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : '');

const cells = (row: Row): string[] => [
  row.run,
  blankIfNone(row.rate, 0),
  blankIfNone(row.started, 0),
  blankIfNone(row.done, 0),
  blankIfNone(row.failed, 0),
  blankIfNone(row.refused, 0),
  blankIfNone(row.cpuMsEach, 3),
  Number.isFinite(row.cpuShare) ? `${(row.cpuShare * 100).toFixed(0)}%` : '',
  row.latency,
  blankIfNone(row.p50Ms, 2),
  blankIfNone(row.p99Ms, 2),
  blankIfNone(row.maxMs, 1),
  blankIfNone(row.drops, 0),
  (row.rssBytes / 1e6).toFixed(0),
  row.notes,
];

const tableLine = (columns: readonly string[]): string => `| ${columns.join(' | ')} |`;

/** One row as it will stand in the table. */
export const line = (row: Row): string => tableLine(cells(row));

/** The rows as a markdown table. */
export const markdown = (rows: readonly Row[]): string =>
  [tableLine(HEAD), tableLine(HEAD.map(() => '---')), ...rows.map(line)].join('\n');
