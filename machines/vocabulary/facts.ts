/** The catalogue: every kind of fact of the service. Wire facts come from ports, domain facts from actors. */
import type { Binding, ContactOrder, DiversionReason, Forwarding, PushTarget, Ring, Target } from './binding.ts';
import type { HttpFailure } from './commands.ts';
import { defineFact, detail, flag, integer, secret, text } from './descriptor.ts';
import type { Address } from './identity.ts';

const call = text<Address>();
const leg = text<Address>();
/** Handle of a message that the SIP port keeps for as long as its leg lives; charts pass it on and never look inside. */
const message = integer();
/** Handle of a request inside a dialog that still waits for its answer. */
const exchange = integer();
const status = integer();
/** The star code that was dialled and what stood behind it; both empty in an ordinary call. A code rings nobody by itself. `Replaces`: the button under a lamp was pressed. */
const dialledCode = { code: text(), argument: text() } as const;
/** RFC 8599 §14: what wakes a device is its user's alone. URIs that carry it are cleaned wherever they stand. */
const PUSH_SECRETS = ['prid', 'param'];

// The wire, as the SIP port posts it.

/** A new INVITE was admitted: authenticated, its callee known. */
export const inviteReceived = defineFact('invite.received', {
  call,
  leg,
  caller: text(),
  callerName: text(),
  /** The caller asked not to be shown (RFC 3323). */
  anonymous: flag(),
  callee: text(),
  /** Prefix of the Call-IDs of this call's legs, so that a push can name the Call-ID its device will see. */
  callIdStem: text(),
  /** How an account is woken that has no binding; empty provider: not at all. */
  accountPush: secret(detail<PushTarget>(), PUSH_SECRETS),
  /** What to ring beside the callee's bindings: the next hops of a number outside. */
  rings: secret(detail<readonly Ring[]>(), PUSH_SECRETS),
  forwarding: detail<Forwarding>(),
  /** How often it was diverted before it came to us (RFC 5806). */
  diverted: integer(),
  /** Rings these alone, and none of the callee's devices. */
  direct: flag(),
  /** The call that this one goes on from, by transfer or by Replaces; empty for a new one. */
  continues: text(),
  /** Who transferred: address of record, or URI outside; empty if nobody did. */
  transferredBy: text(),
  ...dialledCode,
  /** Address of the case that has it placed (`call.place`): `caller` is who is shown, and nobody calls. Empty for others. */
  placedBy: text(),
});
/** Where a URI leads that a call asked for, and what can be rung there now. */
export const routeFound = defineFact('route.found', {
  call,
  route: integer(),
  /** Address of record of a user of ours, else the URI of the number outside. */
  callee: text(),
  rings: secret(detail<readonly Ring[]>(), PUSH_SECRETS),
  /** The callee has devices that sleep, or an account that can be woken. */
  wakeable: flag(),
  accountPush: secret(detail<PushTarget>(), PUSH_SECRETS),
  forwarding: detail<Forwarding>(),
  /** Address of the case that asked; empty if the call itself did. */
  case: text(),
});
export const routeFailed = defineFact('route.failed', { call, route: integer(), status, reason: text(), case: text() });
export const provisionalReceived = defineFact('provisional.received', { leg, status, message });
export const answerReceived = defineFact('answer.received', { leg, status, message });
/** A final answer that is no 2xx, or what stands for one: `origin` says who made it. */
export const failureReceived = defineFact('failure.received', {
  leg,
  status,
  reason: text(),
  origin: text<'peer' | 'timeout' | 'transport'>(),
  message,
});
export const cancelReceived = defineFact('cancel.received', { leg, reason: text() });
export const ackReceived = defineFact('ack.received', { leg, message });
/** No ACK came to our 2xx within 64*T1. */
export const ackMissed = defineFact('ack.missed', { leg });
/** No PRACK came to our reliable provisional within 64*T1 (RFC 3262 §3). */
export const prackMissed = defineFact('prack.missed', { leg });
/** `fork`: the caller ended only the early dialog that stands for that leg; empty: the dialog of the call. */
export const byeReceived = defineFact('bye.received', { leg, fork: leg, message });
/** The caller could not be answered with media of our own: its INVITE gets that status instead. */
export const mediaRefused = defineFact('media.refused', { leg, status, reason: text() });
/** The dialog goes on in another call: nothing is owed to its party any more. */
export const dialogMoved = defineFact('dialog.moved', { leg });
/** Our BYE was answered, or will never be. */
export const byeFinished = defineFact('bye.finished', { leg });
/** A request inside a dialog that is relayed: re-INVITE, UPDATE, INFO, MESSAGE, REFER, unknown ones. */
export const requestReceived = defineFact('request.received', { call, leg, fork: leg, exchange, method: text() });
/** A final or provisional answer to a relayed request. */
export const responseReceived = defineFact('response.received', { call, leg, exchange, status, message });
/** The ACK to the 2xx of a relayed re-INVITE. */
export const exchangeAcknowledged = defineFact('exchange.acknowledged', { call, leg, exchange, message });

/** A REGISTER was authenticated and its contacts read. No contacts and not `all`: a query. */
export const registerReceived = defineFact('register.received', {
  aor: text(),
  exchange,
  callId: text(),
  cseq: integer(),
  /** `Contact: *` with Expires 0. */
  all: flag(),
  contacts: secret(detail<readonly ContactOrder[]>(), PUSH_SECRETS),
  userAgent: text(),
});
/** A binding read from the store at start. */
export const bindingRestored = defineFact('binding.restored', {
  aor: text(),
  device: text(),
  binding: secret(detail<Binding>(), PUSH_SECRETS),
});
/** The connection a binding was registered on is gone. */
export const flowClosed = defineFact('flow.closed', { aor: text(), flow: text() });
/** A device behind NAT answered no ping any more on the flow that it registered on. */
export const deviceUnreachable = defineFact('device.unreachable', { aor: text(), device: text(), flow: text() });

// Registrations.

const bindingShape = {
  aor: text(),
  device: text(),
  /** Has pn-* parameters of a provider we can push to, and its device is not known awake (RFC 8599 §5.6.2). */
  asleep: flag(),
  provider: text(),
  userAgent: text(),
  binding: secret(detail<Binding>(), PUSH_SECRETS),
} as const;
export const bindingAdded = defineFact('binding.added', bindingShape);
export const bindingRefreshed = defineFact('binding.refreshed', bindingShape);
/** The device is no longer known awake; its binding stands. */
export const bindingSlept = defineFact('binding.slept', bindingShape);
export const bindingRemoved = defineFact('binding.removed', {
  aor: text(),
  device: text(),
  why: text<'unregistered' | 'expired' | 'unreachable' | 'ordered'>(),
});

// Legs.

/** A call opened a leg towards a device. */
export const forkStarted = defineFact('fork.started', {
  call,
  leg,
  callee: text(),
  /** Address of record of the device's user; empty outside. */
  aor: text(),
  device: text(),
  callId: text(),
  /** Address of the case that asked for the fork; empty if the call itself did. */
  case: text(),
  target: secret(detail<Target>(), PUSH_SECRETS),
});
export const legRinging = defineFact('leg.ringing', { call, leg, device: text(), status, message });
/** Nothing at all was heard for some seconds; the fork goes on but no longer delays the outcome. */
export const legSilent = defineFact('leg.silent', { call, leg });
export const legAnswered = defineFact('leg.answered', { call, leg, status, message });
export const legFailed = defineFact('leg.failed', { call, leg, device: text(), status, reason: text(), message });
/** The caller gave up before the answer. */
export const legCancelled = defineFact('leg.cancelled', { call, leg, reason: text() });
export const legAcknowledged = defineFact('leg.acknowledged', { call, leg, message });
/** The party hung up, or is gone. */
export const legHungUp = defineFact('leg.hungUp', {
  call,
  leg,
  how: text<'bye' | 'no-ack' | 'no-prack' | 'failed' | 'moved'>(),
  message,
});
/** The caller wants no answer of that fork any more, and still waits for others. */
export const legForsaken = defineFact('leg.forsaken', { call, leg, fork: leg });
/** A party of the talk is gone: `expired`, nobody refreshed the session; `silent`, it does not answer; `unknown`, it knows no such dialog. */
export const sessionLapsed = defineFact('session.lapsed', { call, leg, why: text<'expired' | 'silent' | 'unknown'>() });
/**
 * The leg is over, its actor too: what it was on the wire. The SIP port posts it before its call can end, so that a
 * call's record has it.
 */
export const legClosed = defineFact('leg.closed', {
  call,
  leg,
  callId: text(),
  transport: text(),
  local: text(),
  remote: text(),
  /** The Request-URI: as dialled on the caller's leg, the device's Contact on a fork, without pn-*. */
  uri: text(),
  fromUri: text(),
  fromName: text(),
  toUri: text(),
  toName: text(),
  userAgent: text(),
  /** The Reason header that its party sent last (RFC 3326). */
  reason: text(),
});

// Calls.

export const callOffered = defineFact('call.offered', {
  call,
  caller: text(),
  callerName: text(),
  callee: text(),
  callIdStem: text(),
  /** At least one device of the callee could be woken. */
  wakeable: flag(),
  accountPush: secret(detail<PushTarget>(), PUSH_SECRETS),
  ...dialledCode,
  /** Address of the case that has it placed (`call.place`), if one has: `caller` is who is shown then. */
  placedBy: text(),
  /** A colleague may take it: somebody calls, and neither a code nor a party of a talk is what rings. */
  pickable: flag(),
});
/** The callee's devices brought nobody; whoever knows more to try says so before the call fails. */
export const callUnanswered = defineFact('call.unanswered', {
  call,
  caller: text(),
  callee: text(),
  /** Empty: somebody else would do no better. */
  why: text<DiversionReason | ''>(),
  status,
  /** Where the callee wants such calls to go; empty: nowhere. */
  target: text(),
  /** How often the call was diverted before it came to us. */
  diverted: integer(),
});
/** The call goes to somebody else now. */
export const callDiverted = defineFact('call.diverted', {
  call,
  caller: text(),
  from: text(),
  callee: text(),
  why: text<DiversionReason>(),
});
/**
 * Of those that `hunter` has rung nobody rings or wakes any more; nothing but its own word keeps the call open. Of a caller whom
 * the service attends: it hears the service alone again, and whoever was rung for it is given up.
 */
export const huntIdle = defineFact('hunt.idle', {
  call,
  hunter: text<Address>(),
  /** Whom it had rung last: it may have rung others meanwhile. */
  callee: text(),
});
/** A callee that a scenario had rung is not called any more: the call goes on, or is answered by another, or over. */
export const calleeDropped = defineFact('callee.dropped', { call, callee: text() });
export const callRinging = defineFact('call.ringing', { call, caller: text(), callee: text(), device: text() });
export const callAnswered = defineFact('call.answered', {
  call,
  /** Its leg, a fork; empty: the service itself has answered. */
  leg,
  caller: text(),
  callee: text(),
  device: text(),
  /** Address of record of the user whose device it is: in a group not the callee. Empty outside. */
  answeredBy: text(),
  /** The caller's address and name as the callee sees them: of one who asked not to be shown nobody's. */
  shown: text(),
  callerName: text(),
});
export const callFailed = defineFact('call.failed', { call, caller: text(), callee: text(), status, reason: text() });
export const callCancelled = defineFact('call.cancelled', { call, caller: text(), callee: text(), reason: text() });
/** A user of ours was called, and nobody took the call: neither that user nor whom it was diverted to. */
export const calleeMissed = defineFact('callee.missed', {
  call,
  caller: text(),
  callerName: text(),
  /** The caller asked not to be shown; `caller` is for records only. */
  anonymous: flag(),
  /** Who was called first. */
  callee: text(),
  /** `gaveUp`: the caller did, before that user's devices had been given their time. */
  why: text<DiversionReason | 'gaveUp'>(),
  status,
});
/** The parties of this call hear each other; one of them was in the call `from` before, and `transferredBy` sent it here. */
export const callTransferred = defineFact('call.transferred', {
  call,
  from: text<Address>(),
  transferredBy: text(),
  caller: text(),
  callee: text(),
});
/** The call is over and all its legs are released. */
export const callEnded = defineFact('call.ended', {
  call,
  caller: text(),
  callee: text(),
  /** Address of record of the user whose device answered; empty outside, and if none did. */
  answeredBy: text(),
  outcome: text<'answered' | 'failed' | 'cancelled'>(),
  status,
});
export const claimWon = defineFact('claim.won', { call, winner: text() });
export const claimLost = defineFact('claim.lost', { call, winner: text(), loser: text() });

// Orders of operators.

/** Somebody shall be rung beside whoever that call rings, for `ringMs` at most. */
export const forkOrdered = defineFact('fork.ordered', {
  call,
  uri: text(),
  /** The user under whose permissions numbers outside are rung. */
  onBehalfOf: text(),
  ringMs: integer(),
});

// Pickup.

/** The service itself has answered the caller (`call.answer`), who has acknowledged: its leg can be joined to another call. */
export const callerAnswered = defineFact('caller.answered', { call, leg });
/** Who was to be joined to a call (`call.join`) talks in it now. */
export const joinWon = defineFact('join.won', { case: text(), call });
/** Another has answered that call, or it is over, or this party could not be joined; it is left as it was. */
export const joinLost = defineFact('join.lost', { case: text(), call, status, reason: text() });
/** Who had won talks to nobody: the caller was gone before its ACK, and the party is back in the call that its leg came from. */
export const joinUndone = defineFact('join.undone', { case: text(), call });
/** A user wants to take a ringing call, and may. */
export const pickupAsked = defineFact('pickup.asked', {
  /** The picker's own call, and its leg; empty where there is none, and its phones are rung. */
  call,
  leg,
  /** Address of record. */
  picker: text(),
  /** The callees whose calls may be taken. */
  callees: detail<readonly string[]>(),
  /** The call that is meant; empty: the one of theirs that rings longest. */
  target: text<Address>(),
  form: text<'group' | 'directed' | 'replaces' | 'order'>(),
  /** Whether the picker's own call is connected, or its phones are rung with the other. */
  mode: text<'join' | 'callback'>(),
});
const pickup = {
  /** The call that is picked up; empty where there is none. */
  call,
  callee: text(),
  picker: text(),
  /** The picker's own call; empty: none. */
  pickerCall: text<Address>(),
} as const;
/** A user is about to take that call; it still rings. */
export const pickupBegan = defineFact('pickup.began', pickup);
/** The picker has it. */
export const pickupWon = defineFact('pickup.won', pickup);
/** The picker has not got it, and was told why. */
export const pickupLost = defineFact('pickup.lost', { ...pickup, status, reason: text() });

// Calls that are placed (`call.place`).

const placing = {
  /** Address of who gave the order, and that one's number of it. */
  case: text(),
  place: integer(),
  /** Address of record of who is rung first. */
  caller: text(),
  /** Address of record of a user of ours, URI of a number outside; as it was ordered where it leads nowhere. */
  callee: text(),
} as const;
/** The phones of `caller` ring; `call` is that call. */
export const callPlaced = defineFact('call.placed', { ...placing, call });
/** Both talk, in `call`, which goes on from the one that was placed. */
export const placeConnected = defineFact('place.connected', { ...placing, call });
/** Nothing came of it, and no phone is left in a call. `party`: whose side it was. */
export const placeFailed = defineFact('place.failed', {
  ...placing,
  party: text<'caller' | 'callee'>(),
  status,
  reason: text(),
});

// Watching (RFC 6665, RFC 4235).

const subscription = text<Address>();
/** A SUBSCRIBE to the dialogs of a user was accepted. */
export const watchAsked = defineFact('watch.asked', {
  subscription,
  /** Addresses of record: who watches whom. */
  watcher: text(),
  watched: text(),
  /** 0: it asks for the state of now, and no more. */
  expiresMs: integer(),
});
/** It was refreshed, or taken back if `expiresMs` is 0. */
export const watchRefreshed = defineFact('watch.refreshed', { subscription, expiresMs: integer() });
/** The watcher has taken the latest NOTIFY; or it cannot be reached now, or wants no more. */
export const watchNotified = defineFact('watch.notified', { subscription, how: text<'taken' | 'missed' | 'gone'>() });

/** A call is over in which that user has a published part; who watches hears so of one that crashed, too. */
export const dialogEnded = defineFact('dialog.ended', { call, watched: text() });

// Push.

/** The push service took the message. */
export const pushDelivered = defineFact('push.delivered', { case: text(), call, device: text(), provider: text() });
export const pushFailed = defineFact('push.failed', {
  case: text(),
  call,
  device: text(),
  provider: text(),
  permanent: flag(),
  why: text(),
});

// HTTP.

/** A system that a case asked has answered, whatever it says. */
export const httpAnswered = defineFact('http.answered', {
  case: text(),
  request: integer(),
  target: text(),
  status,
  /** What its Retry-After asks for; 0: nothing. */
  retryAfterMs: integer(),
  contentType: text(),
  body: secret(text()),
});
/** It did not answer, or was not asked. */
export const httpFailed = defineFact('http.failed', {
  case: text(),
  request: integer(),
  target: text(),
  why: text<HttpFailure>(),
  reason: text(),
});

// Trunks.

/** A trunk is configured with which we register. */
export const trunkOpened = defineFact('trunk.opened', { trunk: text() });
/** It took our REGISTER, or refused it; status 408 and 503 also stand for no answer and no way. */
export const trunkAccepted = defineFact('trunk.accepted', { trunk: text(), refreshAfterMs: integer() });
export const trunkRefused = defineFact('trunk.refused', {
  trunk: text(),
  status,
  reason: text(),
  /** What it asked for; 0: nothing. */
  retryAfterMs: integer(),
  /** 0 to 999, at random: charts have no chance of their own. */
  jitterThousandths: integer(),
});
export const trunkRegistered = defineFact('trunk.registered', { trunk: text() });
export const trunkLost = defineFact('trunk.lost', { trunk: text(), status, reason: text() });

// The engine.

/** An actor came to its end. `of` is the address it belonged to, empty if to none. */
export const actorEnded = defineFact('actor.ended', { address: text(), of: text(), how: text<'done' | 'failed'>() });
/** A command reached nobody, or nobody who takes it now; told to its author. */
export const commandRefused = defineFact('command.refused', { author: text(), command: text(), addressee: text(), why: text() });

// Streams, digits, prompts.

export * from './media-facts.ts';
