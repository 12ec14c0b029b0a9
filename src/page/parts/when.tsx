/** Instants and lengths, with all of the instant in a tooltip. */
import type { JSX } from 'preact';
import { exactTime, serverNow, timeOfDay } from '../clock.ts';
import { length } from '../format.ts';

export const At = ({ at }: { readonly at: number }): JSX.Element => (
  <time class="number" dateTime={exactTime(at)} title={exactTime(at)}>
    {timeOfDay(at)}
  </time>
);

/** `3 min ago`. */
export const Ago = ({ at }: { readonly at: number }): JSX.Element => (
  <time class="number" dateTime={exactTime(at)} title={exactTime(at)}>
    {length(serverNow() - at)} ago
  </time>
);

/** `in 3 min`. */
export const In = ({ at }: { readonly at: number }): JSX.Element => (
  <time class="number" dateTime={exactTime(at)} title={exactTime(at)}>
    {at <= serverNow() ? 'now' : `in ${length(at - serverNow())}`}
  </time>
);
