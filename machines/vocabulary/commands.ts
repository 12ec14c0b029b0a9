/** Everything one actor can ask of another actor or of a port. */
import type { Binding, DiversionReason, Forwarding, PushTarget, Ring, Target } from './binding.ts';
import type { Stamp } from './descriptor.ts';
import type { Address, PORT_HTTP, PORT_MEDIA, PORT_PUSH, PORT_SIP } from './identity.ts';
import type { DigitForm, InCallCode, Prompt } from './media.ts';
import type { WatchedDialog } from './watching.ts';

type To<A extends Address = Address> = { readonly to: A };

/** Why a fork is cancelled: `elsewhere` and the caller's own reason become a Reason header (RFC 3326), `none` sends none. */
export type CancelReason = 'elsewhere' | 'caller' | 'none';

// To a call.

/** Rings one more device. Refused once the call is answered or over. */
export type CallFork = To & {
  readonly type: 'call.fork';
  readonly device: string;
  /** Whose device it is; empty outside. */
  readonly aor: string;
  readonly target: Target;
  /** Call-ID of the new leg, as the push announced it; empty: the call makes one. */
  readonly callId: string;
};
/** Keeps the call open without a ringing fork, for `forMs` at most; `progress` is what the caller hears meanwhile (0: nothing). */
export type CallKeepOpen = To & { readonly type: 'call.keepOpen'; readonly forMs: number; readonly progress: 0 | 180 | 182 };
export type CallLetGo = To & { readonly type: 'call.letGo' };
/** Asks for the call; the first claim wins, the others hear `claim.lost`. */
export type CallClaim = To & { readonly type: 'call.claim' };
export type CallEnd = To & { readonly type: 'call.end'; readonly status: number; readonly reason: string };
/** Hunts for somebody else: what rings is given up, and these are rung, as `route.found` named them. */
export type CallDivert = To & {
  readonly type: 'call.divert';
  readonly callee: string;
  readonly why: DiversionReason;
  readonly rings: readonly Ring[];
  readonly wakeable: boolean;
  readonly accountPush: PushTarget;
  readonly forwarding: Forwarding;
};
/**
 * Rings one more callee of a call that is still for whom it was, as `route.found` named it; its sleeping devices are woken.
 * The author keeps the call open; it hears `hunt.idle` when nobody rings or wakes any more. Where the service has answered the
 * caller with media (`call.answer`), nobody need keep it open: `hunt.idle` then says that the caller is with the service again.
 */
export type CallRing = To & {
  readonly type: 'call.ring';
  readonly callee: string;
  readonly rings: readonly Ring[];
  readonly wakeable: boolean;
  readonly accountPush: PushTarget;
  /** Stands before the caller's name on that callee's devices; empty: nothing. */
  readonly label: string;
};
/** Gives up a callee that `call.ring` rang: its devices are cancelled, and not woken any more. */
export type CallDrop = To & { readonly type: 'call.drop'; readonly callee: string };
/**
 * Answers the caller ourselves; `caller.answered` says that it has acknowledged. Without media (RFC 3725 §4.3) its leg waits to
 * be joined to another call; with media it hears prompts and its digits are heard, or it gets 488 if it has neither PCMU nor PCMA,
 * and others may be rung for it (`call.ring`), whom it then talks to. Whoever is still alone after `forMs` hears BYE.
 */
export type CallAnswer = To & { readonly type: 'call.answer'; readonly forMs: number; readonly media?: boolean };
/**
 * Transfers the party of `leg`, one of a talk, to `callee`, a number or URI that the other party may call. `consult`: the other
 * party talks with the target first, and leaves with `call.completeTransfer` or by hanging up; `call.cancelTransfer` takes it back.
 * The author hears `transfer.progressed`.
 */
export type CallTransfer = To & {
  readonly type: 'call.transfer';
  readonly leg: Address;
  readonly callee: string;
  readonly consult: boolean;
};
export type CallCompleteTransfer = To & { readonly type: 'call.completeTransfer' };
export type CallCancelTransfer = To & { readonly type: 'call.cancelTransfer' };
/**
 * Connects the party of another call's leg, which is answered already, to the caller as one more fork: whoever of them all
 * answers first has the call. The author hears `join.won` or `join.lost`, once; and `join.undone` where the caller of a join that
 * was won is gone before its ACK.
 */
export type CallJoin = To & {
  readonly type: 'call.join';
  /** That leg. */
  readonly leg: Address;
  /** Address of record of its party. */
  readonly aor: string;
};
/** Has a ringing call picked up by a user of ours, whose phones ring with it too. Refused where the config says nothing of pickup. */
export type CallPickUp = To & { readonly type: 'call.pickUp'; readonly picker: string };
export type CallCommand =
  | CallRing
  | CallDrop
  | CallFork
  | CallKeepOpen
  | CallLetGo
  | CallClaim
  | CallEnd
  | CallDivert
  | CallAnswer
  | CallJoin
  | CallPickUp
  | CallTransfer
  | CallCompleteTransfer
  | CallCancelTransfer;

// To a registration.

/** Forgets a device, as an operator wants it; it is back when it registers again. Refused where there is no such device. */
export type BindingRemove = To & { readonly type: 'binding.remove'; readonly device: string };

// To a leg.

/** Tells the caller of progress: `fork` is the leg whose early dialog it is, empty for the call's own. */
export type LegProgress = To & {
  readonly type: 'leg.progress';
  readonly fork: Address;
  readonly status: number;
  readonly message: number;
};
export type LegAnswer = To & {
  readonly type: 'leg.answer';
  readonly fork: Address;
  readonly status: number;
  readonly message: number;
  /** The service itself answers, with media of its own. */
  readonly media?: boolean;
};
export type LegReject = To & {
  readonly type: 'leg.reject';
  readonly status: number;
  readonly reason: string;
  readonly message: number;
};
/** Sends the ACK that the callee's 2xx waits for; `message` is the caller's ACK, 0 for none. */
export type LegAcknowledge = To & { readonly type: 'leg.acknowledge'; readonly message: number };
export type LegCancel = To & { readonly type: 'leg.cancel'; readonly reason: CancelReason; readonly text: string };
/** Why a talk ends without anybody's BYE; each becomes a Reason header (RFC 3326). */
export type LapseReason = '' | 'expired' | 'silent' | 'unknown';
/** An end that somebody ordered, which its party hears of in a Reason header (RFC 3326); status 0: it hears of none. */
export interface OrderedEnd {
  readonly status: number;
  readonly reason: string;
}
/**
 * Ends the leg in whatever state it is; `message` is the other side's BYE, whose Reason is passed on, 0 for none; `lapse` or
 * `order` where there is none.
 */
export type LegHangUp = To & {
  readonly type: 'leg.hangUp';
  readonly message: number;
  readonly lapse?: LapseReason;
  readonly order?: OrderedEnd;
};
export type LegCommand = LegProgress | LegAnswer | LegReject | LegAcknowledge | LegCancel | LegHangUp;

// To the SIP port.

type ToSip<N extends string, A> = To<typeof PORT_SIP> & { readonly type: N; readonly leg: Address } & A;
export type SipInvite = ToSip<
  'sip.invite',
  {
    readonly call: Address;
    /** Address of record of the device's user; empty outside. */
    readonly aor: string;
    readonly device: string;
    readonly callId: string;
    readonly target: Target;
  }
>;
/** Answers the INVITE of a caller's leg; with a `message`, that message's headers and body are passed. */
export type SipRespond = ToSip<
  'sip.respond',
  {
    readonly fork: Address;
    readonly status: number;
    readonly reason: string;
    readonly message: number;
    /** The service itself answers, with media of its own; `media.refused` says that it cannot. */
    readonly media?: boolean;
  }
>;
export type SipCancel = ToSip<'sip.cancel', { readonly reason: CancelReason; readonly text: string }>;
export type SipAck = ToSip<'sip.ack', { readonly message: number }>;
export type SipBye = ToSip<
  'sip.bye',
  { readonly message: number; readonly lapse: LapseReason; readonly order: OrderedEnd | null }
>;
/** Ends a leg whose 2xx nobody wants: ACK (rejecting an offer in it) and BYE, which says why as a CANCEL would have. */
export type SipDiscard = ToSip<'sip.discard', { readonly reason: CancelReason; readonly text: string }>;
/** Passes a request that came on another leg on to this one. */
export type SipRelayRequest = ToSip<'sip.relayRequest', { readonly exchange: number }>;
/** Passes an answer back to where its request came from. */
export type SipRelayResponse = ToSip<'sip.relayResponse', { readonly exchange: number; readonly message: number }>;
export type SipRelayAck = ToSip<'sip.relayAck', { readonly exchange: number; readonly message: number }>;
/** Carries out a REFER of one party: places a call for the party of `leg`, the other one. */
export type SipTransfer = ToSip<'sip.transfer', { readonly exchange: number }>;
/** Transfers the party of `leg`, in the name of whom it talks to; `transfer.progressed` tells `case` of it. */
export type SipTransferParty = ToSip<
  'sip.transferParty',
  { readonly from: Address; readonly callee: string; readonly consult: boolean; readonly case: Address }
>;
/** Completes the consultation of the talk of that leg, or takes the transfer back. */
export type SipEndTransfer = ToSip<'sip.endTransfer', { readonly completes: boolean }>;
/** Answers a request inside a dialog ourselves. */
export type SipRefuseRequest = ToSip<
  'sip.refuseRequest',
  { readonly exchange: number; readonly status: number; readonly reason: string }
>;
/** Answers an offer, or a refresh, of a party whose media ends in the service itself. */
export type SipAnswerRequest = ToSip<'sip.answerRequest', { readonly exchange: number }>;
/** Asks where a URI leads; the answer is `route.found` or `route.failed` with the same `route`. */
export type SipRoute = To<typeof PORT_SIP> & {
  readonly type: 'sip.route';
  readonly call: Address;
  /** Number of the question, the author's own. */
  readonly route: number;
  readonly uri: string;
  /** Keys that were pressed, in the place of the URI's user part; a secret like all digits, should they be no number. */
  readonly digits?: string;
  /** The user whose permissions count: who diverts, redirects or transfers. (`by` is the engine’s: the author.) */
  readonly onBehalfOf: string;
};
/** Asks where the contacts of a device's redirection lead; answered as `sip.route` is, with all of them together. */
export type SipFollow = To<typeof PORT_SIP> & {
  readonly type: 'sip.follow';
  readonly call: Address;
  readonly route: number;
  /** The redirection, whose Contacts are followed. */
  readonly message: number;
  /** The user whose device it is, under whose permissions they are. */
  readonly onBehalfOf: string;
};
/**
 * Rings a user of ours and, once that one has lifted, calls somebody for him. Answered by `call.placed` or `place.failed`,
 * and then by `place.connected` or `place.failed`, with the author in `case`; `call.end` to the call that was placed ends it.
 */
export type CallPlace = To<typeof PORT_SIP> & {
  readonly type: 'call.place';
  /** Number of the order, the author's own. */
  readonly place: number;
  /** Address of record of the user whose phones ring, and under whose permissions the callee is called. */
  readonly caller: string;
  /** A URI, or what that user would dial. */
  readonly callee: string;
  /** What the caller's phones show beside the callee's address; empty: the callee's name, if one is configured. */
  readonly name: string;
  /** How long the caller's phones ring. */
  readonly ringMs: number;
};
/** Registers with a trunk, or refreshes that. */
export type SipRegister = To<typeof PORT_SIP> & { readonly type: 'sip.register'; readonly trunk: string };
export type RegisterAccept = To<typeof PORT_SIP> & {
  readonly type: 'register.accept';
  readonly exchange: number;
  readonly bindings: readonly Binding[];
};
export type RegisterRefuse = To<typeof PORT_SIP> & {
  readonly type: 'register.refuse';
  readonly exchange: number;
  readonly status: number;
  readonly reason: string;
};
/** Tells a watcher of a user's dialogs (RFC 4235); the last one ends the subscription (RFC 6665 §4.2.2). */
export type SipNotify = To<typeof PORT_SIP> & {
  readonly type: 'sip.notify';
  readonly subscription: Address;
  readonly version: number;
  /** All that there are, or those that changed. */
  readonly isFull: boolean;
  readonly dialogs: readonly WatchedDialog[];
  readonly isLast: boolean;
};
export type SipCommand =
  | SipNotify
  | SipInvite
  | SipRespond
  | SipCancel
  | SipAck
  | SipBye
  | SipDiscard
  | SipRelayRequest
  | SipRelayResponse
  | SipRelayAck
  | SipRefuseRequest
  | SipAnswerRequest
  | SipTransfer
  | SipTransferParty
  | SipEndTransfer
  | SipRoute
  | SipFollow
  | CallPlace
  | SipRegister
  | RegisterAccept
  | RegisterRefuse;

// To the push port.

export type PushSend = To<typeof PORT_PUSH> & {
  readonly type: 'push.send';
  readonly call: Address;
  readonly device: string;
  readonly aor: string;
  readonly push: PushTarget;
  readonly callId: string;
  readonly caller: string;
  readonly callerName: string;
  readonly ttlMs: number;
};
/** Takes an earlier push back: the device that was pushed shall stop waiting for a call. */
export type PushCancel = To<typeof PORT_PUSH> & {
  readonly type: 'push.cancel';
  readonly call: Address;
  readonly device: string;
  readonly aor: string;
  readonly push: PushTarget;
  readonly callId: string;
  readonly caller: string;
  readonly callerName: string;
  readonly reason: 'answered-elsewhere' | 'cancelled' | 'failed';
};
export type PushCommand = PushSend | PushCancel;

// To the HTTP port.

/** Asks a system that the config names; answered by `http.answered` or `http.failed` with the same `request`, unless its author ends first. */
export type HttpOrder = To<typeof PORT_HTTP> & {
  readonly type: 'http.request';
  /** A name under `http.targets` of the config, which has its URL and its credentials. */
  readonly target: string;
  /** Number of the request, the author's own. */
  readonly request: number;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the target's URL, percent-encoded; empty for that URL itself. No path leads out of it. */
  readonly path: string;
  /** Added to the query, encoded by the port: the place for what callers say. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly contentType: string;
  /** At most the target's own limit counts; 0: that one. */
  readonly timeoutMs: number;
};
/** Why there is no answer; `down`: the target gave none before, and is left alone for some seconds. */
export type HttpFailure = 'noTarget' | 'badPath' | 'busy' | 'down' | 'timeout' | 'unreachable' | 'tooLarge';
export type HttpCommand = HttpOrder;

// To the media port. `leg` names the party; its media has to come to us, else the command is refused. `order` numbers what its
// author hears of later.

type ToMedia<N extends string, A> = To<typeof PORT_MEDIA> & {
  readonly type: N;
  readonly call: Address;
  readonly leg: Address;
} & A;
/** Plays to a party, in the place of whom it talks to; what played before stops. Told of by `prompt.ended`, unless it repeats until it is stopped. */
export type MediaPlay = ToMedia<
  'media.play',
  {
    readonly order: number;
    readonly prompts: readonly Prompt[];
    /** A digit stops it. */
    readonly bargeIn: boolean;
    readonly repeat: boolean;
  }
>;
export type MediaStop = ToMedia<'media.stop', unknown>;
/** Collects digits that a party presses; told by `digits.collected`. One at a time a leg: a later order takes its place. */
export type MediaCollect = ToMedia<'media.collect', { readonly order: number; readonly form: DigitForm }>;
/** Collects a PIN and compares it with the one that the config has under that name; told by `pin.checked` alone. */
export type MediaCheckPin = ToMedia<
  'media.checkPin',
  { readonly order: number; readonly pin: string; readonly firstMs: number; readonly betweenMs: number }
>;
/** Waits for codes for as long as the leg and the author live; told by `code.pressed`. */
export type MediaListen = ToMedia<'media.listen', { readonly codes: readonly InCallCode[] }>;
/** Puts a party on hold: it hears `prompts` again and again, and nothing of the other one, who hears nothing of it. */
export type MediaHold = ToMedia<'media.hold', { readonly prompts: readonly Prompt[] }>;
export type MediaResume = ToMedia<'media.resume', unknown>;
/** Records both parties of the talk of that leg, or who is alone, to a file in `media.recordings` of the config. */
export type MediaRecord = ToMedia<'media.record', { readonly recording: string }>;
export type MediaStopRecording = ToMedia<'media.stopRecording', unknown>;
export type MediaCommand =
  | MediaPlay
  | MediaStop
  | MediaCollect
  | MediaCheckPin
  | MediaListen
  | MediaHold
  | MediaResume
  | MediaRecord
  | MediaStopRecording;

export type Command = CallCommand | BindingRemove | LegCommand | SipCommand | PushCommand | HttpCommand | MediaCommand;
/** Who takes each command: a scenario of the service, or a port. */
export const ADDRESSEE: Readonly<
  Record<
    Command['type'],
    'call' | 'leg' | 'registration' | typeof PORT_SIP | typeof PORT_PUSH | typeof PORT_HTTP | typeof PORT_MEDIA
  >
> = {
  'call.ring': 'call',
  'call.drop': 'call',
  'call.fork': 'call',
  'call.keepOpen': 'call',
  'call.letGo': 'call',
  'call.claim': 'call',
  'call.end': 'call',
  'call.place': 'port:sip',
  'call.divert': 'call',
  'call.answer': 'call',
  'call.join': 'call',
  'call.pickUp': 'call',
  'binding.remove': 'registration',
  'leg.progress': 'leg',
  'leg.answer': 'leg',
  'leg.reject': 'leg',
  'leg.acknowledge': 'leg',
  'leg.cancel': 'leg',
  'leg.hangUp': 'leg',
  'sip.invite': 'port:sip',
  'sip.respond': 'port:sip',
  'sip.cancel': 'port:sip',
  'sip.ack': 'port:sip',
  'sip.bye': 'port:sip',
  'sip.discard': 'port:sip',
  'sip.relayRequest': 'port:sip',
  'sip.relayResponse': 'port:sip',
  'sip.relayAck': 'port:sip',
  'sip.transfer': 'port:sip',
  'sip.transferParty': 'port:sip',
  'sip.endTransfer': 'port:sip',
  'sip.refuseRequest': 'port:sip',
  'sip.answerRequest': 'port:sip',
  'sip.route': 'port:sip',
  'sip.follow': 'port:sip',
  'sip.register': 'port:sip',
  'sip.notify': 'port:sip',
  'register.accept': 'port:sip',
  'register.refuse': 'port:sip',
  'push.send': 'port:push',
  'push.cancel': 'port:push',
  'http.request': 'port:http',
  'call.transfer': 'call',
  'call.completeTransfer': 'call',
  'call.cancelTransfer': 'call',
  'media.play': 'port:media',
  'media.stop': 'port:media',
  'media.collect': 'port:media',
  'media.checkPin': 'port:media',
  'media.listen': 'port:media',
  'media.hold': 'port:media',
  'media.resume': 'port:media',
  'media.record': 'port:media',
  'media.stopRecording': 'port:media',
};
/** A command as it arrives: stamped, its author in `by`. */
export type Taken<C extends Command> = C & Stamp;
