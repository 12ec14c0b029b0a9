import { dialledNumber, writtenNumber } from '../../sip/number.ts';
import { type SipUri, userKey } from '../../sip/uri.ts';
import type { Domains } from './domains.ts';
import type { SipSettings } from './settings.ts';

/** A menu that was called, and the address of record of its number. */
export interface DialledMenu {
  readonly menu: string;
  readonly callee: string;
}

/** Who is behind a name, an alias or a number of ours. */
export class Directory {
  readonly #settings: SipSettings;
  readonly #domains: Domains;
  /** Aliases and numbers to the names of users. */
  readonly #others = new Map<string, string>();

  constructor(settings: SipSettings, domains: Domains) {
    this.#settings = settings;
    this.#domains = domains;
    for (const [name, { routing }] of settings.users)
      for (const other of [...(routing?.aliases ?? []), ...(routing?.numbers ?? [])]) this.#others.set(other, name);
  }

  /** Whether the URI is for us to route: of a domain of ours, or a number (RFC 3966), which belongs to whoever routes it. */
  isOurs(uri: SipUri): boolean {
    return uri.scheme === 'tel' || this.#domains.isOurs(uri);
  }

  /** Whether a URI names one of our users in a domain of ours, by name and not by alias or number. */
  isUserName(uri: SipUri): boolean {
    return (
      uri.scheme !== 'tel' && uri.user !== undefined && this.#domains.isOurs(uri) && this.#settings.users.has(userKey(uri.user))
    );
  }

  /** The address of record of the user whom a URI of ours names; where nobody is listed, everybody is a user. */
  aorOf(uri: SipUri): string | undefined {
    if (uri.user === undefined || !this.isOurs(uri)) return undefined;
    const name = this.#nameOf(uri, userKey(uri.user));
    return name === undefined ? undefined : this.#domains.aorOfUser(name);
  }

  /** The address of record behind a user's name, an alias or a number. */
  aorOfName(text: string): string | undefined {
    const name = this.#settings.users.has(text) ? text : (this.#others.get(text) ?? this.withNumber(writtenNumber(text)));
    return name === undefined ? undefined : this.#domains.aorOfUser(name);
  }

  /** The menu behind a name or a number of the service's own, and its address of record. */
  menuOf(uri: SipUri): DialledMenu | undefined {
    if (this.#settings.menus.size === 0 || uri.user === undefined || !this.isOurs(uri)) return undefined;
    return (uri.scheme === 'tel' ? undefined : this.#menuAt(userKey(uri.user))) ?? this.#menuAt(dialledNumber(uri));
  }

  /** The same of what is written in a config, or of the number that a trunk dialled. */
  menuOfName(text: string): DialledMenu | undefined {
    return this.#settings.menus.size === 0 ? undefined : (this.#menuAt(text) ?? this.#menuAt(writtenNumber(text)));
  }

  /** Whether or not its plus was written. */
  #menuAt(number: string | undefined): DialledMenu | undefined {
    if (number === undefined) return undefined;
    const other = number.startsWith('+') ? number.slice(1) : `+${number}`;
    const known = this.#settings.menus.has(number) ? number : other;
    const menu = this.#settings.menus.get(known);
    return menu === undefined ? undefined : { menu, callee: this.#domains.aorOfUser(known) };
  }

  #nameOf(uri: SipUri, user: string): string | undefined {
    const { users, auth } = this.#settings;
    if (users.size === 0) return auth === 'none' && uri.scheme !== 'tel' ? user : undefined;
    if (uri.scheme !== 'tel' && users.has(user)) return user;
    if (this.#others.size === 0 && uri.scheme !== 'tel') return undefined;
    return this.#others.get(user) ?? this.withNumber(dialledNumber(uri));
  }

  /** The user who has that number, whether or not its plus was written. */
  withNumber(number: string | undefined): string | undefined {
    if (number === undefined) return undefined;
    const other = number.startsWith('+') ? number.slice(1) : `+${number}`;
    return this.#others.get(number) ?? (this.#settings.users.has(number) ? number : this.#others.get(other));
  }
}
