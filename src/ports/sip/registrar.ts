/** Reads REGISTER requests and writes their answers (RFC 3261 §10.3, RFC 3327, RFC 5626, RFC 8599). */
import { createHash } from 'node:crypto';
import { type Binding, type ContactOrder, NO_PUSH, type PushTarget } from '../../../machines/vocabulary/binding.ts';
import { formatNameAddr, header, responseTo, splitList } from '../../sip/headers.ts';
import type { NameAddr, SipRequest, SipResponse } from '../../sip/message.ts';
import { newParams } from '../../sip/params.ts';
import { formatUri, parseUri, type SipUri, stripParams } from '../../sip/uri.ts';
import type { Flow } from '../../transport/transport.ts';
import { SUPPORTED } from './methods.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { SipSettings } from './settings.ts';

/** What a REGISTER asks, in the port's words. */
export interface RegisterReading {
  readonly all: boolean;
  readonly contacts: readonly ContactOrder[];
}

const PUSH_PARAMS = ['pn-provider', 'pn-prid', 'pn-param', 'pn-purr'];
const MAX_PATH = 8;
const MAX_TEXT = 128;
const isPlain = (text: string): boolean => text.length <= MAX_TEXT && !/[^\x20-\x7e]/.test(text);

/** A string of its own: one cut from a message keeps that whole message in memory for as long as the binding lives. */
export const copied = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

const secondsIn = (text: string | null | undefined): number | undefined =>
  typeof text === 'string' && /^\d{1,10}$/.test(text.trim()) ? Number(text) : undefined;

const unquoted = (text: string): string => text.replace(/^"|"$/g, '');

/** Key of the device behind a contact: a relaunched app with a new port is still the same device. */
function deviceOf(contact: NameAddr, uri: SipUri, push: PushTarget): string {
  const instance = unquoted(contact.params['+sip.instance'] ?? '');
  const regId = contact.params['reg-id'];
  if (instance !== '') return regId ? `${instance}#${regId}` : instance;
  // The prid is a secret, and this key is shown.
  if (push.prid !== '') return `pn-${createHash('sha256').update(`${push.provider} ${push.prid}`).digest('hex').slice(0, 24)}`;
  return formatUri(stripParams({ ...uri, host: uri.host.toLowerCase(), headers: {} }, PUSH_PARAMS));
}

const paramsShown = (contact: NameAddr): string => {
  const shown = newParams();
  for (const name in contact.params) if (name !== 'expires' && name !== 'q') shown[name] = contact.params[name] ?? null;
  return formatNameAddr({ name: '', uri: '', params: shown }).slice(2);
};

export class Registrar {
  readonly #settings: SipSettings;
  readonly #isOwn: (uri: SipUri) => boolean;

  /** `isOwn`: whether a URI leads to one of our own listeners. */
  constructor(settings: SipSettings, isOwn: (uri: SipUri) => boolean) {
    this.#settings = settings;
    this.#isOwn = isOwn;
  }

  read(request: SipRequest, flow: Flow): RegisterReading | Refusal {
    const preset = secondsIn(header(request, 'expires')) ?? this.#settings.defaultExpiresSeconds;
    if (request.contact === '*') {
      // RFC 3261 §10.2.2: only with Expires 0, and alone.
      return header(request, 'expires')?.trim() === '0' ? { all: true, contacts: [] } : refusal(400, 'Contact * Needs Expires 0');
    }
    if (request.contact.length > this.#settings.maxContacts) return refusal(403, 'Too Many Contacts');
    const path = pathOf(request);
    if (path === undefined) return refusal(400, 'Malformed Path');
    const next = parseUri(path[0] ?? '');
    if (next !== undefined && this.#isOwn(next)) return refusal(403, 'Path Points At This Server');
    const contacts: ContactOrder[] = [];
    for (const contact of request.contact) {
      const order = this.#order(request, contact, preset, path, flow);
      if ('status' in order) return order;
      contacts.push(order);
    }
    return { all: false, contacts };
  }

  #order(request: SipRequest, contact: NameAddr, preset: number, path: readonly string[], flow: Flow): ContactOrder | Refusal {
    const uri = parseUri(contact.uri);
    if (uri === undefined || uri.scheme === 'tel') return refusal(400, 'Contact Is Not A SIP URI');
    if (this.#isOwn(uri)) return refusal(403, 'Contact Points At This Server');
    // Who is called by a SIPS URI is reached along this flow (RFC 5630 §3.1.4).
    if (uri.scheme === 'sips' && !flow.secure) return refusal(403, 'SIPS Contact Needs TLS');
    const expiresSeconds = Math.min(secondsIn(contact.params.expires) ?? preset, this.#settings.maxExpiresSeconds);
    if (expiresSeconds > 0 && expiresSeconds < this.#settings.minExpiresSeconds) {
      return refusal(423, '', { 'min-expires': String(this.#settings.minExpiresSeconds) });
    }
    const push = this.#pushOf(request, uri, expiresSeconds > 0);
    if ('status' in push) return push;
    return {
      device: copied(deviceOf(contact, uri, push)),
      target: { contact: copied(contact.uri), path, flow: flow.id, stream: flow.reliable },
      expiresSeconds,
      qThousandths: Math.round(Math.min(Math.max(Number(contact.params.q ?? 1) || 0, 0), 1) * 1000),
      push,
      params: copied(paramsShown(contact)),
    };
  }

  /** RFC 8599 §4.1, §5.3: a provider with a prid asks for pushes; a provider alone is a query. */
  #pushOf(request: SipRequest, uri: SipUri, binds: boolean): PushTarget | Refusal {
    const provider = uri.params['pn-provider'];
    if (provider === undefined || isPushedElsewhere(request)) return NO_PUSH;
    if (provider === null) return NO_PUSH;
    const isKnown = this.#settings.pushProviders.includes(provider.toLowerCase());
    // RFC 8599 §5.6.1: 555 of the last hop, which we are.
    if (!isKnown) return binds ? refusal(555, '') : NO_PUSH;
    const prid = uri.params['pn-prid'];
    if (!prid) return NO_PUSH;
    return { provider: copied(provider.toLowerCase()), prid: copied(prid), param: copied(uri.params['pn-param'] ?? '') };
  }

  /** The 200 with all bindings. `own`: devices of this REGISTER; others' push parameters are not shown (RFC 8599 §14). */
  accepted(request: SipRequest, tag: string, bindings: readonly Binding[], own: ReadonlySet<string>, nowMs: number): SipResponse {
    const contact: NameAddr[] = bindings.map((binding) => contactShown(binding, own.has(binding.device), nowMs));
    const headers = new Map<string, readonly string[]>([['supported', [SUPPORTED]]]);
    const path = request.headers.get('path');
    if (path !== undefined) headers.set('path', path);
    const caps = this.#featureCaps(request);
    if (caps.length > 0) headers.set('feature-caps', caps);
    return responseTo(request, 200, undefined, tag, { contact, headers });
  }

  /** RFC 8599 §4.1.1: a line for each provider asked about that is served here; all of them for an empty query. */
  #featureCaps(request: SipRequest): string[] {
    if (request.contact === '*' || isPushedElsewhere(request)) return [];
    const asked = request.contact
      .map(({ uri }) => (uri.includes('pn-provider') ? parseUri(uri)?.params['pn-provider'] : undefined))
      .filter((provider) => provider !== undefined);
    if (asked.length === 0) return [];
    const served = asked.includes(null)
      ? this.#settings.pushProviders
      : this.#settings.pushProviders.filter((provider) => asked.some((name) => name?.toLowerCase() === provider));
    return served.map((provider) => `*;+sip.pns="${provider}"`);
  }
}

/** RFC 8599 §5.3: a proxy on the way already sees to the pushes. */
const isPushedElsewhere = (request: SipRequest): boolean =>
  (request.headers.get('feature-caps') ?? []).some((line) => line.includes('+sip.pns'));

/** URIs of the Path header, topmost first (RFC 3327 §5.2). */
function pathOf(request: SipRequest): readonly string[] | undefined {
  const entries = (request.headers.get('path') ?? []).flatMap((line) => splitList(line) ?? ['']);
  if (entries.length > MAX_PATH) return undefined;
  const uris = entries.map((entry) => /^\s*(?:"[^"]*"|[^<"]*)<([^>]+)>/.exec(entry)?.[1] ?? '');
  return uris.every((uri) => parseUri(uri) !== undefined) ? uris.map(copied) : undefined;
}

function contactShown(binding: Binding, isOwn: boolean, nowMs: number): NameAddr {
  const uri = isOwn ? undefined : parseUri(binding.target.contact);
  const params = newParams();
  for (const [name, value] of paramList(binding.params)) params[name] = value;
  // 0 would say that it is gone.
  params.expires = String(Math.max(Math.round((binding.expiresAtMs - nowMs) / 1000), 1));
  if (binding.qThousandths !== 1000) params.q = String(binding.qThousandths / 1000);
  return { name: '', uri: uri === undefined ? binding.target.contact : formatUri(stripParams(uri, PUSH_PARAMS)), params };
}

/** Reads back what `paramsShown` wrote. */
function paramList(text: string): [string, string | null][] {
  return [...text.matchAll(/;([^=;"]+)(?:=("(?:[^"\\]|\\.)*"|[^;]*))?/g)].map(([, name = '', value]) => [name, value ?? null]);
}

/** A User-Agent fit for a log and the store. */
export const userAgentOf = (request: SipRequest): string => {
  const text = header(request, 'user-agent') ?? '';
  return isPlain(text) ? copied(text) : '';
};
