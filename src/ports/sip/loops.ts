import type { SipRequest } from '../../sip/message.ts';
import type { LegTable } from './leg-table.ts';

/**
 * Requests of ours that come back to us for the very user for whom they left: 482 (RFC 3261 §16.3 item 4). A proxy that
 * sends one back leaves its From tag and Call-ID, which are ours and unguessable; what comes back for another user is a
 * spiral, as a trunk makes of a number that is ours, and is bounded by Max-Forwards and Max-Breadth (RFC 5393).
 */
export class Loops {
  readonly #legs: LegTable;
  /** Users for whom MESSAGEs are under way, by From tag. */
  readonly #messages = new Map<string, string>();

  constructor(legs: LegTable) {
    this.#legs = legs;
  }

  /** A MESSAGE leaves with this From tag; called again without a user when it has its answer. */
  note(tag: string, aor: string | undefined): void {
    if (aor === undefined) this.#messages.delete(tag);
    else this.#messages.set(tag, aor);
  }

  /** Whether this request, for that user, is one of ours. */
  has({ from, callId }: SipRequest, callee: string): boolean {
    const tag = from.params.tag ?? '';
    const side = this.#legs.byLocalTag(tag)?.side;
    if (side !== undefined) return !side.isCaller && side.aor === callee && side.invite.callId === callId;
    return this.#messages.size > 0 && this.#messages.get(tag) === callee;
  }
}
