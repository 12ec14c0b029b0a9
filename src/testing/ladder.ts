/** One line of a ladder: a message between two parties, or a note beside one. */
export interface LadderRecord {
  readonly atMs: number;
  readonly from: string;
  /** For a note the same as `from`. */
  readonly to: string;
  readonly label: string;
  readonly kind: 'message' | 'note';
  /** The message never arrived. */
  readonly lost?: boolean;
}

const TIME_WIDTH = 9;
const LEAST_GAP = 6;
const WIDEST_GAP = 34;
const LEAST_NOTE = 40;

/**
 * Draws a SIP ladder as text: one column per party, in the order of `parties` (of appearance by default), arrows with
 * their labels, notes beside the lifeline of their party. Instants are seconds since the first record. No line is
 * longer than `width` (default 110), as long as the parties find room in it.
 */
export function drawLadder(
  records: readonly LadderRecord[],
  how: { readonly parties?: readonly string[]; readonly width?: number } = {},
): string {
  const parties = how.parties ?? [...new Set(records.flatMap(({ from, to }) => [from, to]))];
  const columns = placeColumns(parties, how.width ?? 110);
  const startMs = records[0]?.atMs ?? 0;
  const lines = [names(columns)];
  let shownAt = '';
  for (const record of records) {
    const at = ((record.atMs - startMs) / 1000).toFixed(3).padStart(TIME_WIDTH - 2);
    const rows = record.kind === 'message' && record.from !== record.to ? [arrow(record, columns)] : note(record, columns);
    for (const [n, row] of rows.entries()) lines.push(`${n > 0 || at === shownAt ? ' '.repeat(at.length) : at}${row}`.trimEnd());
    shownAt = at;
  }
  return `${lines.join('\n')}\n`;
}

interface Columns {
  readonly parties: readonly string[];
  /** Where each lifeline stands, behind the time. */
  readonly at: readonly number[];
  readonly gap: number;
  /** Room behind the time. */
  readonly width: number;
}

function placeColumns(parties: readonly string[], width: number): Columns {
  const room = width - TIME_WIDTH + 2;
  const first = 2 + Math.floor((parties[0]?.length ?? 0) / 2);
  const last = Math.ceil((parties.at(-1)?.length ?? 0) / 2);
  const gaps = Math.max(parties.length - 1, 1);
  const gap = Math.max(LEAST_GAP, Math.min(WIDEST_GAP, Math.floor((room - first - last) / gaps)));
  return { parties, at: parties.map((_, n) => first + n * gap), gap, width: room };
}

function names({ parties, at, gap, width }: Columns): string {
  const row: string[] = Array.from({ length: width }, () => ' ');
  for (const [n, party] of parties.entries()) {
    const name = shorten(party, gap - 2);
    write(row, (at[n] ?? 0) - Math.floor(name.length / 2), name);
  }
  return `${' '.repeat(TIME_WIDTH - 2)}${row.join('')}`.trimEnd();
}

const lifelines = ({ at, width }: Columns): string[] => {
  const row: string[] = Array.from({ length: width }, () => ' ');
  for (const x of at) row[x] = '│';
  return row;
};

function arrow({ from, to, label, lost }: LadderRecord, columns: Columns): string {
  const row = lifelines(columns);
  const start = columnOf(columns, from);
  const end = columnOf(columns, to);
  const left = Math.min(start, end);
  const span = Math.abs(end - start) - 1;
  const text = ` ${shorten(label, span - 4)} `;
  const before = Math.floor((span - text.length) / 2);
  const shaft = [...`${'─'.repeat(Math.max(before, 0))}${text}`.padEnd(span, '─')].slice(0, span);
  const head = lost === true ? '✕' : end > start ? '▶' : '◀';
  shaft[end > start ? span - 1 : 0] = head;
  for (const [n, char] of shaft.entries()) row[left + 1 + n] = char;
  return row.join('');
}

/** A note overwrites the lifelines to its right; what is too long goes on below. */
function note({ from, label }: LadderRecord, columns: Columns): string[] {
  const beside = columnOf(columns, from) + 2;
  const clean = printable(label);
  const row = lifelines(columns);
  const left = beside - 5 - clean.length;
  if (beside + clean.length + 2 > columns.width && clean.length + 4 < columns.gap) {
    write(row, left, `${clean} ·`);
    return [row.join('')];
  }
  // Beside the last lifelines there may be little room: what is longer begins further left.
  const start = Math.max(0, Math.min(beside, columns.width - 2 - Math.min(clean.length, LEAST_NOTE)));
  return wrap(clean, columns.width - start - 2).map((text, n) => {
    const row = lifelines(columns);
    for (let x = start; x < row.length; x += 1) if (x < start + text.length + 3) row[x] = ' ';
    write(row, start, `${n === 0 ? '·' : ' '} ${text}`);
    return row.join('');
  });
}

function columnOf({ parties, at }: Columns, party: string): number {
  const x = at[parties.indexOf(party)];
  if (x === undefined) throw new Error(`the ladder has no party "${party}"; it has ${parties.join(', ')}`);
  return x;
}

function write(row: string[], from: number, text: string): void {
  for (const [n, char] of [...text].entries()) if (from + n >= 0 && from + n < row.length) row[from + n] = char;
}

/** Labels may come from the wire: neither line breaks nor a terminal's control sequences belong in a picture. */
const printable = (text: string): string => text.replace(/\p{C}/gu, '?');

function shorten(text: string, length: number): string {
  const clean = printable(text);
  return clean.length <= length ? clean : `${clean.slice(0, Math.max(length - 1, 0))}…`;
}

function wrap(text: string, width: number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(' ')) {
    if (row !== '' && row.length + 1 + word.length > width) {
      rows.push(row);
      row = '';
    }
    row = row === '' ? shorten(word, width) : `${row} ${word}`;
  }
  return [...rows, row];
}
