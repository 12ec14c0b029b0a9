/** The numbers at the top: what goes on, what came of the rest, who can be reached, and how the service bears it. */
import type { ComponentChildren, JSX } from 'preact';
import type { Now } from '../../insight/model.ts';
import { count, counted, megabytes } from '../format.ts';
import { Spark } from '../parts/spark.tsx';

export function Numbers({ now }: { readonly now: Now }): JSX.Element {
  const { calls, bindings, perMinute } = now;
  const open = calls.ringing + calls.talking + calls.other;
  return (
    <section class="numbers" aria-label="Numbers">
      <Tile name="Calls now" value={count(open)} spark={perMinute.calls} what="calls">
        <Part look="wait" text={`${count(calls.ringing)} ringing`} />
        <Part look="good" text={`${count(calls.talking)} talking`} />
        {calls.other === 0 ? null : <Part look="off" text={`${count(calls.other)} else`} />}
      </Tile>
      <Tile name="Phones" value={count(bindings.awake + bindings.asleep)} spark={perMinute.registers} what="REGISTERs">
        <Part look="good" text={`${count(bindings.awake)} awake`} />
        <Part look="off" text={`${count(bindings.asleep)} asleep`} />
        <span>of {counted(bindings.users, 'user')}</span>
      </Tile>
      <Tile name="Pushes in the last hour" value={count(sum(perMinute.pushes))} spark={perMinute.pushes} what="pushes">
        {count(perMinute.pushes.at(-1) ?? 0)} in this minute
      </Tile>
      <Ended now={now} />
    </section>
  );
}

const Part = ({ look, text }: { readonly look: string; readonly text: string }): JSX.Element => (
  <span class="part">
    <span class={`dot ${look}`} />
    {text}
  </span>
);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly spark: readonly number[];
  /** What the line counts. */
  readonly what: string;
  readonly children: ComponentChildren;
}

function Tile({ name, value, spark, what, children }: TileProps): JSX.Element {
  return (
    <article class="tile card">
      <h2>{name}</h2>
      <p class="big number">{value}</p>
      <Spark values={spark} label={`${what} per minute, the last ${spark.length} minutes, ${Math.max(0, ...spark)} at most`} />
      <p class="number detail">{children}</p>
    </article>
  );
}

const OUTCOMES = [
  ['answered', 'good', 'answered'],
  ['cancelled', 'off', 'given up'],
  ['failed', 'bad', 'failed'],
  ['crashed', 'crash', 'crashed'],
] as const;

/** A bar of the shares, and the service's health below. */
function Ended({ now }: { readonly now: Now }): JSX.Element {
  const { ended } = now;
  const all = OUTCOMES.reduce((total, [outcome]) => total + ended[outcome], 0);
  return (
    <article class="tile card">
      <h2>Ended since the start</h2>
      <p class="big number">{count(all)}</p>
      <div class="shares" aria-hidden="true">
        {OUTCOMES.filter(([outcome]) => ended[outcome] > 0).map(([outcome, look]) => (
          <span key={outcome} class={look} style={{ flexGrow: ended[outcome] }} />
        ))}
      </div>
      <p class="number detail">
        {OUTCOMES.filter(([outcome]) => outcome === 'answered' || ended[outcome] > 0).map(([outcome, look, word]) => (
          <Part key={outcome} look={look} text={`${count(ended[outcome])} ${word}`} />
        ))}
      </p>
    </article>
  );
}

/** How the service bears it, in a line. */
export const health = ({ lagMs, memoryBytes, actors }: Now): string =>
  `${counted(sum(Object.values(actors)), 'actor')}, ${lagMs < 10 ? lagMs.toFixed(1) : Math.round(lagMs)} ms late, ${megabytes(memoryBytes)}`;
