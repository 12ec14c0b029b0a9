/** The journal of a call as a table: every fact, command and delay, in the order in which they were taken. */
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { CallView } from '../../insight/model.ts';
import type { JournalEntry } from '../../journal/format.ts';
import type { Shown } from './drawer.tsx';
import { useInSight } from './in-sight.ts';
import { instantOf, kindOf, type Moment, toldOf } from './moments.ts';
import { tellingsOf } from './told.ts';
import { actorName, sinceStart } from './words.ts';

interface JournalParts {
  readonly call: CallView;
  readonly moment: Moment;
  readonly shown: Shown | undefined;
  readonly show: (shown: Shown) => void;
}

export function Journal({ call, moment, shown, show }: JournalParts): JSX.Element {
  // Drawn once: a journal may have 2,000 rows, of which two change from moment to moment.
  const cells = useMemo(() => call.entries.map((entry) => <Cells call={call} entry={entry} show={show} />), [call, show]);
  const here = useRef<HTMLTableRowElement>(null);
  useInSight(here, moment.n);
  return (
    <div class="journal-frame">
      <table class="journal">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">What</th>
            <th scope="col">Of</th>
            <th scope="col">Heard by</th>
          </tr>
        </thead>
        <tbody data-rows>
          {call.entries.map((entry, index) => (
            <tr key={entry.n} ref={entry.n === moment.n ? here : null} class={looksOf(entry, moment, shown)}>
              {cells[index]}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cells({ call, entry, show }: Pick<JournalParts, 'call' | 'show'> & { readonly entry: JournalEntry }): JSX.Element {
  return (
    <>
      <td class="number">{sinceStart(call, instantOf(call, entry))}</td>
      <td>
        <button type="button" class="quiet mono" data-row onClick={() => show({ entry: entry.n })}>
          <span class={`kind ${kindOf(entry)}`}>{toldOf(entry).type.replace(/^xstate\.after\.([^.]+).*/, 'after $1')}</span>
        </button>
      </td>
      <td>{actorName(call, entry.by)}</td>
      <td class="faint">{[...new Set(tellingsOf(entry).map(({ to }) => actorName(call, to)))].join(', ')}</td>
    </>
  );
}

const looksOf = ({ n }: JournalEntry, moment: Moment, shown: Shown | undefined): string =>
  `${n > moment.n ? 'later' : n === moment.n ? 'now' : ''}${shown?.entry === n ? ' is-open' : ''}`;
