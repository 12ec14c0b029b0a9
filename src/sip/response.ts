import type { SipRequest, SipResponse } from './message.ts';
import { copiedParams } from './params.ts';

const PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  181: 'Call Is Being Forwarded',
  182: 'Queued',
  183: 'Session Progress',
  199: 'Early Dialog Terminated',
  200: 'OK',
  202: 'Accepted',
  204: 'No Notification',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  305: 'Use Proxy',
  380: 'Alternative Service',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  412: 'Conditional Request Failed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  421: 'Extension Required',
  422: 'Session Interval Too Small',
  423: 'Interval Too Brief',
  429: 'Provide Referrer Identity',
  430: 'Flow Failed',
  433: 'Anonymity Disallowed',
  437: 'Unsupported Credential',
  438: 'Invalid Identity Header',
  439: 'First Hop Lacks Outbound Support',
  440: 'Max-Breadth Exceeded',
  469: 'Bad Info Package',
  470: 'Consent Needed',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  485: 'Ambiguous',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  489: 'Bad Event',
  491: 'Request Pending',
  493: 'Undecipherable',
  494: 'Security Agreement Required',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  555: 'Push Notification Service Not Supported',
  580: 'Precondition Failure',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
  607: 'Unwanted',
  608: 'Rejected',
};
const OF_CLASS = ['', 'Progress', 'OK', 'Redirection', 'Request Failure', 'Server Failure', 'Global Failure'];

/** The reason phrase that goes with a status; one of its class for statuses nobody registered. */
export const reasonPhrase = (status: number): string => PHRASES[status] ?? OF_CLASS[Math.floor(status / 100)] ?? 'Unknown';

/** What a response has beyond that which every response copies from its request. */
export type ResponseExtra = Partial<Pick<SipResponse, 'contact' | 'recordRoute' | 'headers' | 'body'>>;

const NO_LINES: ReadonlyMap<string, readonly string[]> = new Map();

/**
 * The response to a request: Via, From, To, Call-ID and CSeq are its own, and `toTag` marks our side of the dialog
 * unless the request names one already (RFC 3261 §8.2.6.2). A 100 carries the request's Timestamp (§8.2.6.1) and no tag.
 */
export function responseTo(
  request: SipRequest,
  status: number,
  reason?: string,
  toTag?: string,
  extra: ResponseExtra = {},
): SipResponse {
  const timestamp = status === 100 ? request.headers.get('timestamp') : undefined;
  const headers = extra.headers ?? NO_LINES;
  return {
    kind: 'response',
    status,
    reason: reason ?? reasonPhrase(status),
    via: request.via,
    from: request.from,
    to: toTag === undefined || request.to.params.tag !== undefined ? request.to : tagged(request.to, toTag),
    callId: request.callId,
    cseq: request.cseq,
    contact: extra.contact ?? [],
    route: [],
    recordRoute: extra.recordRoute ?? [],
    headers: timestamp === undefined ? headers : new Map(headers).set('timestamp', timestamp),
    body: extra.body ?? '',
  };
}

function tagged({ name, uri, params }: SipRequest['to'], tag: string): SipRequest['to'] {
  const withTag = copiedParams(params);
  withTag.tag = tag;
  return { name, uri, params: withTag };
}
