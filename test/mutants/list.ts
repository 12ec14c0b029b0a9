import { ATTENDED } from './attended.ts';
import { CHARTS } from './charts.ts';
import { ENGINE } from './engine.ts';
import type { Mutant } from './mutant.ts';
import { PICKUP } from './pickup.ts';
import { SIP } from './sip.ts';

/** Every breakage that the suite has to see. */
export const MUTANTS: readonly Mutant[] = [...CHARTS, ...ENGINE, ...SIP, ...PICKUP, ...ATTENDED];
