/** A call that we place for the party of another call: its caller's leg stands in for that party until somebody answers. */

import { type Address, legAddress } from '../../../machines/vocabulary/identity.ts';
import type { NameAddr, SipRequest } from '../../sip/message.ts';
import { unquoted } from '../../sip/name-addr.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import { formatUri, parseUri } from '../../sip/uri.ts';
import type { SipContext } from './context.ts';
import type { Domains } from './domains.ts';
import type { Goal } from './goal.ts';
import { type LegSide, newSide, type StandIn } from './leg-side.ts';
import { ALLOW } from './methods.ts';
import { isAnonymous } from './privacy.ts';
import { ownInterval } from './session-interval.ts';
import { bequeath } from './takeover.ts';

/** Whom to call, for whom, and who hears how it goes. */
export interface Onward {
  readonly goal: Goal;
  /** The INVITE that the party would send. */
  readonly invite: SipRequest;
  readonly referral: StandIn['referral'];
  /** The leg whose party it is; it promises its dialog to the new call. */
  readonly transferee: LegSide;
  /** Address of record, or URI outside; empty if nobody transferred. */
  readonly transferredBy: string;
  readonly breadth: number;
}

const CALL_ID_BYTES = 16;

/** Begins the call; returns the leg that stands in. */
export function callOnward(context: SipContext, domains: Domains, onward: Onward): LegSide {
  const { engine, legs, random } = context;
  const { goal, invite, referral, transferee, transferredBy, breadth } = onward;
  const call = engine.mint('call');
  const { contact, flow, aor, device, user, isHidden } = transferee;
  const address = legAddress(call, 0);
  const side = newSide({ address, call, isCaller: true, contact, invite, flow, aor, device, user, isHidden, breadth });
  side.standIn = { referral, old: transferee, isAnswered: false, reInvite: undefined, before: transferee.dialog?.sent ?? '' };
  side.isNatted = transferee.isNatted;
  bequeath(transferee, side);
  legs.add(side);
  engine.post({
    type: 'invite.received',
    call,
    leg: address,
    caller: partyOf(domains, transferee),
    callerName: unquoted(invite.from.name),
    anonymous: isAnonymous(invite),
    callee: goal.callee,
    callIdStem: random.hex(CALL_ID_BYTES),
    accountPush: goal.accountPush,
    rings: goal.rings,
    forwarding: goal.forwarding,
    diverted: 0,
    direct: goal.isDirect,
    continues: transferee.call satisfies Address,
    transferredBy,
    code: '',
    argument: '',
    placedBy: '',
  });
  if (goal.menu !== undefined) {
    const caller = partyOf(domains, transferee);
    engine.post({ type: 'menu.dialled', call, leg: address, menu: goal.menu, caller, callee: goal.callee });
  }
  return side;
}

/** What such an INVITE says. */
export interface Said {
  readonly uri: string;
  readonly from: Pick<NameAddr, 'name' | 'uri'>;
  readonly to: Pick<NameAddr, 'name' | 'uri'>;
  readonly callId: string;
  readonly headers?: ReadonlyMap<string, readonly string[]>;
}

/** An INVITE that nobody sent, as the source of those that we send for it: it offers nothing. */
export function inviteWithoutOffer({ settings }: SipContext, { uri, from, to, callId, headers = NONE }: Said): SipRequest {
  return {
    kind: 'request',
    method: 'INVITE',
    uri,
    via: [],
    from: { ...from, params: NO_PARAMS },
    to: { ...to, params: NO_PARAMS },
    callId,
    cseq: { seq: 0, method: 'INVITE' },
    contact: [],
    route: [],
    recordRoute: [],
    headers: new Map<string, readonly string[]>([['allow', [ALLOW]], ...ownInterval(settings), ...headers]),
    body: '',
  };
}
const NONE: ReadonlyMap<string, readonly string[]> = new Map();

/** URI in the From of a leg's party. */
export const fromUri = ({ dialog }: LegSide): string => dialog?.remote.uri ?? '';

/** Who the party of a leg is: a user of ours by the address of record, others by their URI. */
export function partyOf(domains: Domains, side: LegSide): string {
  if (side.user !== '') return side.user;
  const uri = parseUri(fromUri(side));
  return uri === undefined ? fromUri(side) : (domains.aorOf(uri) ?? formatUri(uri));
}
