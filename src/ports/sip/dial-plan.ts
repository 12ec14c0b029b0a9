/** Where a dialled URI leads: to a user of ours, or outside. */
import type { Forwarding, PushTarget, Ring } from '../../../machines/vocabulary/binding.ts';
import { NO_FORWARDING, NO_PUSH } from '../../../machines/vocabulary/binding.ts';
import type { NumberRule, TrunkConfig } from '../../config.ts';
import { dialledNumber, matchesPattern } from '../../sip/number.ts';
import { canonicalUser, type SipUri } from '../../sip/uri.ts';
import type { Directory } from './directory.ts';
import { Domains } from './domains.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { SipSettings, SipUser } from './settings.ts';

export interface Destination {
  /** Address of record of a user of ours, else the URI of what is dialled outside. */
  readonly callee: string;
  /** How the callee's account is woken that has no binding. */
  readonly accountPush: PushTarget;
  /** What to ring beside the callee's bindings. */
  readonly rings: readonly Ring[];
  /** Where the callee's calls go that reach no device. */
  readonly forwarding: Forwarding;
  /** The service itself answers, with this menu. */
  readonly menu?: string;
}

export class DialPlan {
  readonly #settings: SipSettings;
  readonly #directory: Directory;

  constructor(settings: SipSettings, directory: Directory) {
    this.#settings = settings;
    this.#directory = directory;
  }

  /** Whether the URI is for us to route. */
  isOurs(uri: SipUri): boolean {
    return this.#directory.isOurs(uri);
  }

  /** The address of record of the user of ours whom a URI names. */
  aorOf(uri: SipUri): string | undefined {
    return this.#directory.aorOf(uri);
  }

  /** `by` is the address of record of the user whose permissions count; empty for strangers. */
  resolve(uri: SipUri, by: string): Destination | Refusal {
    const aor = this.#directory.aorOf(uri);
    if (aor !== undefined) return this.user(aor);
    const menu = this.#directory.menuOf(uri);
    if (menu !== undefined) return { ...menu, ...NOTHING_RINGS };
    const number = dialledNumber(uri);
    if (this.#directory.isOurs(uri)) {
      if (uri.user === undefined) return refusal(404, 'Whom Do You Call');
      return (number === undefined ? undefined : this.#byNumber(number, by)) ?? refusal(404, 'No Such User');
    }
    return this.#byTrunkDomain(uri, number, by) ?? refusal(403, 'Not A Domain Of Ours');
  }

  /** A call that a trunk brings rings a user or a menu of ours, and never another trunk: nobody there was allowed to. */
  inbound(numbers: readonly string[], inboundTo: string | undefined): Destination | Refusal {
    const target = inboundTo === undefined ? numbers : [inboundTo];
    for (const each of target) {
      const aor = this.#directory.aorOfName(each);
      if (aor !== undefined) return this.user(aor);
      const menu = this.#directory.menuOfName(each);
      if (menu !== undefined) return { ...menu, ...NOTHING_RINGS };
    }
    return refusal(404, 'No User Has This Number');
  }

  /** What a call to a user of ours rings. */
  user(aor: string): Destination {
    const user = this.#settings.users.get(Domains.userOf(aor));
    return { callee: aor, accountPush: user?.push ?? NO_PUSH, rings: [], forwarding: user?.forwarding ?? NO_FORWARDING };
  }

  /** The first rule that knows the number decides, as in every dial plan. */
  #byNumber(number: string, by: string): Destination | Refusal | undefined {
    const rule = this.#settings.numbers.find(({ pattern }) => matchesPattern(pattern, number));
    if (rule === undefined) return undefined;
    const user = this.#userBy(by);
    const trunks = rule.trunks.filter((trunk) => mayLeave(user, trunk, rule));
    if (trunks.length === 0) return NOT_ALLOWED;
    return this.#outside(rule.prepend + number.slice(rule.strip), trunks, user);
  }

  /** A URI of a trunk's own domain names a number, or a name, behind that trunk. */
  #byTrunkDomain(uri: SipUri, number: string | undefined, by: string): Destination | Refusal | undefined {
    if (this.#settings.trunks.size === 0 || uri.user === undefined || uri.scheme === 'tel') return undefined;
    const host = uri.host.toLowerCase();
    const trunk = [...this.#settings.trunks.values()].find(({ domain }) => domain === host);
    if (trunk === undefined) return undefined;
    const user = this.#userBy(by);
    if (!mayLeave(user, trunk.name)) return NOT_ALLOWED;
    return this.#outside(number ?? canonicalUser(uri.user), [trunk.name], user);
  }

  #userBy(by: string): SipUser | undefined {
    return by === '' ? undefined : this.#settings.users.get(Domains.userOf(by));
  }

  #outside(number: string, trunks: readonly string[], user: SipUser | undefined): Destination {
    const first = this.#settings.trunks.get(trunks[0] ?? '');
    const contact = uriAt(first, number);
    const target = { contact, path: [], flow: '', stream: false, outside: { trunks, number, shows: shownBy(user) } };
    const rings = [{ device: `trunk ${trunks.join(', ')}`, aor: '', target }];
    return { callee: contact, accountPush: NO_PUSH, rings, forwarding: NO_FORWARDING };
  }
}

const NOTHING_RINGS = { accountPush: NO_PUSH, rings: [], forwarding: NO_FORWARDING };
const NOT_ALLOWED = refusal(403, 'Not Allowed To Call Outside');

/** The URI of a number behind a trunk. */
export const uriAt = (trunk: TrunkConfig | undefined, number: string): string =>
  `sip:${canonicalUser(number)}@${trunk === undefined ? 'trunk.invalid' : bracketed(trunk.domain)}`;
const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

/** A user's first number is the one that is shown. */
const shownBy = (user: SipUser | undefined): string => user?.routing?.numbers[0] ?? '';

/** Nobody calls outside who was not allowed to by name: calls there cost money. */
function mayLeave(user: SipUser | undefined, trunk: string, rule?: NumberRule): boolean {
  const outside = user?.routing?.outside ?? false;
  if (typeof outside === 'boolean') return outside;
  return outside.includes(trunk) || (rule !== undefined && rule.name !== '' && outside.includes(rule.name));
}
