/** A fork: our INVITE towards one device, and what ends it (RFC 3261 §13.2, §9.1, §15). */
import type { LapseReason, SipBye, SipCancel, SipInvite } from '../../../machines/vocabulary/commands.ts';
import { legAddress } from '../../../machines/vocabulary/identity.ts';
import type { Undescribed } from '../../media/media.ts';
import { type Dialog, dialogFromResponse, endOffer, requestIn, takeDescription, takeResponse } from '../../sip/dialog.ts';
import { header } from '../../sip/headers.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../sip/message.ts';
import { formatRack, RELIABLE, rseqOf, supports, takeRseq } from '../../sip/reliable.ts';
import { sdpIn } from '../../sip/sdp.ts';
import { isSipsUri } from '../../sip/uri.ts';
import type { Flow } from '../../transport/transport.ts';
import { acknowledgeIn, heardOn } from './acks.ts';
import { adopt, breakOff, complete, giveBack } from './adoption.ts';
import { bridgeTo, forsake } from './anchoring.ts';
import { type AttemptHandler, NOBODY, send, sendAck, type Way } from './attempt.ts';
import { connectAttended } from './attending.ts';
import { BREADTH_EXCEEDED } from './breadth.ts';
import { contactFor } from './caller.ts';
import type { SipContext } from './context.ts';
import { sendInDialog, withCredentialsOf } from './credentials.ts';
import { described, withoutSdp } from './described.ts';
import { bodyFor } from './descriptions.ts';
import { breadthFor, giveBreadthBack, inviteFor } from './fork-invite.ts';
import { reasonIn } from './leg-closed.ts';
import { type LegSide, newSide } from './leg-side.ts';
import { offerThrough } from './offering.ts';
import { sendOutside } from './outside.ts';
import { passedHeaders } from './passing.ts';
import { reasonOf } from './reason.ts';
import { refusedOffer } from './refused-offer.ts';
import { isDescribing } from './reliable.ts';
import { routed, secureWay, wayIn, wayTo } from './routing.ts';
import { disinherit, handOver } from './takeover.ts';

/** Tags of one INVITE whose late 2xx are remembered; further ones are given up anew each time. */
const MAX_STRAYS = 16;
const CONTENT_TYPE = 'content-type';
const isSuccess = ({ status }: SipResponse): boolean => status >= 200 && status < 300;
const tagOf = (response: SipResponse): string => response.to.params.tag ?? '';

/** Rings a device. */
export function invite(context: SipContext, command: SipInvite): string | undefined {
  const caller = context.legs.at(legAddress(command.call, 0));
  if (caller === undefined) {
    // Its CANCEL was taken while this fork was made.
    failed(context, command.leg, 487, 'Caller Has Hung Up', 'peer');
    return undefined;
  }
  if (command.target.adopts !== undefined) return adopt(context, caller, command);
  const { leg: address, call, aor, device } = command;
  const breadth = breadthFor(context, caller);
  if (breadth === 0) {
    failed(context, address, BREADTH_EXCEEDED.status, BREADTH_EXCEEDED.reason, 'transport');
    return undefined;
  }
  const invite = inviteFor(context, caller, command, breadth);
  const { flow } = caller;
  const side = newSide({ address, call, isCaller: false, contact: [], invite, flow, aor, device, user: aor, breadth });
  context.legs.add(side);
  context.legs.name(invite.from.params.tag ?? '', { side, fork: address, tag: '' });
  const way = wayTo(context, command.target);
  side.bridge = bridgeTo(context, caller, side, command.target, way);
  offerThrough(context, caller, side, invite, {
    said: (described) => depart(context, { caller, side, command, way }, described),
    failed: (status, reason) => {
      giveBreadthBack(context, side);
      failed(context, address, status, reason, 'peer');
    },
  });
  return undefined;
}

interface Departure {
  readonly caller: LegSide;
  readonly side: LegSide;
  readonly command: SipInvite;
  readonly way: Way;
}

function depart(context: SipContext, { caller, side, command, way }: Departure, invite: SipRequest): void {
  // RFC 5630 §5.3 has it ring SIPS Contacts alone; departs from that: a SIP Contact on a TLS connection is as safe.
  const isSips = isSipsUri(caller.invite.uri);
  const asked = isSips ? caller.invite.uri : command.target.contact;
  const make = (flow: Flow): SipRequest => {
    side.flow = flow;
    side.contact = contactFor(context, flow, caller.invite.contact, asked);
    side.invite = { ...invite, contact: side.contact };
    return side.invite;
  };
  const handler = inviteHandler(context, side);
  const { outside } = command.target;
  if (outside === undefined) side.client = send(context, isSips ? secureWay(way) : way, make, handler);
  else side.client = sendOutside(context, { side, source: caller.invite, outside, make }, handler);
}

function failed(
  context: SipContext,
  leg: string,
  status: number,
  reason: string,
  origin: 'peer' | 'timeout' | 'transport',
): void {
  context.engine.post({ type: 'failure.received', leg, status, reason, origin, message: 0 });
}

/** RFC 5626 §5.3.1: its flow is gone, so that this device cannot be had; nothing of ours failed. */
const FLOW_FAILED = 430;

function inviteHandler(context: SipContext, side: LegSide): AttemptHandler {
  let isTrying = false;
  return {
    response: (response, flow) => {
      if (isSuccess(response)) answered(context, side, response, flow);
      else if (response.status < 200) provisional(context, side, response);
      else refused(context, side, response);
    },
    trying: () => {
      if (isTrying) return;
      isTrying = true;
      context.engine.post({ type: 'provisional.received', leg: side.address, status: 100, message: 0 });
    },
    timedOut: () => {
      giveBreadthBack(context, side);
      failed(context, side.address, 408, '', 'timeout');
    },
    failed: (why) => {
      giveBreadthBack(context, side);
      failed(context, side.address, FLOW_FAILED, why, 'transport');
    },
    unwanted: (response, flow) => strayed(context, side, response, flow),
  };
}

function refused(context: SipContext, side: LegSide, response: SipResponse): void {
  const { status, reason } = response;
  side.isReleased = true;
  giveBreadthBack(context, side);
  side.reason = reasonIn(response);
  const message = context.legs.keep(side, side.bridge === undefined ? response : withoutSdp(response));
  context.engine.post({ type: 'failure.received', leg: side.address, status, reason, origin: 'peer', message });
}

function provisional(context: SipContext, side: LegSide, response: SipResponse): void {
  const dialog = earlyDialog(context, side, response);
  const rseq = rseqOf(response);
  if (dialog !== undefined && rseq !== undefined && !takeReliable(context, side, dialog, response, rseq)) return;
  const { address: leg } = side;
  const said = (told: SipResponse): void => {
    const message = context.legs.keep(side, told);
    context.engine.post({ type: 'provisional.received', leg, status: response.status, message });
  };
  // Its leg ends, and the INVITE is cancelled.
  described(context, side, answerOf(side, response), said, ({ status, reason }) => failed(context, leg, status, reason, 'peer'));
}

/** An answer to our INVITE, as the bridge takes it. */
const answerOf = (side: LegSide, message: SipResponse) => ({
  bridge: side.bridge,
  message,
  what: isDescribing(side.invite) ? ('answer' as const) : ('offer' as const),
});

function earlyDialog(context: SipContext, side: LegSide, response: SipResponse): Dialog | undefined {
  const tag = tagOf(response);
  const known = side.early.get(tag);
  if (known !== undefined || tag === '') return known;
  const dialog = newDialog(side, response);
  return dialog !== undefined && context.legs.addEarly(side, tag, dialog) ? dialog : undefined;
}

function newDialog(side: LegSide, response: SipResponse): Dialog | undefined {
  const dialog = dialogFromResponse(side.invite, response);
  if (dialog !== undefined && isDescribing(side.invite)) {
    dialog.offer = 'ours';
    dialog.sent = sdpIn(side.invite.body, header(side.invite, CONTENT_TYPE)) ?? '';
  }
  return dialog;
}

/** False: a repetition, or out of order (RFC 3262 §4). Its PRACK is the caller's, unless the caller never asked for it. */
function takeReliable(context: SipContext, side: LegSide, dialog: Dialog, response: SipResponse, rseq: number): boolean {
  const { seq } = response.cseq;
  if (!takeRseq(dialog, seq, rseq)) return false;
  if (isDescribing(response)) takeDescription(dialog, 'theirs');
  if (supports(side.invite, RELIABLE) || dialog.offer === 'theirs') return true;
  const headers = new Map([['rack', [formatRack({ rseq, seq, method: 'INVITE' })]]]);
  sendInDialog(context, { side, dialog }, requestIn(dialog, 'PRACK', { headers }), wayIn(context, side, dialog), NOBODY);
  return true;
}

function answered(context: SipContext, side: LegSide, response: SipResponse, flow: Flow): void {
  const tag = tagOf(response);
  if (side.dialog === undefined && !side.isClosed) {
    const dialog = side.early.get(tag) ?? newDialog(side, response);
    if (dialog === undefined) return;
    heardOn(side, flow);
    takeResponse(dialog, response);
    if (isDescribing(response)) takeDescription(dialog, 'theirs');
    side.dialog = dialog;
    side.early.clear();
    side.answer = response;
    const said = (told: SipResponse): void => {
      const message = context.legs.keep(side, told);
      context.engine.post({ type: 'answer.received', leg: side.address, status: response.status, message });
    };
    described(context, side, answerOf(side, response), said, (why) => turnAway(context, side, dialog, why));
    return;
  }
  if (side.dialog?.remoteTag === tag) {
    heardOn(side, flow);
    // Its party hung up before the caller's ACK was here, which then comes no more.
    if (side.isReleased) side.ack ??= refusingAck(side, side.dialog, response);
    // RFC 3261 §13.2.2.4: each repeated 2xx is acknowledged again, once the caller's ACK is here.
    if (side.ack !== undefined) acknowledgeIn(context, side, side.dialog, side.ack);
    return;
  }
  // Another device behind a downstream proxy answered too, or this one after its leg was given up.
  strayed(context, side, response, flow);
}

/** It has answered, and its media cannot be had. */
function turnAway(context: SipContext, side: LegSide, dialog: Dialog, why: Undescribed): void {
  if (!side.isReleased) {
    side.isReleased = true;
    const answer = side.answer?.kind === 'response' ? side.answer : undefined;
    dismiss(context, side, dialog, { answer, reason: reasonOf(why), finished: () => undefined });
  }
  failed(context, side.address, why.status, why.reason, 'peer');
}

/** A 2xx that nobody wants: ACK and BYE, and ACK again for each repetition. */
function strayed(context: SipContext, side: LegSide, response: SipResponse, flow: Flow): void {
  const stray = dialogFromResponse(side.invite, response);
  if (stray === undefined) return;
  const way = routed(flow, stray);
  const known = side.strays?.get(stray.remoteTag);
  const ack = known ?? refusingAck(side, stray, response);
  sendAck(context, way, ack);
  if (known !== undefined) return;
  side.strays ??= new Map();
  if (side.strays.size < MAX_STRAYS) side.strays.set(stray.remoteTag, ack);
  sendInDialog(context, { side, dialog: stray }, requestIn(stray, 'BYE'), way, NOBODY);
}

/** The ACK to a fork's 2xx; headers and body are the caller's ACK's, if it said anything. */
export function acknowledge(context: SipContext, side: LegSide, message: number): string | undefined {
  if (side.adoption !== undefined) return complete(context, side, side.adoption, message);
  if (side.dialog === undefined) return 'there is no 2xx to acknowledge';
  const source = context.legs.message(message);
  const { headers, body } = source === undefined ? { headers: undefined, body: '' } : passed(context, source, side.dialog);
  side.ack = requestIn(side.dialog, 'ACK', {
    seq: side.invite.cseq.seq,
    ...withCredentialsOf(side.invite, side, headers),
    body,
  });
  acknowledgeIn(context, side, side.dialog, side.ack);
  endOffer(side.dialog);
  if (side.answer !== undefined) connectAttended(context, side, side.answer);
  side.answer = undefined;
  side.bridge?.connect();
  return undefined;
}

/** What a message says to the party of that dialog. Of an answer to a re-INVITE of ours only its session description is for others. */
function passed(context: SipContext, source: SipMessage, dialog: Dialog) {
  const type = header(source, CONTENT_TYPE);
  const headers =
    source.kind === 'request'
      ? passedHeaders(source, context.settings.realm)
      : new Map<string, readonly string[]>(type === undefined ? [] : [[CONTENT_TYPE, [type]]]);
  return { headers, body: bodyFor(dialog, source.body, type) };
}

/** Why nobody wants an answer. */
type Unwanted = Pick<SipCancel, 'reason' | 'text'>;
const UNWANTED: Unwanted = { reason: 'none', text: '' };
/** RFC 3326 §2; RFC 3261 §9.1. */
const ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';
/** In a BYE to who has answered and finds nobody; a CANCEL says only what the caller's said, so that a missed call stays one. */
const CALLER_GONE = 'SIP;cause=487;text="Caller Has Hung Up"';

export function cancel(context: SipContext, side: LegSide, command: SipCancel): string | undefined {
  const { reason: why, text } = command;
  const reason = why === 'elsewhere' ? ELSEWHERE : why === 'caller' ? text : context.farewell.reason;
  // A party that is not joined may be told so at once.
  if (side.adoption !== undefined) disinherit(side);
  const hasAnswered = forsake(context, side);
  side.client?.cancel(reason === '' ? undefined : new Map([['reason', [reason]]]));
  if (hasAnswered) context.engine.post({ type: 'answer.received', leg: side.address, status: 200, message: 0 });
  return undefined;
}

/** Ends a leg whose 2xx nobody wants. */
export function discard(context: SipContext, side: LegSide, why = UNWANTED): string | undefined {
  giveBack(context, side);
  const { dialog, answer } = side;
  const finished = () => context.engine.post({ type: 'bye.finished', leg: side.address });
  if (dialog === undefined || side.isReleased) finished();
  else {
    side.isReleased = true;
    const reason = why.reason === 'elsewhere' ? ELSEWHERE : why.reason === 'caller' ? why.text || CALLER_GONE : '';
    dismiss(context, side, dialog, { answer: answer?.kind === 'response' ? answer : undefined, reason, finished });
  }
  return undefined;
}

/** RFC 3261 §13.2.2.4: ACK first, which must answer an offer in the 2xx (RFC 3264 §6), then BYE. */
function dismiss(context: SipContext, side: LegSide, dialog: Dialog, how: Dismissal): void {
  const { answer, reason, finished } = how;
  // A dialog that came here from another call has no 2xx of ours open.
  if (side.ack === undefined && answer !== undefined) {
    side.ack = refusingAck(side, dialog, answer);
    acknowledgeIn(context, side, dialog, side.ack);
  }
  sendBye(context, side, dialog, undefined, finished, reason);
}

interface Dismissal {
  /** Its 2xx, if that is still to be acknowledged. */
  readonly answer: SipResponse | undefined;
  readonly reason: string;
  readonly finished: () => void;
}

function refusingAck(side: LegSide, dialog: Dialog, answer: SipResponse | undefined): SipRequest {
  const { headers, body } = refusedOffer(side.flow, side.invite, answer, dialog);
  const proof = withCredentialsOf(side.invite, side, headers);
  return requestIn(dialog, 'ACK', { seq: answer?.cseq.seq ?? side.invite.cseq.seq, ...proof, body });
}

/** Ends what a leg without an actor left open. */
export function abandon(context: SipContext, side: LegSide): void {
  handOver(context, side);
  giveBack(context, side);
  if (side.dialog === undefined) {
    if (!side.isCaller && !side.isReleased) side.client?.cancel();
  } else if (!side.isCaller) discard(context, side);
  else if (!side.isReleased) {
    side.isReleased = true;
    sendBye(context, side, side.dialog, undefined, () => undefined);
  }
}

/** RFC 3326 §2: why a talk ends that nobody hung up. */
const LAPSES: Readonly<Record<LapseReason, string>> = {
  '': '',
  expired: 'SIP;cause=408;text="Session Expired"',
  silent: 'SIP;cause=408;text="Peer Does Not Answer"',
  unknown: 'SIP;cause=481;text="Peer Knows No Such Call"',
};

/** BYE on a confirmed dialog; `message` is the other side's BYE, whose Reason goes along. */
export function bye(context: SipContext, side: LegSide, command: SipBye): string | undefined {
  side.placed?.withdraw();
  // Whoever is to have its dialog gets it instead: the party stays for the call it was transferred to.
  // But if it is sent away before it agreed, nobody gets it.
  const { order } = command;
  const isSentAway = order !== null && !side.isReleased && breakOff(context, side, order.status, order.reason);
  if (side.heir !== undefined && !side.isReleased && !isSentAway) {
    handOver(context, side);
    return undefined;
  }
  const finished = () => context.engine.post({ type: 'bye.finished', leg: side.address });
  if (side.dialog === undefined || side.isReleased) finished();
  else {
    side.isReleased = true;
    const why = order === null ? LAPSES[command.lapse] : reasonOf(order);
    sendBye(context, side, side.dialog, context.legs.message(command.message), finished, why);
  }
  return undefined;
}

function sendBye(
  context: SipContext,
  side: LegSide,
  dialog: Dialog,
  source: ReturnType<SipContext['legs']['message']>,
  finished: () => void,
  reason = '',
): void {
  const said = reason || side.lastWord || context.farewell.reason;
  const ours = said === '' ? undefined : new Map([['reason', [said]]]);
  const headers = source === undefined ? ours : passedHeaders(source, context.settings.realm);
  const request = requestIn(dialog, 'BYE', headers === undefined ? {} : { headers, body: source?.body ?? '' });
  sendInDialog(context, { side, dialog }, request, wayIn(context, side, dialog), {
    response: (response) => {
      if (response.status >= 200) finished();
    },
    timedOut: finished,
    failed: () => {
      // Its connection broke: a party that has said 2xx comes back on another one for its ACK (RFC 3261 §13.3.1.4).
      side.byeAgain = () => sendBye(context, side, dialog, undefined, () => undefined, reason);
      finished();
    },
  });
}
