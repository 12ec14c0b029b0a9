import { SIXTY_FOUR_T1_MS } from '../../../machines/vocabulary/time.ts';
import type { Endpoint, TransportName } from '../../transport/transport.ts';
import { longName, type PhoneMessage, paramOf, readMessage, splitList, viaOf } from '../phone-message.ts';

/** One SIP message as it passed the service's door, read by the phones' parser. */
export interface Sighting {
  readonly atMs: number;
  /** It came to the service; else it left. */
  readonly isIn: boolean;
  readonly transport: TransportName;
  readonly peer: Endpoint;
  /** A request's method, or that of the request which a response answers. */
  readonly method: string;
  /** 0: a request. */
  readonly status: number;
  readonly uri: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly fromTag: string;
  readonly toTag: string;
  readonly cseq: number;
  /** Sent-by and branch of the topmost Via: the transaction. */
  readonly branch: string;
  readonly userAgent: string;
  readonly contacts: readonly string[];
  readonly message: PhoneMessage;
  readonly text: string;
}

/** Where and when a message passed. */
export type Door = Pick<Sighting, 'atMs' | 'isIn' | 'transport' | 'peer'>;

const CSEQ = /^(\d{1,10})\s+(\S+)$/;
const NO_CONTACTS: readonly string[] = [];

const WANTED: ReadonlySet<string> = new Set(['call-id', 'from', 'to', 'cseq', 'via', 'user-agent']);

/** What is wanted of a message's headers, looked at once. */
function headersOf({ headers }: PhoneMessage): { first(name: string): string; readonly contacts: readonly string[] } {
  const found = new Map<string, string>();
  let contacts = NO_CONTACTS;
  for (const [name, value] of headers) {
    const long = longName(name);
    if (long === 'contact') contacts = [...contacts, ...splitList(value)];
    else if (WANTED.has(long) && !found.has(long)) found.set(long, value);
  }
  return { first: (name) => found.get(name) ?? '', contacts };
}

/** What a message says of itself; undefined where it is no SIP message, or one without the headers that name its transaction. */
export function sightingOf(text: string, door: Door): Sighting | undefined {
  // RFC 3261 §7.5: empty lines before a message are passed over.
  const { message } = readMessage(text.startsWith('\r') ? text.replace(/^[\r\n]+/, '') : text, false);
  if (message === undefined) return undefined;
  const { first, contacts } = headersOf(message);
  const [callId, from, to, via] = [first('call-id'), first('from'), first('to'), first('via')];
  const [, cseq = '', method = ''] = CSEQ.exec(first('cseq')) ?? [];
  const { sentBy, branch } = viaOf(via.includes(',') ? (splitList(via)[0] ?? '') : via);
  if (callId === '' || method === '' || sentBy === '') return undefined;
  return {
    ...door,
    method: message.method === '' ? method : message.method,
    status: message.status,
    uri: message.uri,
    callId,
    from,
    to,
    fromTag: paramOf(from, 'tag') ?? '',
    toTag: paramOf(to, 'tag') ?? '',
    cseq: Number(cseq),
    branch: `${sentBy} ${branch}`,
    userAgent: first('user-agent'),
    contacts,
    message,
    text,
  };
}

/** Both tags of a dialog in one order, whoever speaks, after its Call-ID. */
export const dialogOf = ({ callId, fromTag, toTag }: Pick<Sighting, 'callId' | 'fromTag' | 'toTag'>): string =>
  fromTag < toTag ? `${callId} ${fromTag} ${toTag}` : `${callId} ${toTag} ${fromTag}`;

/** What is known of an INVITE of ours: when it left, and whether anything came. */
export interface Invited {
  readonly invitedMs: number;
  readonly hasProvisional: boolean;
  /** When its CANCEL left; infinity: it has none. */
  readonly cancelledMs: number;
}

/** RFC 3261 §17.1.1.2, §9.1: 64*T1 without an answer, or after the CANCEL, the transaction is gone, and a 2xx is nobody's. */
export const isForgotten = ({ invitedMs, hasProvisional, cancelledMs }: Invited, atMs: number): boolean =>
  atMs > cancelledMs + SIXTY_FOUR_T1_MS || (!hasProvisional && atMs > invitedMs + SIXTY_FOUR_T1_MS);

/** A BYE of ours, or one that we took: one that is refused ends nothing. */
export const endsDialog = ({ method, isIn, status }: Sighting): boolean =>
  method === 'BYE' && !isIn && (status === 0 || (status >= 200 && status < 300));
