import type { Raw } from '../../../machines/vocabulary/descriptor.ts';
import type { pickupAsked } from '../../../machines/vocabulary/facts.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import type { Destination } from './dial-plan.ts';

/** What a user who picks up asks for. */
export type PickupOrder = Omit<Raw<typeof pickupAsked>, 'type' | 'call' | 'leg'>;

/** Where a call leads. */
export interface Goal extends Destination {
  /** The dialog of a party that is there already, rather than a number to ring. */
  readonly isDirect: boolean;
  /** The URI that was dialled: a SIPS one asks for more than its callee says (RFC 5630 §3.1.3). */
  readonly dialled?: string;
  /** The call that party was in; empty for a number. */
  readonly continues: Address;
  /** A star code of ours, and what was dialled behind it: it rings nobody. */
  readonly code?: string;
  readonly argument?: string;
  /** The caller picks up another call: this one rings nobody, and is told of once it is there. */
  readonly pickup?: PickupOrder;
}
