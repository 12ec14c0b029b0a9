/** The caller's side of a call: one INVITE server transaction with one early dialog per fork (RFC 3261 §13.3). */
import type { SipRespond } from '../../../machines/vocabulary/commands.ts';
import { type Address, legAddress } from '../../../machines/vocabulary/identity.ts';
import { type Dialog, dialogFromRequest, endOffer, requestIn, takeDescription } from '../../sip/dialog.ts';
import { header, responseTo } from '../../sip/headers.ts';
import type { NameAddr, SipMessage, SipRequest, SipResponse } from '../../sip/message.ts';
import { RELIABLE, requires, rseqOf, supports } from '../../sip/reliable.ts';
import { sdpIn } from '../../sip/sdp.ts';
import { isSipsUri } from '../../sip/uri.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';
import type { TransportName } from '../../transport/transport.ts';
import { bridgeOf } from './anchoring.ts';
import { NOBODY } from './attempt.ts';
import { attend, takeAnswer } from './attending.ts';
import { breadthOf } from './breadth.ts';
import { setConnected } from './connected.ts';
import { hostPort, newTag, type SipContext } from './context.ts';
import { sendInDialog } from './credentials.ts';
import { described } from './described.ts';
import { bodyFor, noteBody, recouple } from './descriptions.ts';
import { type LegSide, newSide } from './leg-side.ts';
import { earlyKey, type Place } from './leg-table.ts';
import { ALLOW } from './methods.ts';
import { featureTags, passedHeaders, withoutOption } from './passing.ts';
import { isAnonymous } from './privacy.ts';
import { cease, dropReliable, holdsAnswer, isDescribing, isUnacknowledged, sendReliably } from './reliable.ts';
import { wayIn } from './routing.ts';
import { agree } from './session.ts';
import { respondAs } from './stand-in.ts';
import { withoutMedia } from './without-media.ts';

const CONTACT_BYTES = 8;

/** Both kinds of WebSocket are `ws` in a URI (RFC 7118 §5.2.2); `tls`, deprecated, is what phones understand (RFC 5630 §3.1.1.1). */
const IN_URI: Readonly<Record<TransportName, string>> = {
  udp: '',
  tcp: ';transport=tcp',
  tls: ';transport=tls',
  ws: ';transport=ws',
  wss: ';transport=ws',
};

/**
 * Our Contact on a leg: a user part of its own, and what the party on the other side can do. `asked` is the Request-URI
 * of the leg's INVITE: if that is a SIPS URI, so is our Contact (RFC 5630 §3.1.3).
 */
export function contactFor(
  context: SipContext,
  flow: LegSide['flow'],
  peer: SipMessage['contact'],
  asked: string,
): readonly NameAddr[] {
  const isSips = flow.secure && isSipsUri(asked);
  // TLS is what a SIPS URI means (RFC 5630 §3.1.1.3).
  const transport = isSips && flow.transport === 'tls' ? '' : IN_URI[flow.transport];
  const uri = `${isSips ? 'sips' : 'sip'}:${context.random.hex(CONTACT_BYTES)}@${hostPort(flow)}${transport}`;
  return [{ name: '', uri, params: featureTags(peer) }];
}

/** The side of a call whose INVITE has just been admitted. */
export function callerSide(context: SipContext, server: ServerTransaction, call: Address, aor: string, user: string): LegSide {
  const { request, flow } = server;
  const contact = contactFor(context, flow, [], request.uri);
  const device = callingDevice(context, aor, server);
  const breadth = breadthOf(request);
  return newSide({
    address: legAddress(call, 0),
    call,
    isCaller: true,
    contact,
    invite: request,
    flow,
    server,
    aor,
    device,
    user,
    isHidden: isAnonymous(request),
    breadth,
  });
}

/**
 * The registered device of a user's that a request came from, so that it is found after it moved: that of the request's flow,
 * else of its Contact; empty if none is known to be.
 */
export function callingDevice(context: SipContext, aor: string, { request, flow }: ServerTransaction): string {
  const bound = context.location.of(aor);
  if (bound.length === 0 || request.recordRoute.length > 0) return '';
  const contact = request.contact === '*' ? undefined : request.contact[0]?.uri;
  const along = bound.filter(({ binding }) => binding.target.flow === flow.id);
  const device = along.length === 1 ? along[0] : bound.find(({ binding }) => binding.target.contact === contact);
  return device?.device ?? '';
}

/** The early dialog that stands for what a fork's remote tag said; without a fork, for what is said before any speaks. */
function dialogOf(
  context: SipContext,
  side: LegSide,
  { fork, status }: SipRespond,
  source: SipMessage | undefined,
): Dialog | undefined {
  const single = context.settings.earlyDialogs === 'single';
  const tag = source?.to.params.tag ?? '';
  const key = single ? '' : earlyKey(fork, tag);
  const known = side.early.get(key) ?? (source === undefined ? latestOf(side, fork) : undefined);
  if (known !== undefined) return known;
  const dialog = dialogFromRequest(side.invite, newTag(context));
  if (dialog === undefined) return undefined;
  if (isDescribing(side.invite)) dialog.offer = 'theirs';
  // One early dialog too many is told of only if it is answered.
  if (!context.legs.addEarly(side, key, dialog) && status < 200) return undefined;
  context.legs.name(dialog.localTag, single ? { side, fork: '', tag: '' } : { side, fork, tag });
  return dialog;
}

/** What a fork said is forgotten already: its latest early dialog. */
function latestOf(side: LegSide, fork: Address): Dialog | undefined {
  if (fork === '') return undefined;
  let latest: Dialog | undefined;
  for (const [key, dialog] of side.early) if (key.startsWith(`${fork} `)) latest = dialog;
  return latest;
}

const NOTHING: ReadonlyMap<string, readonly string[]> = new Map();
const OUR_ALLOW: ReadonlyMap<string, readonly string[]> = new Map([['allow', [ALLOW]]]);

const OUR_ANSWER: ReadonlyMap<string, readonly string[]> = new Map([...OUR_ALLOW, ['content-type', ['application/sdp']]]);
const offerOf = ({ invite }: LegSide): string | undefined => sdpIn(invite.body, header(invite, 'content-type'));

/** Answers the caller's INVITE; headers and body come from the fork's answer if there is one. */
export function respond(context: SipContext, side: LegSide, command: SipRespond): string | undefined {
  if (side.standIn !== undefined) return respondAs(context, side, side.standIn, command);
  if (side.placed !== undefined) return side.placed.respond(command);
  const { server } = side;
  if (server === undefined || server.answered) return 'the INVITE has its final answer';
  const source = context.legs.message(command.message);
  if (command.status < 200) progress(context, side, server, command, source);
  else if (command.status < 300) accept(context, side, server, command, source);
  else reject(context, side, server, command, source);
  return undefined;
}

function reject(context: SipContext, side: LegSide, server: ServerTransaction, command: SipRespond, source?: SipMessage): void {
  const { status } = command;
  const headers = source === undefined ? NOTHING : passedHeaders(source, context.settings.realm);
  const tag = side.early.get('')?.localTag ?? newTag(context);
  side.held = undefined;
  cease(context, side, server);
  server.respond(responseTo(side.invite, status, phraseOf(command, source), tag, { headers, body: source?.body ?? '' }));
}

function accept(context: SipContext, side: LegSide, server: ServerTransaction, command: SipRespond, source?: SipMessage): void {
  const dialog = dialogOf(context, side, command, source);
  if (dialog === undefined) return;
  if (holdsAnswer(side, dialog)) {
    side.held = command;
    return;
  }
  const said = { command, source, dialog };
  if (command.media === true)
    attend(context, side, command, (sdp) => {
      acceptAs(context, side, server, said, sdp);
      // Whoever it talks to next goes on in this session.
      recouple(dialog);
    });
  // The service itself answers: there is nobody behind us yet who could describe a session.
  else if (command.fork === '') acceptAs(context, side, server, said, withoutMedia(context, side.flow, offerOf(side)));
  else acceptAs(context, side, server, said, source?.body ?? '');
}

interface Accepted {
  readonly command: SipRespond;
  readonly source: SipMessage | undefined;
  readonly dialog: Dialog;
}

function acceptAs(
  context: SipContext,
  side: LegSide,
  server: ServerTransaction,
  { command, source, dialog }: Accepted,
  body: string,
): void {
  const isOurs = command.fork === '';
  const headers = source === undefined ? new Map(isOurs ? OUR_ANSWER : []) : passedHeaders(source, context.settings.realm);
  side.held = undefined;
  cease(context, side, server);
  agree(context, side, context.legs.at(command.fork), side.invite, headers);
  // Who answers may have had another session before, with more m-lines than this caller offers.
  const adoption = context.legs.at(command.fork)?.adoption;
  if (adoption !== undefined) {
    setConnected(context, side, adoption.old, headers);
    recouple(dialog);
    noteBody(dialog, side.invite.body, header(side.invite, 'content-type'));
  }
  const response = answerWith(side, command, source, dialog, headers, body);
  if (isDescribing(response)) takeDescription(dialog, 'ours');
  server.respond(response);
  side.winner = command.fork;
  confirm(context, side, dialog);
}

/** A provisional answer: reliable if the fork's is and the caller can take it, or if the caller asks for no other. */
function progress(context: SipContext, side: LegSide, server: ServerTransaction, command: SipRespond, source?: SipMessage): void {
  const dialog = dialogOf(context, side, command, source);
  if (dialog === undefined) return;
  const repeats = command.message !== 0 && command.message === side.passed;
  side.passed = command.message;
  const rseq = source?.kind === 'response' ? rseqOf(source) : undefined;
  if (rseq !== undefined && source !== undefined && takesReliable(context, side)) {
    if (repeats) remind(context, side, server, command, dialog);
    else {
      const fork = context.legs.at(command.fork);
      const rack = { rseq, seq: source.cseq.seq, method: 'INVITE' };
      const response = answerWith(side, command, source, dialog, passedHeaders(source, context.settings.realm), source.body);
      sendReliably(context, side, {
        ...ofInvite(context, side, server, dialog),
        response,
        behind: fork === undefined ? undefined : { leg: fork, rack },
      });
    }
  } else if (requires(side.invite, RELIABLE)) remind(context, side, server, command, dialog);
  else server.respond(unreliable(context, side, command, source, dialog));
}

const takesReliable = (context: SipContext, side: LegSide): boolean =>
  context.settings.earlyDialogs !== 'single' && supports(side.invite, RELIABLE);

const ofInvite = (context: SipContext, side: LegSide, server: ServerTransaction, dialog: Dialog) => ({
  server,
  dialog,
  missed: () => context.engine.post({ type: 'prack.missed', leg: side.address }),
});

/**
 * A reliable answer of our own: where the caller requires reliable ones and the fork's is none (RFC 3262 §3), or where
 * the fork's is to be repeated each minute. It carries no session description: the fork's unreliable one was not final,
 * and would become the answer. To an INVITE without an offer the first reliable one would have to make it (§5): none then.
 */
function remind(context: SipContext, side: LegSide, server: ServerTransaction, command: SipRespond, dialog: Dialog): void {
  const owesOffer = dialog.offer === 'none' && !dialog.hasSession;
  if (owesOffer || isUnacknowledged(side, dialog)) return;
  const response = answerWith(side, command, undefined, dialog, OUR_ALLOW, '');
  sendReliably(context, side, { ...ofInvite(context, side, server, dialog), response, behind: undefined });
}

function unreliable(context: SipContext, side: LegSide, command: SipRespond, source: SipMessage | undefined, dialog: Dialog) {
  if (context.settings.earlyDialogs === 'single') return answerWith(side, command, source, dialog, NOTHING, '');
  if (source === undefined) return answerWith(side, command, source, dialog, OUR_ALLOW, '');
  const headers = withoutOption(passedHeaders(source, context.settings.realm), 'require', RELIABLE);
  return answerWith(side, command, source, dialog, headers, source.body);
}

const phraseOf = (command: SipRespond, source: SipMessage | undefined): string | undefined =>
  command.reason || (source?.kind === 'response' ? source.reason : undefined);

/** An answer that makes a dialog: Contact and Record-Route belong to it (RFC 3261 §12.1.1). */
function answerWith(
  side: LegSide,
  command: SipRespond,
  source: SipMessage | undefined,
  dialog: Dialog,
  headers: ReadonlyMap<string, readonly string[]>,
  body: string,
): SipResponse {
  const contact = source === undefined ? side.contact : contactLike(side, source);
  const extra = {
    headers,
    body: bodyFor(dialog, body, headers.get('content-type')?.[0]),
    contact,
    recordRoute: side.invite.recordRoute,
  };
  return responseTo(side.invite, command.status, phraseOf(command, source), dialog.localTag, extra);
}

const contactLike = (side: LegSide, source: SipMessage): readonly NameAddr[] => {
  const [ours] = side.contact;
  return ours === undefined ? [] : [{ ...ours, params: featureTags(source.contact) }];
};

/** RFC 3261 §13.3.1.4: the winner's dialog is the call's; the other early ones are over. */
function confirm(context: SipContext, side: LegSide, dialog: Dialog): void {
  dialog.state = 'confirmed';
  side.dialog = dialog;
  for (const early of side.early.values()) if (early !== dialog) context.legs.forget(early.localTag);
  side.early.clear();
}

/**
 * The caller ended one of its early dialogs. True if it is one of several that a fork's proxy made: BYE goes on to it, and
 * the fork rings on. False: the fork as a whole is meant, and its call decides.
 */
export function endEarly(context: SipContext, { side, fork, tag }: Place, dialog: Dialog): boolean {
  const ringing = context.legs.at(fork);
  const early = ringing?.early.get(tag);
  side.early.delete(earlyKey(fork, tag));
  context.legs.forget(dialog.localTag);
  dropReliable(context, side, dialog);
  if (ringing === undefined || early === undefined || ringing.early.size < 2) return false;
  ringing.early.delete(tag);
  sendInDialog(context, { side: ringing, dialog: early }, requestIn(early, 'BYE'), wayIn(context, ringing, early), NOBODY);
  return true;
}

/** A PRACK came, for which the 2xx had to wait (RFC 3262 §3). */
export function letAnswerGo(context: SipContext, side: LegSide): void {
  const { held } = side;
  if (held !== undefined) respond(context, side, held);
}

/**
 * The caller's CANCEL. Where a 2xx still waits for a PRACK no final answer has left, so that the INVITE gets 487 (RFC 3261
 * §9.2); for its leg, which believes that it has answered, the caller hangs up.
 */
export function cancelled(context: SipContext, side: LegSide, reason: string): void {
  const { address: leg, held } = side;
  side.reason = reason;
  if (held === undefined) context.engine.post({ type: 'cancel.received', leg, reason });
  else {
    respond(context, side, { ...held, status: 487, reason: '', message: 0 });
    context.engine.post({ type: 'bye.received', leg, fork: '', message: 0 });
  }
}

/** The caller's ACK to our 2xx. */
export function acknowledged(context: SipContext, side: LegSide, ack: SipRequest): void {
  if (side.server === undefined) return;
  side.server.acknowledged();
  side.server = undefined;
  if (side.dialog !== undefined) endOffer(side.dialog);
  if (side.attended !== undefined && offerOf(side) === undefined && !takeAnswer(context, side, ack)) return;
  const { address: leg } = side;
  const said = (answer: SipRequest): void => {
    // An ACK without a body says nothing that ours to the callee would not say.
    const message = answer.body === '' ? 0 : context.legs.keep(side, answer);
    context.engine.post({ type: 'ack.received', leg, message });
  };
  // An answer cannot be refused but by hanging up.
  const refused = (): void => context.engine.post({ type: 'ack.missed', leg });
  described(context, side, { bridge: bridgeOf(context, side), message: ack, what: 'answer' }, said, refused);
}
