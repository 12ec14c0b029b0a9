/**
 * What a party says of the session, as the other one is to be told: rewritten as it comes in, so that all behind it sees our own
 * addresses. An engine that answers later keeps what that party says in its order; what ends a leg does not wait.
 */
import type { MediaBridge, Told, Undescribed } from '../../media/media.ts';
import { header } from '../../sip/headers.ts';
import type { SipMessage } from '../../sip/message.ts';
import { sdpIn } from '../../sip/sdp.ts';
import type { SipContext } from './context.ts';
import type { LegSide, Turns } from './leg-side.ts';

/** Messages of one party that may wait; provisionals beyond it are dropped, all others are bounded elsewhere. */
const MAX_TURNS = 64;
/** An engine that says nothing for so long says no; it has limits of its own that are shorter. */
const LIMIT_MS = 10_000;
const SILENT: Undescribed = { status: 500, reason: 'Media Engine Does Not Answer' };

/** What of a description the bridge is told. */
export interface Description<M extends SipMessage> {
  /** undefined: the message passes as it is, in its turn. */
  readonly bridge: MediaBridge | undefined;
  readonly message: M;
  readonly what: 'offer' | 'answer';
}

type Refused = (why: Undescribed) => void;

/**
 * Takes a message of the party of `side`: exactly one of the two functions is called, unless the leg has ended meanwhile. With
 * an engine that answers at once, and with none, that is before this returns.
 */
export function described<M extends SipMessage>(
  context: SipContext,
  side: LegSide,
  description: Description<M>,
  said: (message: M) => void,
  refused: Refused,
): void {
  const { turns } = side;
  if (turns === undefined) describe(context, side, description, said, refused);
  else if (turns.waiting.length < MAX_TURNS || !isProvisional(description.message))
    turns.waiting.push(() => describe(context, side, description, said, refused));
}

const isProvisional = (message: SipMessage): boolean => message.kind === 'response' && message.status < 200;

function describe<M extends SipMessage>(
  context: SipContext,
  side: LegSide,
  { bridge, message, what }: Description<M>,
  done: (message: M) => void,
  refused: Refused,
): void {
  const sdp = bridge && sdpIn(message.body, header(message, 'content-type'));
  if (bridge === undefined || sdp === undefined) done(message);
  else {
    const question: Question = (told) => bridge.describe(side.isCaller ? 'caller' : 'fork', sdp, what, told);
    ask(context, side, question, (said) => done(withSdp(message, sdp, said)), refused);
  }
}

/** What an engine is asked. */
export type Question = (told: Told) => void;

/** Asks an engine, for one of the two functions; what the party of `side` says meanwhile waits. */
export function ask(
  context: SipContext,
  side: LegSide,
  question: Question,
  done: (said: string) => void,
  refused: Refused,
): void {
  let isOpen = true;
  let isLate = false;
  let turns: Turns | undefined;
  const told: Told = (said) => {
    if (!isOpen) return;
    isOpen = false;
    // Its leg has ended, or nobody wants it any more.
    if (isLate && side.turns !== turns) return;
    if (typeof said === 'string') done(said);
    else refused(said);
    if (isLate) goOn(context, side);
  };
  question(told);
  if (!isOpen) return;
  isLate = true;
  turns = side.turns ?? { waiting: [], isBusy: true, limit: undefined };
  side.turns = turns;
  turns.isBusy = true;
  turns.limit = context.timers.set(LIMIT_MS, () => told(SILENT));
}

/** The next ones, until one has to wait again. */
function goOn(context: SipContext, side: LegSide): void {
  const { turns } = side;
  if (turns === undefined) return;
  context.timers.clear(turns.limit);
  turns.isBusy = false;
  for (let next = turns.waiting.shift(); next !== undefined; next = turns.waiting.shift()) {
    next();
    if (turns.isBusy || side.turns !== turns) return;
  }
  side.turns = undefined;
}

/** The message with another session description in the place of its own, what stands beside it left as it is. */
export const withSdp = <M extends SipMessage>(message: M, sdp: string, said: string): M =>
  said === sdp ? message : { ...message, body: message.body.replace(sdp, () => said) };

const CONTENT_TYPE = 'content-type';

/** A failure may list what its sender can do (RFC 3261 §21.4.26), with addresses that are not for the other party. */
export function withoutSdp<M extends SipMessage>(message: M): M {
  if (sdpIn(message.body, header(message, CONTENT_TYPE)) === undefined) return message;
  const headers = new Map(message.headers);
  headers.delete(CONTENT_TYPE);
  return { ...message, headers, body: '' };
}
