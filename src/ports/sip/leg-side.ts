import type { SipRespond } from '../../../machines/vocabulary/commands.ts';
import type { Address } from '../../../machines/vocabulary/identity.ts';
import type { Attended, MediaBridge } from '../../media/media.ts';
import type { Dialog } from '../../sip/dialog.ts';
import type { NameAddr, SipMessage, SipRequest, SipResponse } from '../../sip/message.ts';
import type { Rack } from '../../sip/reliable.ts';
import type { Timer } from '../../timers.ts';
import type { ClientTransaction, ServerTransaction } from '../../transaction/transaction.ts';
import type { Flow } from '../../transport/transport.ts';
import type { Trunk } from './trunks.ts';

const NOBODY = { aor: '', device: '', user: '', winner: '', server: undefined, client: undefined };

/** A leg's side at its birth; what is not given is not there yet. */
export const newSide = (
  given: Pick<LegSide, 'address' | 'call' | 'isCaller' | 'contact' | 'invite' | 'flow'> &
    Partial<Pick<LegSide, 'aor' | 'device' | 'user' | 'isHidden' | 'server' | 'breadth' | 'placed'>>,
): LegSide => ({
  ...NOBODY,
  early: new Map(),
  dialog: undefined,
  ack: undefined,
  answer: undefined,
  isReleased: false,
  byeAgain: undefined,
  breadth: 0,
  isHidden: false,
  reason: '',
  isClosed: false,
  exchanges: [],
  asked: new Set(),
  givenUp: undefined,
  strays: undefined,
  reliable: undefined,
  held: undefined,
  watched: undefined,
  passed: 0,
  trunk: undefined,
  heir: undefined,
  inheritsFrom: undefined,
  isMoved: false,
  standIn: undefined,
  placed: undefined,
  adoption: undefined,
  isReferred: false,
  lastWord: '',
  referrals: 0,
  isNatted: undefined,
  bridge: undefined,
  former: undefined,
  attended: undefined,
  turns: undefined,
  ...given,
});

/** The SIP that the port keeps for one leg, from its INVITE until its actor ends. */
export interface LegSide {
  readonly address: Address;
  readonly call: Address;
  readonly isCaller: boolean;
  /** Our Contact on this leg; its user part is the leg's alone. */
  contact: readonly NameAddr[];
  /** The caller's INVITE as it came, or ours as it was made for the server that was tried last. */
  invite: SipRequest;
  /** Whom it rings, or who calls; and the device, empty if no registered one is known. */
  readonly aor: string;
  readonly device: string;
  /** The trunk through which its party is reached, whose line it takes. */
  trunk: Trunk | undefined;
  /** Whose permissions count when its party transfers or is replaced: address of record of a user of ours, or empty. */
  readonly user: string;
  /** Its party called and asked not to be shown (RFC 3323), in this call or in the one that its dialog comes from. */
  readonly isHidden: boolean;
  /** On the caller's side, the fork that its 2xx came from. */
  winner: Address;
  /** Where its requests go: at first where the INVITE came from or went, then where its party was heard last; of a fork whose INVITE has not left yet, where the caller is. */
  flow: Flow;
  /** The caller's INVITE, until it is answered and acknowledged. */
  server: ServerTransaction | undefined;
  /** A fork's INVITE. */
  client: Pick<ClientTransaction, 'cancel'> | undefined;
  /** Early dialogs: on the caller's side by `earlyKey` of what stands behind them, on a fork's by the remote tag. */
  readonly early: Map<string, Dialog>;
  /** The dialog that a 2xx confirmed. */
  dialog: Dialog | undefined;
  /** Our ACK to a fork's 2xx, for its repetitions. */
  ack: SipRequest | undefined;
  /** The answer that confirmed it, while an offer in it may still have to be refused. */
  answer: SipMessage | undefined;
  /** ACKs to 2xx of other tags, which were given up at once; by tag, for their repetitions. */
  strays: Map<string, SipRequest> | undefined;
  /** Reliable provisionals to its party that wait for their PRACK, or for their turn. */
  reliable: Reliable[] | undefined;
  /** The caller's 2xx, which a reliable provisional with a session description still keeps back (RFC 3262 §3). */
  held: SipRespond | undefined;
  /** How it is known that its party is still there. */
  watched: Watched | undefined;
  /** Handle of the latest provisional that was passed to the caller; the same again is its repetition. */
  passed: number;
  /** The leg of another call that is to have its dialog, or has it (`takeover.ts`). */
  heir: LegSide | undefined;
  /** The leg of another call whose dialog it is to have. */
  inheritsFrom: LegSide | undefined;
  /** Its dialog goes on in its heir. */
  isMoved: boolean;
  /** On the caller's side of a call that we placed for somebody: what stands for the INVITE's answers. */
  standIn: StandIn | undefined;
  /** On the caller's side of a call that rings its own caller: nobody is there on the wire (`placing.ts`). */
  readonly placed: Placed | undefined;
  /** A fork's try to take a dialog over. */
  adoption: Adoption | undefined;
  /** A REFER that passed on to the other party named its dialog, so that a stranger may replace it. */
  isReferred: boolean;
  /** Reason of our BYE where nobody gives one (RFC 3326); empty: none. */
  lastWord: string;
  /** REFERs of its party that were accepted. */
  referrals: number;
  /** Its party names an address that its packets do not come from; `undefined`: nobody has looked. */
  isNatted: boolean | undefined;
  /** On a fork, the media of the caller and it (`anchoring.ts`); `undefined`: passes from one to the other. */
  bridge: MediaBridge | undefined;
  /** Of a dialog that came from another call, the bridge there, until the party is joined here. */
  former: MediaBridge | undefined;
  /** On the caller's side, the service that talks to it. */
  attended: Attended | undefined;
  /** What its party says while an earlier description of it is still being made. */
  turns: Turns | undefined;
  /** A BYE went out or came in, so nothing is owed to the party any more. */
  isReleased: boolean;
  /** Says BYE again: ours could reach nobody. */
  byeAgain: (() => void) | undefined;
  isClosed: boolean;
  /** On the caller's side what is left of its Max-Breadth, on a fork's what it was given of it. */
  breadth: number;
  /** The Reason header that its party sent last (RFC 3326). */
  reason: string;
  /** Requests of its party that still wait for their answer or ACK. */
  readonly exchanges: Exchange[];
  /** Requests of others that its party was asked. */
  readonly asked: Set<Exchange>;
  /** The latest request that its party was asked and that was given up for want of an answer, which may still come. */
  givenUp: GivenUp | undefined;
}

/** Such a request, as it was sent last, and our ACK if it was answered too late. */
export interface GivenUp {
  readonly sent: SipRequest;
  readonly dialog: Dialog;
  ack: SipRequest | undefined;
}

/** The watch over one party: the session interval, or 0 and how many questions it left open. */
export interface Watched {
  readonly seconds: number;
  unanswered: number;
  timer: Timer | undefined;
}

/** What waits while a description of one party is being made. */
export interface Turns {
  readonly waiting: (() => void)[];
  isBusy: boolean;
  limit: Timer | undefined;
}

/** One relayed request: where it came from, where it went, and what is still owed. */
export interface Exchange {
  readonly id: number;
  readonly from: LegSide;
  readonly fromDialog: Dialog;
  /** On the caller's side, the remote tag of the fork's early dialog behind it. */
  readonly tag: string;
  /** RAck for the other side; empty if it is no PRACK, or one that ends here. */
  readonly rack: string;
  readonly server: ServerTransaction;
  /** As the other party is to be told it. */
  request: SipRequest;
  /** Its session description is not known yet as the other party is to be told it. */
  isWaiting: boolean;
  to: LegSide | undefined;
  toDialog: Dialog | undefined;
  client: Pick<ClientTransaction, 'cancel'> | undefined;
  /** Gives the other side up that says nothing final to a re-INVITE. */
  limit: Timer | undefined;
  /** The request as it went to the other side last, whose CSeq and credentials its ACK carries. */
  sent: SipRequest | undefined;
  ack: SipRequest | undefined;
  /** Who asked has acknowledged its 2xx; its ACK may still be on its way through us. */
  isAcknowledged: boolean;
  /** The latest answer passed back, while an offer in it may still have to be refused. */
  answer: SipResponse | undefined;
  /** Its offer is open on both dialogs. */
  offers: boolean;
}

/** What a reliable answer is made of. */
export interface Answering {
  /** The INVITE it answers. */
  readonly server: ServerTransaction;
  readonly dialog: Dialog;
  /** The answer, but for its RSeq. */
  readonly response: SipResponse;
  /** The leg whose answer it passes on, and what a PRACK there acknowledges; `undefined`: it is our own. */
  readonly behind: { readonly leg: LegSide; readonly rack: Rack } | undefined;
  /** No PRACK came within 64*T1. */
  readonly missed: () => void;
}

/** A reliable answer that waits for its PRACK, or, without RSeq, for its turn. */
export interface Reliable extends Answering {
  readonly describes: boolean;
  rseq: number;
  sent: SipResponse;
  /** Its leg has ended since, so that its PRACK is ours to answer. */
  isOrphan: boolean;
  timer: Timer | undefined;
  intervalMs: number;
  endsMs: number;
}

/** A re-INVITE of our own, as its leg keeps it. */
interface Rejoining {
  cancel(headers?: ReadonlyMap<string, readonly string[]>): void;
  acknowledge(answer?: string): SipRequest;
}

/** A fork's try to take over the dialog of another call's leg (`adoption.ts`). */
export interface Adoption {
  readonly old: LegSide;
  readonly reInvite: Rejoining;
  /** What the party was told of the session before, so that it can be told so again. */
  readonly before: string;
  /** The 2xx makes an offer, which the ACK has to answer. */
  readonly isOffered: boolean;
  /** Its party said 2xx and waits for the ACK. */
  isAnswered: boolean;
  /** That 2xx, as it came. */
  answer: SipResponse | undefined;
}

/** What stands in a caller's place where nobody called. */
export interface Placed {
  /** Hears what would be the answers to the INVITE. */
  respond(command: SipRespond): string | undefined;
  /** The leg shall end, or is gone. */
  withdraw(): void;
}

/** What a caller's leg has that stands for a party of another call (`stand-in.ts`). */
export interface StandIn {
  /** Hears what the answers to the INVITE would be. */
  readonly referral: { tell(status: number, reason?: string): void };
  /** The leg whose party it stands for. */
  readonly old: LegSide;
  /** What that party was told of the session before. */
  readonly before: string;
  /** Offers the answer's session to the party. */
  reInvite: Rejoining | undefined;
  isAnswered: boolean;
}
