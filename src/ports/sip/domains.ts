import { aorOf, parseUri, type SipUri } from '../../sip/uri.ts';

/** Which names are ours. All of them are one domain: its first name stands in every address of record. */
export class Domains {
  readonly #names: ReadonlySet<string>;
  readonly #canonical: string;

  constructor(canonical: string, others: Iterable<string>) {
    this.#canonical = canonical.toLowerCase();
    this.#names = new Set([this.#canonical, ...[...others].map((name) => name.toLowerCase())]);
  }

  isOurs(uri: SipUri): boolean {
    const host = uri.host.toLowerCase();
    return this.#names.has(host.endsWith('.') ? host.slice(0, -1) : host);
  }

  /** The address of record of one of our users; `undefined` for a URI that is not ours or has no user. */
  aorOf(uri: SipUri): string | undefined {
    return uri.scheme === 'tel' || uri.user === undefined || !this.isOurs(uri)
      ? undefined
      : aorOf({ ...uri, host: this.#canonical });
  }

  /** User part of an address of record of ours. */
  static userOf(aor: string): string {
    return aor.slice(aor.indexOf(':') + 1, aor.indexOf('@'));
  }

  aorOfUser(name: string): string {
    return aorOf({ ...OF_USER, user: name, host: this.#canonical });
  }
}

const OF_USER = parseUri('sip:user@host.invalid') as SipUri;
