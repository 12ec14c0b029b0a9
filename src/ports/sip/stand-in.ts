/**
 * The caller's side of a call that we place for a party of another call (RFC 5589 §6, carried out here): it stands for
 * that party until somebody answers, whose offer then goes to the party by re-INVITE (RFC 3725 §4.3, flow III's order).
 */
import type { SipRespond } from '../../../machines/vocabulary/commands.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import { header } from '../../sip/headers.ts';
import type { SipResponse } from '../../sip/message.ts';
import { sdpIn } from '../../sip/sdp.ts';
import { bridgeOf, joinedMedia } from './anchoring.ts';
import { attend, takeAnswer } from './attending.ts';
import type { SipContext } from './context.ts';
import { described } from './described.ts';
import { noteBody, recouple } from './descriptions.ts';
import type { LegSide, StandIn } from './leg-side.ts';
import { ReInvite, SDP_TYPE, tellAgain } from './re-invite.ts';
import { watch } from './session.ts';
import { intervalIn } from './session-interval.ts';
import { handOver, heirOf } from './takeover.ts';

const CONTENT_TYPE = 'content-type';

/** What would be an answer to the caller's INVITE, if there were one. */
export function respondAs(context: SipContext, side: LegSide, standIn: StandIn, command: SipRespond): string | undefined {
  const { status, reason, fork, message } = command;
  if (standIn.isAnswered) return 'the INVITE has its final answer';
  if (status < 200 || status >= 300) {
    standIn.referral.tell(status, reason);
    return undefined;
  }
  side.winner = fork;
  if (command.media === true) {
    // It is the service that the party shall talk to.
    attend(context, side, command, (offer) => offerTo(context, side, standIn, offer));
    return undefined;
  }
  const source = context.legs.message(message);
  const offer = source === undefined ? undefined : sdpIn(source.body, header(source, CONTENT_TYPE));
  if (offer !== undefined) recoupleFork(context, fork, offer);
  const answering = context.legs.at(fork);
  if (answering !== undefined && source !== undefined) watch(context, answering, { seconds: intervalIn(source) });
  offerTo(context, side, standIn, offer);
  return undefined;
}

/** Offers the party what is to be its session. */
function offerTo(context: SipContext, side: LegSide, standIn: StandIn, offer: string | undefined): void {
  const { old } = standIn;
  standIn.isAnswered = true;
  const fail = (why: number, phrase: string): void => {
    standIn.referral.tell(why, phrase);
    context.engine.post({ type: 'ack.missed', leg: side.address });
  };
  if (offer === undefined || old.dialog === undefined) {
    fail(488, 'No Session Description In The Answer');
    return;
  }
  const reInvite = new ReInvite(context, old, old.dialog, offer, {
    answered: (response) => joined(context, side, standIn, reInvite, response),
    failed: fail,
    tooLate: () => tellAgain(context, old, standIn.before),
  });
  standIn.reInvite = reInvite.start();
}

/** The new party's dialog is one whose other side may change again: its m-lines are those of its offer. */
function recoupleFork({ legs }: SipContext, fork: Address, offer: string): void {
  const dialog = legs.at(fork)?.dialog;
  if (dialog === undefined) return;
  recouple(dialog);
  noteBody(dialog, offer, SDP_TYPE);
}

/** The stand-in is gone: what it began is over, and the party, if it agreed too late, is told its earlier session again. */
export function standDown(side: LegSide): void {
  side.standIn?.reInvite?.cancel();
  side.standIn?.referral.tell(500);
}

function joined(
  context: SipContext,
  side: LegSide,
  { old, referral, before }: StandIn,
  reInvite: ReInvite,
  response: SipResponse,
): void {
  reInvite.acknowledge();
  if (side.isClosed) {
    tellAgain(context, old, before);
    return;
  }
  // Before the referrer's call ends, which the next line begins.
  referral.tell(200);
  side.standIn = undefined;
  // It may have come to the stand-in before, when the referrer hung up.
  handOver(context, old);
  watch(context, heirOf(old), { seconds: intervalIn(response) });
  if (side.attended !== undefined && !takeAnswer(context, side, response)) return;
  const { address: leg } = side;
  const said = (answer: SipResponse): void => {
    joinedMedia(side);
    context.engine.post({ type: 'ack.received', leg, message: context.legs.keep(side, answer) });
  };
  // Both have said yes, and are hung up.
  const refused = (): void => context.engine.post({ type: 'ack.missed', leg });
  described(context, side, { bridge: bridgeOf(context, side), message: response, what: 'answer' }, said, refused);
}
