/** Whom a certificate speaks for, by the rules of SIP (RFC 5922 §7). */

/** What of a peer's certificate decides, as node:tls shows it. */
export interface PeerNames {
  /** `DNS:example.com, URI:sip:example.com, IP Address:192.0.2.1`. */
  readonly subjectaltname?: string | undefined;
  readonly subject?: { readonly CN?: string | readonly string[] | undefined } | undefined;
}

const MAX_NAMES_LENGTH = 65_536;
/** A name as node:tls writes it; one with unusual characters is quoted as JSON. */
const NAME = /(DNS|URI|IP Address|[A-Za-z ]{1,32}):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y;

interface Names {
  readonly uris: string[];
  readonly hosts: string[];
  readonly addresses: string[];
}

function namesIn(text: string): Names {
  const names: Names = { uris: [], hosts: [], addresses: [] };
  if (text.length > MAX_NAMES_LENGTH) return names;
  NAME.lastIndex = 0;
  for (let found = NAME.exec(text); found !== null && found[0] !== ''; found = NAME.exec(text)) {
    const [, kind, value = ''] = found;
    // What has to be quoted is no host.
    if (value.startsWith('"')) continue;
    if (kind === 'URI') names.uris.push(value.toLowerCase());
    else if (kind === 'DNS') names.hosts.push(value.toLowerCase());
    else if (kind === 'IP Address') names.addresses.push(value.toLowerCase());
  }
  return names;
}

/** RFC 5922 §7.1: a SIP URI without user names a domain, `sips` and other schemes do not. */
const domainOf = (uri: string): string | undefined => /^sip:([^@;?:]+)$/.exec(uri)?.[1];

/**
 * The domains and addresses that a certificate speaks for: those of its SIP URIs, else its DNS names (RFC 5922 §7.1);
 * its common name only where it has no subject alternative name at all.
 */
export function identitiesOf({ subjectaltname, subject }: PeerNames): string[] {
  if (subjectaltname === undefined || subjectaltname === '') {
    const names = subject?.CN;
    return (typeof names === 'string' ? [names] : (names ?? [])).map((name) => name.toLowerCase());
  }
  const { uris, hosts, addresses } = namesIn(subjectaltname);
  const domains = uris.map(domainOf).filter((domain) => domain !== undefined);
  return [...(domains.length > 0 ? domains : hosts), ...addresses];
}

/** Whether a certificate is that domain's or address's own. No wildcards (RFC 5922 §7.2). */
export const speaksFor = (certificate: PeerNames, name: string): boolean =>
  identitiesOf(certificate).includes(name.toLowerCase().replace(/\.$/, ''));
