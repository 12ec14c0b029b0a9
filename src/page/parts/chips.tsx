/** A choice of one of a few. */
import type { JSX } from 'preact';
import { count } from '../format.ts';

export interface Chip {
  /** What is chosen by it; empty: all. */
  readonly value: string;
  readonly text: string;
  readonly amount?: number | undefined;
}

interface ChipsProps {
  readonly label: string;
  readonly chips: readonly Chip[];
  readonly chosen: string;
  choose(value: string): void;
}

export function Chips({ label, chips, chosen, choose }: ChipsProps): JSX.Element {
  return (
    <fieldset class="chips">
      <legend class="visually-hidden">{label}</legend>
      {chips.map(({ value, text, amount }) => (
        <button key={value} type="button" aria-pressed={value === chosen} onClick={() => choose(value)}>
          {text}
          {amount === undefined ? null : <span class="number">{count(amount)}</span>}
        </button>
      ))}
    </fieldset>
  );
}
