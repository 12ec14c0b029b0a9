import type { NameAddr, SipMessage, SipRequest, SipResponse } from './message.ts';
import { copiedParams, NO_PARAMS } from './params.ts';
import { parseUri } from './uri.ts';

/** Whose offer waits for an answer (RFC 3264 §4). */
export type OpenOffer = 'none' | 'ours' | 'theirs';

/** One dialog from our side (RFC 3261 §12): plain, owned by one leg, changed only by the functions below. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** Empty for peers of RFC 2543, who have none. */
  readonly remoteTag: string;
  /** The From of our requests, with our tag. */
  readonly local: NameAddr;
  /** The To of our requests, with their tag. */
  readonly remote: NameAddr;
  state: 'early' | 'confirmed';
  /** Remote target: the Request-URI of our requests. */
  target: string;
  /** Route set in the order in which our requests take it. */
  routes: readonly NameAddr[];
  /** CSeq of our latest request; 0 before the first. */
  localSeq: number;
  /** CSeq of their latest request; `undefined` before the first. */
  remoteSeq: number | undefined;
  offer: OpenOffer;
  /** An offer was answered in it: from then on a session description in an answer to INVITE repeats and offers nothing. */
  hasSession: boolean;
  /** The peer's latest reliable provisional: its RSeq, and the CSeq of the INVITE it answers (RFC 3262 §4). */
  taken: { readonly seq: number; readonly rseq: number } | undefined;
  /** RSeq of our latest reliable provisional; 0 before the first (RFC 3262 §3). */
  rseq: number;
  /** We made its Call-ID, so that we are the one who waits longer after a glare (RFC 3261 §14.1). */
  readonly ownsCallId: boolean;
  /** The session description that the peer was sent last; empty before the first. */
  sent: string;
  /** The m-lines that passed last, once its session is continued by us (`sdp-session.ts`); `undefined`: bodies pass as they come. */
  lines: readonly string[] | undefined;
}

/** What a dialog has at its birth, apart from who is in it. */
const NEWBORN = { offer: 'none', hasSession: false, taken: undefined, rseq: 0, sent: '', lines: undefined } as const;

/**
 * A session description of the initial offer and answer passes in the dialog: the first is the offer, the other side's
 * the answer (RFC 3264 §4); what comes after it in answers to INVITE repeats it (RFC 6337 §3.1.1).
 */
export function takeDescription(dialog: Dialog, by: 'ours' | 'theirs'): void {
  if (dialog.offer === 'none') {
    if (!dialog.hasSession) dialog.offer = by;
  } else if (dialog.offer !== by) endOffer(dialog);
}

/** The offer that was open in the dialog is answered, or over. */
export function endOffer(dialog: Dialog): void {
  dialog.offer = 'none';
  dialog.hasSession = true;
}

function withTag({ name, uri, params }: NameAddr, tag: string): NameAddr {
  const tagged = copiedParams(params);
  tagged.tag = tag;
  return { name, uri, params: tagged };
}
const tagOf = (address: NameAddr): string => address.params.tag ?? '';

/** The URI of a message's one Contact. */
function contactUri(message: SipMessage): string | undefined {
  return message.contact === '*' ? undefined : message.contact[0]?.uri;
}

/** The dialog that our answer with `localTag` to this request makes (RFC 3261 §12.1.1); `undefined` without Contact. */
export function dialogFromRequest(request: SipRequest, localTag: string, state: Dialog['state'] = 'early'): Dialog | undefined {
  const target = contactUri(request);
  if (target === undefined) return undefined;
  return {
    callId: request.callId,
    localTag,
    remoteTag: tagOf(request.from),
    local: withTag(request.to, localTag),
    remote: request.from,
    state,
    target,
    routes: request.recordRoute,
    localSeq: 0,
    remoteSeq: request.cseq.seq,
    ownsCallId: false,
    ...NEWBORN,
  };
}

/**
 * The dialog that this response to our request makes (RFC 3261 §12.1.2); `undefined` for 100, for a provisional without
 * To-tag and for failures. A 2xx without To-tag, as peers of RFC 2543 send it, has the empty tag. Without Contact, which
 * some peers forget, the target stays the Request-URI.
 */
export function dialogFromResponse(request: SipRequest, response: SipResponse): Dialog | undefined {
  const { status } = response;
  if (status <= 100 || status >= 300 || (status < 200 && response.to.params.tag === undefined)) return undefined;
  return {
    callId: request.callId,
    localTag: tagOf(request.from),
    remoteTag: tagOf(response.to),
    local: request.from,
    remote: response.to,
    state: status >= 200 ? 'confirmed' : 'early',
    target: contactUri(response) ?? request.uri,
    routes: response.recordRoute.toReversed(),
    localSeq: request.cseq.seq,
    remoteSeq: undefined,
    ownsCallId: true,
    ...NEWBORN,
  };
}

/** Whether a message belongs to this dialog, received from its peer (RFC 3261 §12.2.2). */
export function isIn(dialog: Dialog, message: SipMessage): boolean {
  const [ours, theirs] = message.kind === 'request' ? [message.to, message.from] : [message.from, message.to];
  return dialog.callId === message.callId && dialog.localTag === tagOf(ours) && dialog.remoteTag === tagOf(theirs);
}

/** Methods whose Contact becomes the remote target (RFC 3261 §12.2, RFC 3311 §5.1, RFC 6665 §3.1, RFC 3515 §2.4). */
const REFRESHES_TARGET = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

function refreshTarget(dialog: Dialog, message: SipMessage): void {
  if (REFRESHES_TARGET.has(message.cseq.method)) dialog.target = contactUri(message) ?? dialog.target;
}

/**
 * Takes our request's response into the dialog: a 2xx refreshes the target, and the first 2xx to INVITE confirms an
 * early dialog and sets its route set anew (RFC 3261 §12.2.1.2, §13.2.2.4).
 */
export function takeResponse(dialog: Dialog, response: SipResponse): void {
  if (response.status < 200 || response.status >= 300) return;
  refreshTarget(dialog, response);
  if (dialog.state === 'confirmed' || response.cseq.method !== 'INVITE') return;
  dialog.state = 'confirmed';
  dialog.routes = response.recordRoute.toReversed();
}

/** Why a request of the peer is refused. */
export interface Refusal {
  readonly status: 491 | 500;
  readonly retryAfterSeconds: number | undefined;
}

/**
 * Takes the peer's request into the dialog, refreshing CSeq and target; a request out of order is refused with 500 and
 * changes nothing (RFC 3261 §12.2.2). ACK and CANCEL carry the number of their INVITE and are never out of order.
 */
export function takeRequest(dialog: Dialog, request: SipRequest): Refusal | undefined {
  if (request.method === 'ACK' || request.method === 'CANCEL') return undefined;
  if (dialog.remoteSeq !== undefined && request.cseq.seq < dialog.remoteSeq) return { status: 500, retryAfterSeconds: undefined };
  dialog.remoteSeq = request.cseq.seq;
  refreshTarget(dialog, request);
  return undefined;
}

/** What a request of ours has beyond that which the dialog gives it. */
export interface RequestExtra extends Partial<Pick<SipRequest, 'contact' | 'headers' | 'body'>> {
  /** CSeq of the INVITE that an ACK acknowledges; other requests take the dialog's next one. */
  readonly seq?: number;
}

const MAX_FORWARDS: readonly string[] = ['70'];
const ONLY_MAX_FORWARDS: ReadonlyMap<string, readonly string[]> = new Map([['max-forwards', MAX_FORWARDS]]);

/** Whether the first hop is a loose router, as all since 2002 are (RFC 3261 §12.2.1.1). */
const isLoose = (route: NameAddr): boolean => parseUri(route.uri)?.params.lr !== undefined;

/**
 * A request inside the dialog (RFC 3261 §12.2.1.1), its Via left to the transaction layer. Takes the next CSeq, but for
 * ACK, which throws without `seq`. Max-Forwards is 70 if `headers` say nothing.
 */
export function requestIn(dialog: Dialog, method: string, extra: RequestExtra = {}): SipRequest {
  if (method === 'ACK' && extra.seq === undefined) throw new Error('an ACK carries the CSeq of its INVITE');
  if (extra.seq === undefined) dialog.localSeq++;
  const [first, ...others] = dialog.routes;
  const strict = first !== undefined && !isLoose(first);
  const { headers } = extra;
  return {
    kind: 'request',
    method,
    uri: strict ? first.uri : dialog.target,
    via: [],
    from: dialog.local,
    to: dialog.remote,
    callId: dialog.callId,
    cseq: { seq: extra.seq ?? dialog.localSeq, method },
    contact: extra.contact ?? [],
    route: strict ? [...others, { name: '', uri: dialog.target, params: NO_PARAMS }] : dialog.routes,
    recordRoute: [],
    headers: headers === undefined ? ONLY_MAX_FORWARDS : withMaxForwards(headers),
    body: extra.body ?? '',
  };
}
const withMaxForwards = (headers: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> =>
  headers.has('max-forwards') ? headers : new Map(headers).set('max-forwards', MAX_FORWARDS);

const MAX_RETRY_AFTER_SECONDS = 10;

/**
 * Why an offer of the peer cannot be taken now: 491 while ours is open, 500 with a random Retry-After of 0 to 10 s while
 * its own earlier one is (RFC 3261 §14.2, RFC 3311 §5.2). An INVITE counts as an offer even without SDP.
 */
export function glare(dialog: Dialog, fraction: number): Refusal | undefined {
  if (dialog.offer === 'none') return undefined;
  if (dialog.offer === 'ours') return { status: 491, retryAfterSeconds: undefined };
  return { status: 500, retryAfterSeconds: Math.floor(fraction * (MAX_RETRY_AFTER_SECONDS + 1)) };
}

/** How long to wait after a 491 before offering again: the side that made the Call-ID yields (RFC 3261 §14.1). */
export function glareDelayMs(ownsCallId: boolean, fraction: number): number {
  const [lowest, highest] = ownsCallId ? [2_100, 4_000] : [0, 2_000];
  // In units of 10 ms.
  return lowest + Math.floor((fraction * (highest - lowest + 10)) / 10) * 10;
}
