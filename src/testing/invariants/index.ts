/** The rules that hold in every world, by name. */
import type { Invariant } from '../invariant.ts';
import { every2xxAcknowledged } from './acks.ts';
import { answersGoBack, oneFinalResponse } from './finals.ts';
import { nothingLeft, phonesContent } from './rest.ts';

/** Every invariant, in the README's order. */
export const INVARIANTS: readonly Invariant[] = [
  oneFinalResponse,
  answersGoBack,
  every2xxAcknowledged,
  nothingLeft,
  phonesContent,
];
