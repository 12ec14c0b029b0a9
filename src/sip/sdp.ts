/** The o= line of a session description (RFC 4566 §5.2). */
export interface Origin {
  readonly username: string;
  readonly sessionId: string;
  /** Digits; they may exceed what a number holds. */
  readonly version: string;
  readonly addressType: 'IP4' | 'IP6';
  readonly address: string;
}

const MAX_MEDIA = 64;

const isType = (contentType: string | undefined, type: string): boolean =>
  contentType !== undefined && contentType.split(';', 1)[0]?.trim().toLowerCase() === type;

const lines = (text: string): string[] => text.split(/\r\n|\n|\r/);

const PART_HEAD = /^content-type[ \t]*:[ \t]*application\/sdp[ \t]*(?:;|$)/i;

/** The session description inside a multipart body: what stands behind the head of its first part of that type (RFC 5621). */
function sdpPart(body: string, contentType: string): string | undefined {
  const boundary = /;[ \t]*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) return undefined;
  for (const part of body.split(`--${mark}`, MAX_MEDIA)) {
    const end = part.indexOf('\r\n\r\n');
    if (end !== -1 && lines(part.slice(0, end)).some((line) => PART_HEAD.test(line))) return part.slice(end + 4);
  }
  return undefined;
}

/** The session description that a body is or, as a multipart, holds; `undefined` if there is none. */
export function sdpIn(body: string, contentType: string | undefined): string | undefined {
  if (body === '' || contentType === undefined) return undefined;
  if (isType(contentType, 'application/sdp')) return body;
  return /^[ \t]*multipart\//i.test(contentType) ? sdpPart(body, contentType) : undefined;
}

/** Whether a body carries a session description; whether that is an offer or an answer, its message says (RFC 3264 §4). */
export const hasOffer = (body: string, contentType: string | undefined): boolean => sdpIn(body, contentType) !== undefined;

const ORIGIN = /^o=(\S+) (\d+) (\d+) IN (IP[46]) (\S+)$/;

/** The o= line of a session description, if it has a readable one. */
export function originOf(sdp: string): Origin | undefined {
  const line = lines(sdp).find((candidate) => candidate.startsWith('o='));
  const found = line === undefined ? null : ORIGIN.exec(line.trimEnd());
  if (found === null) return undefined;
  const [, username = '', sessionId = '', version = '', addressType, address = ''] = found;
  return { username, sessionId, version, addressType: addressType === 'IP6' ? 'IP6' : 'IP4', address };
}

/** Writes an o= line, without its end. */
export const formatOrigin = (origin: Origin): string =>
  `o=${origin.username} ${origin.sessionId} ${origin.version} IN ${origin.addressType} ${origin.address}`;

/** One m-line with its port set to 0, which refuses it (RFC 3264 §6). */
const refused = (media: string): string => media.replace(/^(m=\S+) \S+/, '$1 0');

/**
 * The answer that refuses every m-line of an offer, under our own o= (RFC 3264 §6): for the ACK to a 2xx that lost and
 * carried an offer (RFC 3261 §13.2.2.4). Times are the offer's.
 */
export function rejectAll(offer: string, origin: Origin): string {
  const all = lines(offer);
  const times = all.filter((line) => line.startsWith('t=')).slice(0, 1);
  const media = all.filter((line) => line.startsWith('m=')).slice(0, MAX_MEDIA);
  const head = ['v=0', formatOrigin(origin), 's=-', `c=IN ${origin.addressType} ${origin.address}`];
  return `${[...head, ...(times.length === 0 ? ['t=0 0'] : times), ...media.map(refused)].join('\r\n')}\r\n`;
}
