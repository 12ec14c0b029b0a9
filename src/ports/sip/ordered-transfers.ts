/** Transfers that scenarios order (`call.transfer`), in the name of one party of a talk: carried out as its REFER would be. */
import type { SipTransferParty } from '../../../machines/vocabulary/commands.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import { reasonPhrase } from '../../sip/headers.ts';
import { Consultation } from './consultation.ts';
import type { SipContext } from './context.ts';
import { dialledUri } from './dialled-uri.ts';
import type { Domains } from './domains.ts';
import type { Goal } from './goal.ts';
import type { LegSide } from './leg-side.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import { isFree, partnerOf } from './takeover.ts';
import type { Transfers } from './transfer.ts';

/** One transfer of a talk: who has it done, whom it concerns, and how far it has come. */
export interface Ordered {
  readonly author: Address;
  readonly call: Address;
  readonly from: LegSide;
  readonly transferee: LegSide;
  readonly goal: Goal;
  /** The leg that stands in for the transferee in the call to the target. */
  onward: LegSide | undefined;
  consultation: Consultation | undefined;
}

const ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';

export class OrderedTransfers {
  readonly #context: SipContext;
  readonly #transfers: Transfers;
  readonly #domains: Domains;
  /** By the call whose talk it is: one at a time. */
  readonly #open = new Map<Address, Ordered>();

  constructor(context: SipContext, transfers: Transfers, domains: Domains) {
    this.#context = context;
    this.#transfers = transfers;
    this.#domains = domains;
  }

  /** Transfers that have not come to an end. */
  get size(): number {
    return this.#open.size;
  }

  /** What cannot be done is told as `transfer.progressed`. */
  begin(order: SipTransferParty, transferee: LegSide): undefined {
    const { case: author, callee, consult } = order;
    const from = this.#context.legs.at(order.from);
    const goal = from === undefined ? refusal(481, '') : this.#goalOf(from, transferee, callee);
    if (from === undefined || isRefusal(goal)) {
      const { status, reason } = isRefusal(goal) ? goal : refusal(481, '');
      this.#tell({ author, call: transferee.call, onward: undefined }, 'failed', status, reason);
      return;
    }
    const ordered: Ordered = { author, call: from.call, from, transferee, goal, onward: undefined, consultation: undefined };
    this.#open.set(ordered.call, ordered);
    if (consult) this.#consult(ordered);
    else this.#transfer(ordered);
  }

  #goalOf(from: LegSide, transferee: LegSide, callee: string): Goal | Refusal {
    if (this.#open.has(from.call) || !isFree(transferee) || from.isReleased) return refusal(491, 'Another Transfer Goes On');
    const uri = dialledUri(this.#domains, callee);
    const goal = uri === undefined ? refusal(404, 'Malformed Callee') : this.#transfers.dialled(uri, from);
    if (isRefusal(goal)) return goal;
    const isOfTalk = goal.callee !== '' && (goal.callee === from.user || goal.callee === transferee.user);
    return isOfTalk ? refusal(400, 'Already In This Talk') : goal;
  }

  /** Without consultation: the transferee stays in its talk until the target has answered (RFC 5589 §6). */
  #transfer(ordered: Ordered): void {
    const { from, transferee, goal } = ordered;
    const tell = (status: number, reason = ''): void => this.#heard(ordered, status, reason);
    ordered.onward = this.#transfers.placeOrdered(goal, { tell }, from, transferee);
  }

  #heard(ordered: Ordered, status: number, reason: string): void {
    if (this.#open.get(ordered.call) !== ordered) return;
    if (status < 200) {
      if (status === 180) this.#tell(ordered, 'ringing', status, reason);
      return;
    }
    this.#open.delete(ordered.call);
    this.#tell(ordered, status < 300 ? 'done' : 'failed', status, reason);
  }

  #tell(
    { author, call, onward }: Pick<Ordered, 'author' | 'call' | 'onward'>,
    what: 'ringing' | 'consulting' | 'done' | 'failed',
    status: number,
    reason: string,
  ): void {
    const phrase = reason || reasonPhrase(status);
    const of = { case: author, call, onward: onward?.call ?? '' };
    this.#context.engine.post({ type: 'transfer.progressed', ...of, what, status, reason: phrase });
  }

  /** The transferor and the target talk first; the transferee waits. */
  #consult(ordered: Ordered): void {
    const { goal, from, author, call } = ordered;
    const consultation = Consultation.begin(this.#context, this.#domains, { goal, from }, (what, status, reason) => {
      const of = { author, call, onward: consultation instanceof Consultation ? consultation.side : undefined };
      // It was taken back, or became a transfer without consultation.
      if (ordered.consultation !== consultation) return;
      if (what === 'failed') this.#open.delete(call);
      this.#tell(of, what, status, reason);
    });
    if (isRefusal(consultation)) this.#heard(ordered, consultation.status, consultation.reason);
    else ordered.consultation = consultation;
  }

  /** The transferor leaves the transferee to the target, whether or not that has answered. */
  complete(call: Address): undefined {
    const ordered = this.#open.get(call);
    if (ordered !== undefined) this.#goOn(ordered, ordered.transferee);
  }

  /** Who is left talks with the target. */
  #goOn(ordered: Ordered, left: LegSide): void {
    const { consultation } = ordered;
    if (consultation === undefined || ordered.onward !== undefined) return;
    const target = consultation.target;
    if (target === undefined) {
      // As after a REFER to whom it rings: phones hang up right behind it.
      ordered.consultation = undefined;
      consultation.end(ELSEWHERE);
      this.#transfer(ordered);
    } else if (!isFree(target) || !isFree(left)) this.#tell(ordered, 'failed', 491, 'Talk Cannot Be Joined Now');
    else ordered.onward = this.#join(ordered, consultation, target, left);
  }

  /** RFC 5589 §7: as a REFER with Replaces does. */
  #join(ordered: Ordered, consultation: Consultation, target: LegSide, left: LegSide): LegSide {
    const tell = (status: number, reason = ''): void => {
      if (status < 200 || this.#open.get(ordered.call) !== ordered) return;
      if (status < 300) {
        consultation.over();
        this.#heard(ordered, status, reason);
        return;
      }
      this.#tell(ordered, 'failed', status, reason);
      ordered.onward = undefined;
      // Nobody of the first talk is there any more for whom the target could wait.
      if (ordered.from.isReleased || ordered.transferee.isReleased) this.#stop(ordered);
    };
    return this.#transfers.placeOrdered(this.#transfers.joining(target), { tell }, ordered.from, left);
  }

  /** The two talk to each other again, and the target to nobody. */
  cancel(call: Address): undefined {
    const ordered = this.#open.get(call);
    if (ordered === undefined) return;
    const { onward, consultation } = ordered;
    if (consultation === undefined) {
      // Its leg tells that it has ended, and so what became of the transfer.
      if (onward !== undefined) this.#context.engine.post({ type: 'bye.received', leg: onward.address, fork: '', message: 0 });
    } else if (onward === undefined) {
      this.#stop(ordered);
      this.#tell({ ...ordered, onward: consultation.side }, 'failed', 487, 'Cancelled');
    }
  }

  #stop(ordered: Ordered): void {
    this.#open.delete(ordered.call);
    ordered.consultation?.end('');
  }

  /** A party of a talk hangs up: the other one goes on with the target that was consulted, or is transferred to it. */
  partyLeaves(side: LegSide): void {
    const ordered = this.#open.get(side.call);
    if (ordered?.consultation === undefined || ordered.onward !== undefined) return;
    const { from, transferee, consultation } = ordered;
    const left = side === from ? transferee : side === transferee ? from : undefined;
    if (left !== undefined && partnerOf(this.#context, side) === left && (side === from || consultation.target !== undefined))
      this.#goOn(ordered, left);
  }

  /** The leg is gone: what was begun for its talk and has no heir ends. */
  close(side: LegSide): void {
    const ordered = this.#open.get(side.call);
    if (ordered === undefined || (side !== ordered.from && side !== ordered.transferee)) return;
    if (ordered.consultation !== undefined && ordered.onward === undefined) {
      this.#stop(ordered);
      this.#tell({ ...ordered, onward: ordered.consultation.side }, 'failed', 487, 'Party Has Hung Up');
    }
  }
}
