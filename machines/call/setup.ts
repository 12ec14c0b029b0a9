/** The types that all parts of the call's chart share. */
import { setup } from 'xstate';
import type { LegCommand, SipCommand } from '../vocabulary/commands.ts';
import { SIXTY_FOUR_T1_MS } from '../vocabulary/time.ts';
import type { Context, Event, Input, Told } from './context.ts';

/** The types and the delays. */
export const callSetup = setup({
  types: {
    context: {} as Context,
    input: {} as Input,
    events: {} as Event,
    emitted: {} as Told | LegCommand | SipCommand,
  },
  delays: {
    /** Each leg gives up after 64*T1 at the latest; the call outlasts them. */
    legsGone: 4 * SIXTY_FOUR_T1_MS,
  },
});
