/** Transfer carried out here (RFC 5589 with us in the transferee's place): `calls.transfer: local`. */

import { NO_FORWARDING, NO_PUSH, type Ring } from '../../../machines/vocabulary/binding.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import { header, integerHeader } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import { formatNameAddr, parseNameAddr } from '../../sip/name-addr.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import { parseReplaces } from '../../sip/replaces.ts';
import { formatUri, parseUri } from '../../sip/uri.ts';
import { breadthOf } from './breadth.ts';
import type { SipContext } from './context.ts';
import type { DialPlan } from './dial-plan.ts';
import type { Domains } from './domains.ts';
import type { Goal } from './goal.ts';
import type { Exchange, LegSide, StandIn } from './leg-side.ts';
import { callOnward, fromUri, inviteWithoutOffer, partyOf } from './onward.ts';
import { ANONYMOUS } from './privacy.ts';
import { type ReferOrder, readRefer } from './refer.ts';
import { isUnsubscribed, Referral } from './referral.ts';
import { asSeenByStranger, isRefusal, type Refusal, refusal } from './refusal.ts';
import { isParty, namedBy } from './replacement.ts';
import { isFree, partnerOf } from './takeover.ts';

export class Transfers {
  readonly #context: SipContext;
  readonly #dialPlan: DialPlan;
  readonly #domains: Domains;

  constructor(context: SipContext, dialPlan: DialPlan, domains: Domains) {
    this.#context = context;
    this.#dialPlan = dialPlan;
    this.#domains = domains;
  }

  /** Why the referrer of a REFER that is passed on may not send the transferee there; `undefined`: it may. */
  whyNotReferred(from: LegSide, refer: SipRequest): Refusal | undefined {
    const order = readRefer(refer);
    if (isRefusal(order)) return order;
    if (order.replaces !== undefined) {
      // Its INVITE comes here, or goes elsewhere with identifiers that we do not know.
      const named = namedBy(this.#context.legs, order.replaces)?.side;
      if (named !== undefined && isParty(named, from.user, from.flow.remote.host)) named.isReferred = true;
      return undefined;
    }
    const goal = this.dialled(order.target, from);
    return isRefusal(goal) ? refusal(403, goal.reason) : undefined;
  }

  /**
   * Takes a REFER: places the call for the transferee and promises it the transferee's dialog. Returns the REFER's
   * answer. Where the goal cannot be had the referrer hears so by NOTIFY, as it would of its transferee; without a
   * subscription (RFC 4488) the answer says it.
   */
  begin({ from, fromDialog, request }: Exchange, transferee: LegSide): Refusal {
    const order = readRefer(request);
    if (isRefusal(order)) return order;
    if (!isFree(transferee) || from.isReleased) return refusal(491, 'Another Transfer Goes On');
    const goal = this.#goalOf(from, order);
    if (isUnsubscribed(request) && isRefusal(goal)) return refusal(403, goal.reason);
    const referral = new Referral(this.#context, from, fromDialog, request);
    // The answer to the REFER leaves before the NOTIFY that follows it.
    this.#context.timers.set(0, () => {
      if (isRefusal(goal)) referral.tell(goal.status, goal.reason);
      else if (!isFree(transferee)) referral.tell(480);
      else {
        referral.tell(100);
        this.#place(goal, referral, from, transferee, request);
      }
    });
    return isUnsubscribed(request) ? refusal(202, '', { 'refer-sub': 'false' }) : refusal(202, '');
  }

  /** Places the call for the transferee of a transfer that a scenario has ordered in the name of whom it talks to. */
  placeOrdered(goal: Goal, referral: StandIn['referral'], referrer: LegSide, transferee: LegSide): LegSide {
    return this.#place(goal, referral, referrer, transferee, undefined);
  }

  #goalOf(referrer: LegSide, { target, replaces, require }: ReferOrder): Goal | Refusal {
    if (require.length > 0) return refusal(420, `Unsupported: ${require.join(', ')}`);
    if (replaces === undefined) return this.dialled(target, referrer);
    const named = namedBy(this.#context.legs, replaces);
    if (named === undefined) return refusal(481, '');
    const { side, state } = named;
    if (!isParty(side, referrer.user, referrer.flow.remote.host)) return refusal(403, 'Not A Call Of Yours');
    if (state === 'ended') return refusal(603, '');
    if (state === 'early') return this.#ringing(side, referrer);
    const partner = partnerOf(this.#context, side);
    if (partner === undefined || !isFree(partner) || side.call === referrer.call)
      return refusal(491, 'Call Cannot Be Replaced Now');
    return this.joining(partner);
  }

  /** The party of a leg, whose dialog is taken over. */
  joining(partner: LegSide): Goal {
    // Who watches one of the two, or looks into its history, is told of the other.
    const callee = partner.isHidden ? ANONYMOUS.uri : partyOf(this.#domains, partner);
    return {
      callee,
      accountPush: NO_PUSH,
      rings: [ringOf(partner)],
      forwarding: NO_FORWARDING,
      isDirect: true,
      continues: partner.call,
    };
  }

  /** Whom an INVITE with Replaces joins: the other party of the leg that it names (RFC 3891 §3). */
  replacing(lines: readonly string[], user: string, host: string): Goal | Refusal {
    const [line = ''] = lines;
    const replaces = lines.length === 1 ? parseReplaces(line) : undefined;
    if (replaces === undefined) return refusal(400, 'An INVITE Has One Well-Formed Replaces');
    const named = namedBy(this.#context.legs, replaces);
    if (named === undefined) return refusal(481, '');
    const { side, state } = named;
    // Who knows the tags of a dialog was told them by one of its ends; a stranger must be that end, or be referred by it.
    if (user === '' && !side.isReferred && !isParty(side, user, host)) return refusal(403, 'Not A Call Of Yours');
    if (state === 'ended') return refusal(603, '');
    if (state === 'early') return refusal(481, '');
    if (replaces.earlyOnly) return refusal(486, '');
    return this.withPartnerOf(side);
  }

  /** The party that talks with that of a leg, for somebody who comes in its place: `taker`, an address of record, if known. */
  withPartnerOf(side: LegSide, taker = ''): Goal | Refusal {
    const partner = partnerOf(this.#context, side);
    // Nobody talks to oneself, least of all in place of whom one talks with.
    if (taker !== '' && partner?.aor === taker) return refusal(403, 'Your Own Call');
    return partner !== undefined && isFree(partner) ? this.joining(partner) : refusal(491, 'Call Cannot Be Replaced Now');
  }

  /** Where that leads which the party of a leg would dial. */
  dialled(target: ReferOrder['target'], { user }: LegSide): Goal | Refusal {
    const destination = this.#dialPlan.resolve(target, user);
    const isStranger = user === '' && this.#context.settings.auth !== 'none';
    if (isRefusal(destination)) return isStranger ? asSeenByStranger(destination) : destination;
    return { ...destination, isDirect: false, continues: '', dialled: formatUri(target) };
  }

  /**
   * Semi-attended: what the referrer dialled rings and has not answered. Phones hang up right after such a REFER; so
   * its call is given up here, and who it rang is rung for the transferee.
   */
  #ringing(side: LegSide, referrer: LegSide): Goal | Refusal {
    // RFC 3891 §3: an early dialog is replaced only by who placed its call.
    if (!side.isCaller) return refusal(481, '');
    const dialled = parseUri(side.invite.uri);
    const goal = dialled === undefined ? refusal(404, '') : this.dialled(dialled, referrer);
    if (!isRefusal(goal)) this.#context.engine.post({ type: 'cancel.received', leg: side.address, reason: ELSEWHERE });
    return goal;
  }

  #place(
    goal: Goal,
    referral: StandIn['referral'],
    referrer: LegSide,
    transferee: LegSide,
    refer: SipRequest | undefined,
  ): LegSide {
    const invite = this.#inviteOf(goal, referrer, transferee, refer);
    return callOnward(this.#context, this.#domains, {
      goal,
      referral,
      transferee,
      invite,
      breadth: breadthOf(refer ?? invite),
      transferredBy: referrer.user || (parseUri(fromUri(referrer)) === undefined ? '' : fromUri(referrer)),
    });
  }

  /** The INVITE that the transferee would send: no offer, since its session is another's still. */
  #inviteOf({ callee, dialled }: Goal, referrer: LegSide, transferee: LegSide, refer: SipRequest | undefined): SipRequest {
    const { dialog, invite, isHidden } = transferee;
    const { name, uri } = dialog?.remote ?? invite.from;
    const headers = new Map<string, readonly string[]>();
    const referredBy = this.#referredBy(referrer, refer);
    if (referredBy !== '') headers.set('referred-by', [referredBy]);
    // RFC 3323 §4.2: who called without being shown is not shown now either.
    if (isHidden) headers.set('privacy', invite.headers.get('privacy') ?? ['id']);
    const forwards = refer && integerHeader(refer, 'max-forwards');
    if (forwards !== undefined) headers.set('max-forwards', [String(forwards)]);
    const to = { name: '', uri: callee };
    return inviteWithoutOffer(this.#context, {
      uri: dialled ?? callee,
      from: { name, uri },
      to,
      callId: dialog?.callId ?? '',
      headers,
    });
  }

  /** RFC 3892 §2.1: who referred. One of our users cannot say to be another. */
  #referredBy(referrer: LegSide, refer: SipRequest | undefined): string {
    const line = (refer && header(refer, 'referred-by')) ?? '';
    const said = parseNameAddr(line);
    const uri = said === undefined ? undefined : parseUri(said.uri);
    if (uri !== undefined && (referrer.user === '' || this.#domains.aorOf(uri) === referrer.user)) return line;
    return referrer.user === '' ? '' : formatNameAddr({ name: '', uri: referrer.user, params: NO_PARAMS });
  }
}

/** RFC 3326: no missed call at whoever was rung. */
const ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';

/** A ring that takes this leg's dialog over. */
export const ringOf = ({ address, aor, device }: LegSide): Ring => ({
  device: device || 'party',
  aor,
  target: { contact: '', path: [], flow: '', stream: false, adopts: address satisfies Address },
});
