/** The rules that hold in every world, by name. */
import type { Invariant } from '../invariant.ts';
import { every2xxAcknowledged } from './acks.ts';
import { answersGoBack, oneFinalResponse } from './finals.ts';
import { missedStaysMissed, noForkOutlives, noLateFork, oneDeviceTalks } from './forks.ts';
import { noRefusalUnheard, nothingUnheard } from './hearing.ts';
import { mediaAnchored } from './media.ts';
import { onePickupWins, virtualDialogs } from './pickups.ts';
import { noLostWakeUp, onePush } from './pushes.ts';
import { nothingLeft, phonesContent } from './rest.ts';
import { secretsStay, sidesApart } from './sides.ts';
import { everyWaitEnds } from './waits.ts';

/** Every invariant, in the README's order. */
export const INVARIANTS: readonly Invariant[] = [
  oneFinalResponse,
  answersGoBack,
  every2xxAcknowledged,
  noForkOutlives,
  oneDeviceTalks,
  noLateFork,
  missedStaysMissed,
  onePickupWins,
  virtualDialogs,
  onePush,
  noLostWakeUp,
  everyWaitEnds,
  nothingLeft,
  nothingUnheard,
  noRefusalUnheard,
  sidesApart,
  secretsStay,
  mediaAnchored,
  phonesContent,
];
