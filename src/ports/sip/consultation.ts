/**
 * A talk that one party of another talk has with somebody else meanwhile: a call that we place in its name, whose media is that
 * of the first talk, relayed to the target. It is asked for nothing: the target is offered only what was agreed with it.
 */
import type { SipRespond } from '../../../machines/vocabulary/commands.ts';
import { legAddress } from '../../../machines/vocabulary/identity.ts';
import { unquoted } from '../../sip/name-addr.ts';
import { bridgeOf } from './anchoring.ts';
import { breadthOf } from './breadth.ts';
import type { SipContext } from './context.ts';
import type { Domains } from './domains.ts';
import type { Goal } from './goal.ts';
import { type LegSide, newSide, type Placed } from './leg-side.ts';
import { inviteWithoutOffer, partyOf } from './onward.ts';
import { type Refusal, refusal } from './refusal.ts';

/** Whom to call, and in whose name. */
export interface Consulted {
  readonly goal: Goal;
  readonly from: LegSide;
}
/** Hears how it goes; `failed` once, at the end, unless it is ended by order. */
export type ConsultationHearer = (what: 'ringing' | 'consulting' | 'failed', status: number, reason: string) => void;

const CALL_ID_BYTES = 16;
const NOT_HERE = refusal(488, 'Media Of The Talk Does Not Pass Here');

export class Consultation implements Placed {
  readonly #context: SipContext;
  readonly #hear: ConsultationHearer;
  readonly side: LegSide;
  #state: 'ringing' | 'talking' | 'over' = 'ringing';

  private constructor(context: SipContext, side: Omit<Parameters<typeof newSide>[0], 'placed'>, hear: ConsultationHearer) {
    this.#context = context;
    this.#hear = hear;
    this.side = newSide({ ...side, placed: this });
  }

  /** Begins it; returns why it cannot be. */
  static begin(
    context: SipContext,
    domains: Domains,
    { goal, from }: Consulted,
    hear: ConsultationHearer,
  ): Consultation | Refusal {
    const lent = bridgeOf(context, from)?.lend?.(from.isCaller ? 'caller' : 'fork');
    if (lent === undefined) return NOT_HERE;
    const { engine, random, legs } = context;
    const call = engine.mint('call');
    const { dialog, invite: before, flow, aor, device, user, isHidden } = from;
    const { name, uri } = dialog?.remote ?? before.from;
    const invite = inviteWithoutOffer(context, {
      uri: goal.dialled ?? goal.callee,
      from: { name, uri },
      to: { name: '', uri: goal.callee },
      callId: random.hex(CALL_ID_BYTES),
      ...(isHidden ? { headers: new Map([['privacy', before.headers.get('privacy') ?? ['id']]]) } : {}),
    });
    const address = legAddress(call, 0);
    const party = { aor, device, user, isHidden, breadth: breadthOf(invite) };
    const consultation = new Consultation(context, { address, call, isCaller: true, contact: [], invite, flow, ...party }, hear);
    consultation.side.attended = lent;
    legs.add(consultation.side);
    engine.post({
      type: 'invite.received',
      call,
      leg: address,
      caller: partyOf(domains, from),
      callerName: unquoted(name),
      anonymous: isHidden,
      callee: goal.callee,
      callIdStem: random.hex(CALL_ID_BYTES),
      accountPush: goal.accountPush,
      rings: goal.rings,
      forwarding: goal.forwarding,
      diverted: 0,
      direct: goal.isDirect,
      continues: '',
      transferredBy: '',
      code: '',
      argument: '',
      placedBy: '',
    });
    return consultation;
  }

  /** Who was called, once that one talks. */
  get target(): LegSide | undefined {
    return this.#state === 'talking' ? this.#context.legs.at(this.side.winner) : undefined;
  }

  respond({ status, reason, fork }: SipRespond): string | undefined {
    // What it was ended with.
    if (this.#state !== 'ringing') return undefined;
    const { address: leg } = this.side;
    if (status < 200) {
      if (status === 180) this.#hear('ringing', status, reason);
    } else if (status >= 300) this.#fail(status, reason);
    else if (fork === '') {
      // A menu, say, which would have to talk to a session that is another one's.
      this.#fail(488, 'The Service Itself Cannot Be Consulted');
      this.#context.engine.post({ type: 'ack.missed', leg });
    } else {
      this.#state = 'talking';
      this.#context.engine.post({ type: 'ack.received', leg, message: 0 });
      this.#hear('consulting', status, reason);
    }
    return undefined;
  }

  /** The target has hung up, or its call is over. */
  withdraw(): void {
    if (this.#state !== 'over') this.#fail(487, 'Target Has Hung Up');
  }

  #fail(status: number, reason: string): void {
    this.over();
    this.#hear('failed', status, reason);
  }

  /** Its party talks to whom it talked before, if that one is still there. */
  over(): void {
    this.#state = 'over';
    this.side.attended?.close();
  }

  /** Ends it by order: the target is cancelled with that reason, or hung up. */
  end(reason: string): void {
    if (this.#state === 'over') return;
    const isRinging = this.#state === 'ringing';
    this.over();
    const { engine } = this.#context;
    const { address: leg } = this.side;
    if (isRinging) engine.post({ type: 'cancel.received', leg, reason });
    else engine.post({ type: 'bye.received', leg, fork: '', message: 0 });
  }
}
