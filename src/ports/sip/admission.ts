/** What every request outside a dialog has to pass before it may start anything (RFC 3261 §8.2). */
import { sourceOf } from '../../protection/source.ts';
import { header, integerHeader, tokens } from '../../sip/headers.ts';
import type { SipRequest } from '../../sip/message.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import type { Flow } from '../../transport/transport.ts';
import type { Authenticator } from './authenticator.ts';
import type { Directory } from './directory.ts';
import { Domains } from './domains.ts';
import { allowOf, CARRIED_OPTIONS, DIALOG_BOUND, eventsOf, STARTERS, SUPPORTED } from './methods.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import { flawOfInterval } from './session-interval.ts';
import type { SipSettings } from './settings.ts';
import type { Trunk, Trunks } from './trunks.ts';
import { eventOf } from './watch-request.ts';

/** A request that may go on: whom it is for and who sent it. */
export interface Admitted {
  readonly uri: SipUri;
  /** The authenticated user; empty for callers from elsewhere and where nobody is asked. */
  readonly user: string;
  /** The trunk that it comes from, if it comes from one. */
  readonly trunk: Trunk | undefined;
}

const OWN_OPTIONS = new Set(tokens([SUPPORTED]));
const EVENTS_METHODS = new Set(['SUBSCRIBE', 'PUBLISH']);

export class Admission {
  readonly #settings: SipSettings;
  readonly #domains: Domains;
  readonly #directory: Directory;
  readonly #authenticator: Authenticator;
  readonly #trunks: Trunks;

  constructor(settings: SipSettings, domains: Domains, directory: Directory, authenticator: Authenticator, trunks: Trunks) {
    this.#settings = settings;
    this.#domains = domains;
    this.#directory = directory;
    this.#authenticator = authenticator;
    this.#trunks = trunks;
  }

  admit(request: SipRequest, flow: Flow): Admitted | Refusal {
    const uri = parseUri(request.uri);
    const admitted = this.#flawOf(request, uri, flow) ?? this.#fromTrunk(request, uri as SipUri, flow);
    if (request.method !== 'INVITE' || isRefusal(admitted)) return admitted;
    return flawOfInterval(this.#settings, request) ?? admitted;
  }

  /** A trunk says who it is by its address, or by calling the line that we registered with it; its callers are nobody of ours. */
  #fromTrunk(request: SipRequest, uri: SipUri, flow: Flow): Admitted | Refusal {
    const trunk = this.#trunkOf(request, uri, flow);
    return trunk === undefined ? this.#authenticated(request, uri, sourceOf(flow.remote.host)) : { uri, user: '', trunk };
  }

  /** Phones may share a trunk's address: whoever says to be a user of ours proves it, as everywhere. */
  #trunkOf(request: SipRequest, uri: SipUri, flow: Flow): Trunk | undefined {
    if (request.method !== 'INVITE' && request.method !== 'MESSAGE') return undefined;
    const caller = this.#trunks.byLine(uri);
    if (caller !== undefined) return caller;
    const sender = this.#trunks.bySource(flow);
    const from = sender === undefined ? undefined : parseUri(request.from.uri);
    return from !== undefined && this.#directory.isUserName(from) ? undefined : sender;
  }

  #flawOf(request: SipRequest, uri: SipUri | undefined, flow: Flow): Refusal | undefined {
    const { method } = request;
    const unserved = this.#flawOfMethod(request);
    if (unserved !== undefined) return unserved;
    const misdirected = flawOfUri(request, uri, flow);
    if (misdirected !== undefined) return misdirected;
    const unsupported = unsupportedOptions(request, method === 'INVITE' || method === 'MESSAGE' ? CARRIED_OPTIONS : OWN_OPTIONS);
    if (unsupported !== undefined) return unsupported;
    // RFC 3261 §10.2: who registers has an address of record, which is a SIP or SIPS URI.
    if (method === 'REGISTER' && !/^sips?:/i.test(request.to.uri)) return refusal(400, 'To Is Not A SIP URI');
    const misplaced = flawOfReplaces(request);
    if (misplaced !== undefined) return misplaced;
    if (integerHeader(request, 'max-forwards') === 0 && method !== 'OPTIONS' && method !== 'REGISTER') return refusal(483, '');
    if (method === 'REGISTER' && request.body !== '' && !isOptional(request)) return refusal(415, '', { accept: '' });
    if (method === 'INVITE' && (request.contact === '*' || request.contact.length !== 1)) {
      return refusal(400, 'An INVITE Has One Contact');
    }
    return undefined;
  }

  #flawOfMethod(request: SipRequest): Refusal | undefined {
    const { method } = request;
    const isWatch = method === 'SUBSCRIBE' && this.#settings.pickup !== undefined && eventOf(request) !== undefined;
    // RFC 6665 §4.4.1 and §8.2.1: no such event package here.
    if (EVENTS_METHODS.has(method) && !isWatch) return refusal(489, '', { 'allow-events': eventsOf(this.#settings) });
    if (DIALOG_BOUND.has(method)) return refusal(481, '');
    if (method === 'REFER') return refusal(403, 'REFER Only Inside A Call');
    // RFC 3261 §21.5.2: it is not that such a method is not allowed here; nobody here knows it.
    if (!STARTERS.has(method) && !isWatch) return refusal(501, '', { allow: allowOf(this.#settings) });
    return undefined;
  }

  #authenticated(request: SipRequest, uri: SipUri, source: string): Admitted | Refusal {
    const { method } = request;
    // RFC 3261 §11.2: what we can do is no secret.
    if (this.#settings.auth === 'none' || method === 'OPTIONS') return { uri, user: '', trunk: undefined };
    // Who registers is the To; who calls is the From (RFC 3261 §10.2, §8.1.1.3).
    const claimed = parseUri(method === 'REGISTER' ? request.to.uri : request.from.uri);
    const aor = claimed && this.#directory.aorOf(claimed);
    // A From of our domain without a user is a claim too, and nobody's.
    const isForeign = claimed === undefined || claimed.scheme === 'tel' || !this.#domains.isOurs(claimed);
    if (isForeign && method !== 'REGISTER') return { uri, user: '', trunk: undefined };
    const user = this.#authenticator.userOf(request, source);
    if (typeof user !== 'string') return user;
    if (aor === undefined || Domains.userOf(aor) !== user) {
      return refusal(403, method === 'REGISTER' ? 'Not Your Address Of Record' : 'From Is Not The Authenticated User');
    }
    return { uri, user, trunk: undefined };
  }
}

function flawOfUri(request: SipRequest, uri: SipUri | undefined, flow: Flow): Refusal | undefined {
  if (uri === undefined) return /^sips?:/i.test(request.uri) ? refusal(400, 'Malformed Request-URI') : refusal(416, '');
  // RFC 3966: a number is routed by the dial plan, but nobody is registered at one.
  if (uri.scheme === 'tel') return request.method === 'REGISTER' ? refusal(416, '') : undefined;
  // RFC 3261 §26.2.2: every hop has to be TLS, and this one was not.
  return uri.scheme === 'sips' && !flow.secure ? refusal(403, 'SIPS Needs TLS') : undefined;
}

function flawOfReplaces({ method, headers }: SipRequest): Refusal | undefined {
  // RFC 3891 §3: with INVITE only, and not beside Join.
  if (headers.has('replaces') && (method !== 'INVITE' || headers.has('join'))) return refusal(400, 'Replaces Has No Place Here');
  // Departs for now from RFC 3911: no dialog of ours can be joined, so that none is found.
  return method === 'INVITE' && headers.has('join') ? refusal(481, '') : undefined;
}

/** Why a request cannot be served that requires what is not `understood` (RFC 3261 §8.2.2.3). */
export function unsupportedOptions(request: SipRequest, understood: ReadonlySet<string>): Refusal | undefined {
  const required = request.headers.get('require');
  if (required === undefined) return undefined;
  const unsupported = tokens(required).filter((option) => !understood.has(option.toLowerCase()));
  return unsupported.length === 0 ? undefined : refusal(420, '', { unsupported: unsupported.join(', ') });
}

const isOptional = (request: SipRequest): boolean =>
  /handling[ \t]*=[ \t]*optional/i.test(header(request, 'content-disposition') ?? '');
