/**
 * Which pairs of parties have their media pass through here, and for how long: a bridge is made with the fork, and closed with
 * it. Where the dialog of one of the two goes on in another call, the old bridge serves its party until the new pair's
 * descriptions are in force.
 */
import type { Target } from '../../../machines/vocabulary/binding.ts';
import { CALLER_LEG, legAddress } from '../../../machines/vocabulary/identity.ts';
import type { MediaBridge, MediaParty } from '../../media/media.ts';
import { header } from '../../sip/headers.ts';
import { sdpIn } from '../../sip/sdp.ts';
import type { Flow } from '../../transport/transport.ts';
import type { Way } from './attempt.ts';
import type { SipContext } from './context.ts';
import type { LegSide } from './leg-side.ts';
import { isMediaNatted, isTargetNatted } from './nat.ts';
import { NO_FLOW } from './no-flow.ts';

const isWebSocket = ({ transport }: Pick<Flow, 'transport'>): boolean => transport === 'ws' || transport === 'wss';

/** Opens the bridge of a caller and a new fork, whose INVITE goes that way; `undefined`: their media is none of ours. */
export function bridgeTo(context: SipContext, caller: LegSide, fork: LegSide, target: Target, way: Way): MediaBridge | undefined {
  const { media } = context;
  // Nobody is there yet who could speak.
  if (media === undefined || isNobody(caller)) return undefined;
  fork.isNatted = isTargetNatted(target);
  const flow = typeof way === 'string' ? undefined : way;
  const isWebRtc = flow !== undefined && isWebSocket(flow);
  return open(context, caller, mediaPartyOf(caller), fork, {
    leg: fork.address,
    user: target.outside === undefined ? fork.user : '',
    host: flow?.remote.host ?? '',
    // Where it leaves from is known once it leaves; in the world of one host that makes no difference.
    local: (flow ?? localFlow(context, caller)).local.host,
    isWebRtc,
  });
}

/** The same for a fork that takes over the dialog of `old`. */
export function bridgeToAdopted(context: SipContext, caller: LegSide, fork: LegSide, old: LegSide): MediaBridge | undefined {
  if (context.media === undefined || isNobody(caller)) return undefined;
  fork.isNatted = isNatted(old);
  return open(context, caller, mediaPartyOf(caller), fork, mediaPartyOf(fork));
}

/** Who is placed has no media, unless it speaks in the name of somebody that has. */
const isNobody = ({ placed, attended }: LegSide): boolean => placed !== undefined && attended === undefined;

function open({ media, settings }: SipContext, caller: LegSide, one: MediaParty, fork: LegSide, other: MediaParty) {
  const { attended } = caller;
  if (attended === undefined && settings.anchor === 'never') return undefined;
  const isNeeded = (): boolean =>
    one.isWebRtc !== other.isWebRtc ||
    (!one.isWebRtc && (isNatted(caller) || fork.isNatted === true)) ||
    media?.codesOf(one.user, other.user).length !== 0;
  if (attended === undefined && settings.anchor === 'auto' && !isNeeded()) return undefined;
  return media?.bridge({ call: fork.call, caller: one, fork: other, attended });
}

/** By what the caller offers, and where from; of a party that came from another call, what was known of it there. */
function isNatted(side: LegSide): boolean {
  if (side.isNatted === undefined) {
    const { invite, flow } = side;
    const offer = side.isCaller ? sdpIn(invite.body, header(invite, 'content-type')) : undefined;
    side.isNatted = offer !== undefined && isMediaNatted(offer, flow.remote.host);
  }
  return side.isNatted;
}

/** A party as the media plane knows it. */
export const mediaPartyOf = ({ address, user, flow }: LegSide): MediaParty => ({
  leg: address,
  user,
  host: flow.remote.host,
  local: flow.local.host,
  isWebRtc: isWebSocket(flow),
});

const localFlow = ({ transports }: SipContext, { flow }: LegSide): Pick<Flow, 'local'> =>
  flow === NO_FLOW ? (transports.listening[0] ?? flow) : flow;

/** The bridge that a party of a call speaks through; on the caller's side, with that fork, else with the one that won. */
export const bridgeOf = ({ legs }: SipContext, side: LegSide, fork = ''): MediaBridge | undefined =>
  side.isCaller ? legs.at(fork || side.winner)?.bridge : side.bridge;

/**
 * Nobody wants a fork any more, so that its media is nobody's, and what it says need not wait. True if it has said 2xx, which
 * its leg has not heard yet.
 */
export function forsake(context: SipContext, fork: LegSide): boolean {
  const { turns, bridge } = fork;
  fork.bridge = undefined;
  bridge?.close();
  if (turns === undefined) return false;
  context.timers.clear(turns.limit);
  fork.turns = undefined;
  return fork.dialog !== undefined || fork.adoption?.isAnswered === true;
}

/** The leg is gone. What it leaves to a party that goes on in another call stays until that one is joined. */
export function closeMedia(context: SipContext, side: LegSide): void {
  context.timers.clear(side.turns?.limit);
  side.turns = undefined;
  const { bridge, former } = side;
  if (bridge !== undefined) {
    side.bridge = undefined;
    const caller = context.legs.at(legAddress(side.call, CALLER_LEG));
    leave(bridge, waitingHeir(side) ?? (caller?.winner === side.address ? waitingHeir(caller) : undefined));
  }
  if (former !== undefined) {
    side.former = undefined;
    leave(former, waitingHeir(side));
  }
  if (side.isCaller && side.heir !== undefined) inheritFromPartner(context, side);
}

/** The caller's leg goes first: what it heard and said last passes through the bridge of its partner. */
function inheritFromPartner({ legs }: SipContext, side: LegSide): void {
  const partner = legs.at(side.winner);
  const heir = waitingHeir(side);
  if (partner?.bridge === undefined || heir === undefined || heir.former === partner.bridge) return;
  leave(partner.bridge, heir);
  partner.bridge = undefined;
}

function leave(bridge: MediaBridge, heir: LegSide | undefined): void {
  if (heir === undefined) bridge.close();
  else {
    heir.former?.close();
    heir.former = bridge;
  }
}

/** Who has, or is to have, the dialog of a leg, and is not joined yet. */
const waitingHeir = ({ heir }: LegSide): LegSide | undefined =>
  heir !== undefined && !heir.isClosed && isAwaited(heir) ? heir : undefined;
const isAwaited = ({ inheritsFrom, standIn, adoption }: LegSide): boolean =>
  inheritsFrom !== undefined || standIn !== undefined || adoption !== undefined;

/** The descriptions of the new pair are in force. */
export function joinedMedia(side: LegSide): void {
  side.former?.close();
  side.former = undefined;
}
