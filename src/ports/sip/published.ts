/**
 * INVITEs with Replaces that name a published dialog (`virtual-dialogs.ts`): the button under a lamp. No such dialog is on a
 * leg, so that it is looked up here before those of legs: what rings is picked up, what is answered taken over.
 */
import { NO_FORWARDING, NO_PUSH } from '../../../machines/vocabulary/binding.ts';
import { legAddress } from '../../../machines/vocabulary/identity.ts';
import { parseReplaces, type Replaces } from '../../sip/replaces.ts';
import type { Goal } from './goal.ts';
import type { LegSide } from './leg-side.ts';
import type { LegTable } from './leg-table.ts';
import type { PickupRights } from './pickup-rights.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { Transfers } from './transfer.ts';
import type { VirtualDialog, VirtualDialogs } from './virtual-dialogs.ts';

/** Stands where a star code stands that was dialled: such a call rings nobody by itself either. */
const BUTTON = 'Replaces';

export class Published {
  readonly #legs: LegTable;
  readonly #rights: PickupRights;
  readonly #virtual: VirtualDialogs;
  readonly #transfers: Transfers;

  constructor(legs: LegTable, rights: PickupRights, virtual: VirtualDialogs, transfers: Transfers) {
    this.#legs = legs;
    this.#rights = rights;
    this.#virtual = virtual;
    this.#transfers = transfers;
  }

  /** What the sender of these Replaces lines gets; undefined where they name no published dialog. `taker`: address of record. */
  goalOf(lines: readonly string[], taker: string): Goal | Refusal | undefined {
    const [line = ''] = lines;
    const replaces = lines.length === 1 ? parseReplaces(line) : undefined;
    const dialog = replaces && this.#virtual.named(replaces);
    return replaces === undefined || dialog === undefined ? undefined : this.#judge(dialog, replaces, taker);
  }

  /** RFC 3891 §3. */
  #judge(dialog: VirtualDialog, { earlyOnly }: Replaces, taker: string): Goal | Refusal {
    const { user, call, direction } = dialog;
    // Who may not even be told of it is told nothing of how it is.
    if (taker === '' || !this.#rights.mayPickUp(taker, user)) return refusal(403, 'Not In Your Pickup Groups');
    const caller = this.#legs.at(legAddress(call, 0));
    if (dialog.isEnded || caller === undefined || caller.isReleased) return refusal(603, '');
    if (caller.dialog === undefined) return direction === 'recipient' ? pickUp(dialog, taker) : refusal(481, '');
    const side = direction === 'initiator' ? caller : this.#legs.at(caller.winner);
    // Another has answered what rang for this user.
    if (side === undefined || (direction === 'recipient' && side.aor !== user)) return refusal(603, '');
    return this.#takeOver(side, earlyOnly, taker, user);
  }

  #takeOver(side: LegSide, earlyOnly: boolean, taker: string, user: string): Goal | Refusal {
    if (side.isReleased) return refusal(603, '');
    if (earlyOnly) return refusal(486, '');
    if (!this.#rights.mayTakeOver(taker, user)) return refusal(403, 'Not Allowed To Take Over');
    return this.#transfers.withPartnerOf(side, taker);
  }
}

const pickUp = ({ call, user }: VirtualDialog, picker: string): Goal => ({
  callee: user,
  accountPush: NO_PUSH,
  rings: [],
  forwarding: NO_FORWARDING,
  isDirect: true,
  continues: '',
  code: BUTTON,
  argument: '',
  pickup: { picker, callees: [user], target: call, form: 'replaces', mode: 'join' },
});
