/**
 * Callers whom the service itself answers, with media of its own: they hear prompts, their digits are heard, and others are
 * rung for them, one of whom they then talk to.
 */
import type { SipRespond } from '../../../machines/vocabulary/commands.ts';
import { CALLER_LEG, legAddress } from '../../../machines/vocabulary/identity.ts';
import type { Undescribed } from '../../media/media.ts';
import { header } from '../../sip/headers.ts';
import type { SipMessage } from '../../sip/message.ts';
import { RELIABLE } from '../../sip/reliable.ts';
import { sdpIn } from '../../sip/sdp.ts';
import { mediaPartyOf } from './anchoring.ts';
import type { SipContext } from './context.ts';
import { ask } from './described.ts';
import { noteBody, recouple } from './descriptions.ts';
import type { LegSide } from './leg-side.ts';
import { withoutOption } from './passing.ts';
import { reasonOf } from './reason.ts';
import { watch } from './session.ts';
import { intervalIn, ownInterval } from './session-interval.ts';

const NO_MEDIA: Undescribed = { status: 488, reason: 'No Media Ends In This Service' };
const NO_ANSWER: Undescribed = { status: 488, reason: 'The Offer Has No Answer' };

/** What a message says of the session; `undefined`: nothing. */
export const sdpOf = (message: SipMessage): string | undefined => sdpIn(message.body, header(message, 'content-type'));

/**
 * Asks for the description that answers the caller's INVITE; `say` then has the 2xx leave. Until then no final answer has left,
 * so that a CANCEL counts; where there is none, `media.refused` tells the leg so.
 */
export function attend(context: SipContext, side: LegSide, command: SipRespond, say: (sdp: string) => void): void {
  // It is asked for already: a PRACK came meanwhile.
  if (side.attended !== undefined) return;
  side.held = command;
  const end = (then: () => void): void => {
    if (side.held !== command) return;
    side.held = undefined;
    then();
  };
  const refused = ({ status, reason }: Undescribed): void =>
    end(() => context.engine.post({ type: 'media.refused', leg: side.address, status, reason }));
  if (context.media === undefined) {
    refused(NO_MEDIA);
    return;
  }
  const attended = context.media.attend(side.call, mediaPartyOf(side));
  side.attended = attended;
  // One that stands in for a party of another call has nobody's offer.
  const offer = side.standIn === undefined ? sdpOf(side.invite) : undefined;
  ask(
    context,
    side,
    (told) => attended.answer(offer, told),
    (sdp) => end(() => say(sdp)),
    refused,
  );
}

/** The answer to an offer of ours. False: it is none that we can take, and the party is hung up with the reason. */
export function takeAnswer(context: SipContext, side: LegSide, message: SipMessage): boolean {
  const answer = sdpOf(message);
  const flaw = answer === undefined ? NO_ANSWER : side.attended?.accept(answer);
  if (flaw === undefined) return true;
  side.lastWord = reasonOf(flaw);
  context.engine.post({ type: 'ack.missed', leg: side.address });
  return false;
}

/** What a fork's INVITE says where the service speaks for the caller: nobody would acknowledge its provisionals, or refresh. */
export function speakFor({ settings }: SipContext, headers: Map<string, readonly string[]>): void {
  for (const name of ['supported', 'require']) withoutOption(headers, name, RELIABLE);
  const interval = ownInterval(settings);
  if (interval.size > 0) withoutOption(headers, 'supported', 'timer');
  for (const [name, lines] of interval)
    headers.set(name, name === 'supported' ? [...(headers.get(name) ?? []), ...lines] : lines);
}

/** A fork has answered, and the caller, whom the service has attended until now, talks to it from here on. */
export function connectAttended(context: SipContext, fork: LegSide, answer: SipMessage): void {
  const caller = context.legs.at(legAddress(fork.call, CALLER_LEG));
  if (caller?.attended === undefined || caller.winner !== '') return;
  caller.winner = fork.address;
  const { dialog } = fork;
  if (dialog === undefined) return;
  // Its session was the service's so far (RFC 3264 §8).
  recouple(dialog);
  noteBody(dialog, answer.body, header(answer, 'content-type'));
  watch(context, fork, { seconds: intervalIn(answer) });
}

/** The leg is gone. */
export function dismiss(side: LegSide): void {
  side.attended?.close();
  side.attended = undefined;
}
