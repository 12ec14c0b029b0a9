/** What the headers of session timers say, and what we make of them on the way between two parties (RFC 4028 §8). */
import { header, integerHeader, tokens } from '../../sip/headers.ts';
import type { SipMessage, SipRequest } from '../../sip/message.ts';
import { supports } from '../../sip/reliable.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { SipSettings } from './settings.ts';

const TIMER = 'timer';
const EXPIRES = 'session-expires';
const MIN_SE = 'min-se';

type Bounds = Pick<SipSettings, 'sessionExpiresSeconds' | 'minSessionExpiresSeconds'>;
type Headers = Map<string, readonly string[]>;

/** Requests that set up or refresh a session (RFC 4028 §3). */
export const isRefresh = ({ method }: SipRequest): boolean => method === 'INVITE' || method === 'UPDATE';

/** Why a session interval cannot be taken. One that a party without timers was given is raised instead (RFC 4028 §8.1). */
export function flawOfInterval(settings: Bounds, request: SipRequest): Refusal | undefined {
  if (!request.headers.has(EXPIRES)) return undefined;
  const seconds = integerHeader(request, EXPIRES);
  if (seconds === undefined) return refusal(400, 'Session-Expires Is No Number Of Seconds');
  const min = settings.minSessionExpiresSeconds;
  return seconds < min && supports(request, TIMER) ? refusal(422, '', { [MIN_SE]: String(min) }) : undefined;
}

interface Asked {
  /** 0: no session timer is asked for. */
  readonly seconds: number;
  readonly minSeconds: number;
}

/** RFC 4028 §8.1: what goes on to the other side; inserted where nothing was asked, raised where it is too small. */
function asked({ sessionExpiresSeconds, minSessionExpiresSeconds }: Bounds, request: SipRequest): Asked {
  const said = integerHeader(request, EXPIRES);
  const minSeconds = integerHeader(request, MIN_SE) ?? 0;
  if (said === undefined)
    return { seconds: sessionExpiresSeconds === 0 ? 0 : Math.max(sessionExpiresSeconds, minSeconds), minSeconds };
  if (said >= minSessionExpiresSeconds || supports(request, TIMER)) return { seconds: Math.max(said, minSeconds), minSeconds };
  const raised = Math.max(minSeconds, minSessionExpiresSeconds);
  return { seconds: raised, minSeconds: raised };
}

/** Writes what a request asks of the other side; `headers` is changed. */
export function askInterval(settings: Bounds, request: SipRequest, headers: Headers): void {
  const { seconds, minSeconds } = asked(settings, request);
  const said = header(request, EXPIRES);
  if (seconds === 0 || (said !== undefined && integerHeader(request, EXPIRES) === seconds)) return;
  // The refresher, if one was named, is not ours to change.
  headers.set(EXPIRES, [said === undefined ? String(seconds) : said.replace(/^\d+/, String(seconds))]);
  if (!supports(request, TIMER) && minSeconds > 0) headers.set(MIN_SE, [String(minSeconds)]);
}

/** What was agreed on: nothing, or an interval and who refreshes. */
export interface Agreed {
  readonly seconds: number;
  readonly refresher: 'uac' | 'uas';
}

const NOTHING: Agreed = { seconds: 0, refresher: 'uac' };
/** A day; more is as good as never, and no number of strangers. */
const MAX_SECONDS = 86_400;
/** RFC 4028 §4: no party refreshes more often. */
const LEAST_SECONDS = 90;
const clamped = (seconds: number): number => Math.min(Math.max(seconds, LEAST_SECONDS), MAX_SECONDS);

/** The interval that a message names; 0: none. */
export function intervalIn(message: SipMessage): number {
  const seconds = integerHeader(message, EXPIRES);
  return seconds === undefined || seconds === 0 ? 0 : clamped(seconds);
}

/**
 * What an INVITE of our own asks for: its party refreshes, since a dialog that changes its other side has nobody else to
 * do so yet. Nothing where session timers are off.
 */
export function ownInterval({ sessionExpiresSeconds }: Bounds, minSeconds = 0): Headers {
  if (sessionExpiresSeconds === 0) return new Map();
  const seconds = Math.max(sessionExpiresSeconds, Math.min(minSeconds, MAX_SECONDS));
  const headers: Headers = new Map([
    ['supported', [TIMER]],
    [EXPIRES, [`${seconds};refresher=uas`]],
  ]);
  return minSeconds > 0 ? headers.set(MIN_SE, [String(minSeconds)]) : headers;
}

/**
 * What the 2xx to a request agrees on. RFC 4028 §8.2: a callee without timers says nothing, and a caller with them is told
 * that it refreshes; `headers`, those of the 2xx as it goes on, is changed.
 */
export function agreeInterval(settings: Bounds, request: SipRequest, headers: Headers): Agreed {
  const said = headers.get(EXPIRES)?.[0];
  if (said !== undefined) return agreedAs(settings, request, headers, said);
  const { seconds } = asked(settings, request);
  if (seconds === 0 || !supports(request, TIMER)) return NOTHING;
  return callerRefreshes(headers, seconds);
}

/** RFC 4028 §9: a caller that knows session timers is told with `Require` that it refreshes. */
function callerRefreshes(headers: Headers, seconds: number): Agreed {
  headers.set(EXPIRES, [`${seconds};refresher=uac`]);
  headers.set('require', [[...tokens(headers.get('require')).filter((option) => option !== TIMER), TIMER].join(', ')]);
  return { seconds: clamped(seconds), refresher: 'uac' };
}

const isOfCallee = (line: string): boolean => /;\s*refresher\s*=\s*uas\b/i.test(line);
const isOfCaller = (line: string): boolean => /;\s*refresher\s*=\s*uac\b/i.test(line);

/**
 * What the other side said. A party that is joined to the caller answered another request than the caller's: it must not
 * give the caller a longer interval than asked for, nor another refresher than named (RFC 4028 §9); then the caller
 * refreshes, and its refreshes tell the other side.
 */
function agreedAs(settings: Bounds, request: SipRequest, headers: Headers, said: string): Agreed {
  const seconds = Number.parseInt(said, 10);
  if (!(seconds > 0)) return NOTHING;
  const refresher = isOfCallee(said) ? 'uas' : 'uac';
  const line = header(request, EXPIRES);
  if (line === undefined || !supports(request, TIMER)) return { seconds: clamped(seconds), refresher };
  const most = asked(settings, request).seconds;
  if (seconds <= most && (refresher === 'uac' || !isOfCaller(line))) return { seconds: clamped(seconds), refresher };
  return callerRefreshes(headers, Math.min(seconds, most));
}
