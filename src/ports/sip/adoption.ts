/** A fork that is no new INVITE but takes over the dialog of another call's leg, by a re-INVITE on it. */
import type { Target } from '../../../machines/vocabulary/binding.ts';
import type { SipInvite } from '../../../machines/vocabulary/commands.ts';
import type { OpenOffer } from '../../sip/dialog.ts';
import { header } from '../../sip/headers.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import { sdpIn } from '../../sip/sdp.ts';
import { bridgeToAdopted, joinedMedia } from './anchoring.ts';
import { connectAttended } from './attending.ts';
import { setConnected } from './connected.ts';
import type { SipContext } from './context.ts';
import { described } from './described.ts';
import { setDiversions } from './diversion.ts';
import { type Adoption, type LegSide, newSide } from './leg-side.ts';
import { offerOf } from './offering.ts';
import { ReInvite, tellAgain, tellBridge } from './re-invite.ts';
import { isSipsLeg } from './routing.ts';
import { bequeath, disinherit, handOver, isFree } from './takeover.ts';

const CONTENT_TYPE = 'content-type';

/** Offers the caller's session to the party of `target.adopts`, or asks that party for an offer if the caller made none. */
export function adopt(context: SipContext, caller: LegSide, command: SipInvite): undefined {
  const { leg: address, call, target } = command;
  const old = context.legs.at(target.adopts ?? '');
  if (old?.dialog === undefined || !isFree(old)) {
    failed(context, address, 481, '');
    return undefined;
  }
  if (isExposed(caller, old)) {
    failed(context, address, 480, 'SIPS Required');
    return undefined;
  }
  // Its device is known by what it registered as, however the fork is named: so it is found where it has moved to.
  const { contact, flow, dialog, aor, device, user, isHidden } = old;
  // Who called somebody else, or a code, is where its Contact says, as any fork is.
  const invite = old.isCaller ? { ...old.invite, uri: dialog.target } : old.invite;
  const side = newSide({ address, call, isCaller: false, contact, invite, flow, aor, device, user, isHidden });
  side.bridge = bridgeToAdopted(context, caller, side, old);
  context.legs.add(side);
  bequeath(old, side);
  offerOf(context, caller, side, {
    said: (offer) => begin(context, { caller, side, old, target, offer }),
    failed: (status, reason) => {
      disinherit(side);
      failed(context, address, status, reason);
    },
  });
  return undefined;
}

interface Beginning {
  readonly caller: LegSide;
  readonly side: LegSide;
  readonly old: LegSide;
  readonly target: Target;
  readonly offer: string;
}

function begin(context: SipContext, { caller, side, old, target, offer }: Beginning): void {
  const { dialog } = old;
  if (dialog === undefined) return;
  const before = dialog.sent;
  const end = {
    answered: (response: SipResponse) => answered(context, side, response),
    failed: (status: number, reason: string) => {
      disinherit(side);
      side.adoption = undefined;
      if (!side.isClosed) failed(context, side.address, status, reason);
    },
    tooLate: () => tellAgain(context, old, before),
  };
  const reInvite = new ReInvite(context, old, dialog, offer, end, saidOf(context, caller, old, target));
  side.adoption = { old, reInvite, before, isOffered: offer === '', isAnswered: false, answer: undefined };
  side.client = reInvite;
  reInvite.start();
}

/** What the re-INVITE says beside the session: who the caller is, and how its call came here. */
function saidOf(context: SipContext, caller: LegSide, old: LegSide, { diversions }: Target): SipRequest['headers'] {
  const headers = new Map<string, readonly string[]>();
  setConnected(context, old, caller, headers);
  if (diversions === undefined) return headers;
  for (const name of OF_DIVERSION) {
    const lines = caller.invite.headers.get(name);
    if (lines !== undefined) headers.set(name, lines);
  }
  setDiversions(headers, diversions);
  return headers;
}
const OF_DIVERSION = ['diversion', 'history-info'];

/** RFC 5630 §3.1.3: who called a SIPS URI talks to nobody over a way that others can read along. */
const isExposed = (one: LegSide, other: LegSide): boolean =>
  (isSipsLeg(one) && !other.flow.secure) || (isSipsLeg(other) && one.placed === undefined && !one.flow.secure);

function setOffer({ dialog }: LegSide, offer: OpenOffer): void {
  if (dialog !== undefined) dialog.offer = offer;
}

function failed({ engine }: SipContext, leg: string, status: number, reason: string): void {
  engine.post({ type: 'failure.received', leg, status, reason, origin: 'peer', message: 0 });
}

function answered(context: SipContext, side: LegSide, response: SipResponse): void {
  const { adoption } = side;
  if (adoption !== undefined) {
    adoption.isAnswered = true;
    adoption.answer = response;
    // Its answer is complete, so that it need not wait for the caller's ACK, which may never come.
    if (!adoption.isOffered) {
      side.ack = adoption.reInvite.acknowledge();
      // Its old call may offer it nothing any more: its session is the caller's now.
      setOffer(adoption.old, 'ours');
    }
  }
  if (side.isClosed) {
    giveBack(context, side);
    return;
  }
  const what = adoption?.isOffered ? 'offer' : 'answer';
  const said = (told: SipResponse): void => {
    const message = context.legs.keep(side, told);
    context.engine.post({ type: 'answer.received', leg: side.address, status: response.status, message });
  };
  described(context, side, { bridge: side.bridge, message: response, what }, said, ({ status, reason }) => {
    giveBack(context, side);
    failed(context, side.address, status, reason);
  });
}

/** The caller's ACK is here: the party is told, and its dialog goes on in the new call. */
export function complete(context: SipContext, side: LegSide, adoption: Adoption, message: number): string | undefined {
  const { old, reInvite, isOffered } = adoption;
  const source = context.legs.message(message);
  const answer = source === undefined ? undefined : sdpIn(source.body, header(source, CONTENT_TYPE));
  if (isOffered) side.ack = reInvite.acknowledge(answer);
  else setOffer(old, 'none');
  side.adoption = undefined;
  handOver(context, old);
  if (adoption.answer !== undefined) connectAttended(context, side, adoption.answer);
  joinedMedia(side);
  side.bridge?.connect();
  return undefined;
}

/**
 * The party of a leg leaves, or is sent away, before it agreed to go on in its heir: the join has failed. False if it has
 * agreed, or has no heir.
 */
export function breakOff(context: SipContext, { heir }: LegSide, status: number, reason: string): boolean {
  const adoption = heir?.adoption;
  if (heir === undefined || adoption === undefined || adoption.isAnswered) return false;
  disinherit(heir);
  failed(context, heir.address, status, reason);
  adoption.reInvite.cancel();
  return true;
}

/** The join failed after its party had agreed: it is told again what it was told before, and stays in its call. */
export function giveBack(context: SipContext, side: LegSide): void {
  const { adoption } = side;
  if (!adoption?.isAnswered) return;
  const { old, reInvite, before, isOffered, answer } = adoption;
  side.adoption = undefined;
  disinherit(side);
  if (isOffered) {
    reInvite.acknowledge(before);
    if (answer !== undefined) tellBridge(context, old, answer);
  } else {
    setOffer(old, 'none');
    tellAgain(context, old, before);
  }
}
