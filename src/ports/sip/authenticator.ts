import {
  algorithmNamed,
  challengeHeader,
  type DigestCredentials,
  NonceMint,
  parseAuthorization,
  verify,
} from '../../sip/digest.ts';
import type { SipRequest } from '../../sip/message.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import type { Refusal } from './refusal.ts';
import type { SipSettings } from './settings.ts';

/** How many used nonces are remembered: at 500 REGISTERs a second, ten minutes of them. */
const MAX_NONCES = 300_000;
const MIN_KEY_BYTES = 32;
/** Keeps the answer to an unknown user as slow as that to a wrong password. */
const NOBODY = 'nobody has this password';
/** The same for both, so that nobody learns which names exist. */
const WRONG: Refusal = { status: 403, reason: 'Wrong User Name Or Password', offence: 'wrong credentials' };

/** Digest authentication of local users (RFC 3261 §22, RFC 7616, RFC 8760). */
export class Authenticator {
  readonly #settings: SipSettings;
  readonly #nonces: NonceMint;

  constructor(settings: SipSettings, now: () => number, key: Buffer) {
    if (key.length < MIN_KEY_BYTES) throw new Error(`the nonce key has at least ${MIN_KEY_BYTES} bytes`);
    this.#settings = settings;
    this.#nonces = new NonceMint({ key, now, lifetimeMs: settings.nonceMs, maxRemembered: MAX_NONCES });
  }

  /**
   * The user who proved to be the sender, or why not. `source` is where the request came from: a nonce is good for that
   * alone, so that who answers a challenge with a wrong password has received the challenge, over UDP too.
   */
  userOf(request: SipRequest, source: string): string | Refusal {
    const credentials = this.#credentialsIn(request);
    if (credentials === undefined) return this.#challenge(source, false);
    const user = this.#settings.users.get(credentials.username);
    const proven = verify(credentials, { method: request.method, password: user?.password || NOBODY });
    const purpose = this.#purpose(source);
    if (!proven || user === undefined || user.password === '')
      return this.#nonces.made(credentials.nonce, purpose) ? WRONG : this.#challenge(source, false);
    if (!isMeantFor(credentials.uri, request.uri)) return { status: 400, reason: 'Digest URI Is Not The Request-URI' };
    const verdict = this.#nonces.use(credentials.nonce, purpose, credentials.nc);
    // Whoever knows the password need not be asked for it again: stale (RFC 7616 §3.3).
    return verdict === 'fresh' ? credentials.username : this.#challenge(source, true);
  }

  #credentialsIn(request: SipRequest): DigestCredentials | undefined {
    for (const line of request.headers.get('authorization') ?? []) {
      const credentials = parseAuthorization(line);
      if (credentials?.realm === this.#settings.realm && credentials.algorithm === this.#settings.algorithm) return credentials;
    }
    return undefined;
  }

  #purpose(source: string): string {
    return `${this.#settings.realm} ${source}`;
  }

  #challenge(source: string, stale: boolean): Refusal {
    const { realm } = this.#settings;
    const algorithm = algorithmNamed(this.#settings.algorithm) ?? 'MD5';
    const line = challengeHeader({
      realm,
      nonce: this.#nonces.mint(this.#purpose(source)),
      algorithm,
      ...(stale ? { stale } : {}),
    });
    return { status: 401, reason: '', headers: new Map([['www-authenticate', [line]]]) };
  }
}

const samePlace = (a: SipUri, b: SipUri): boolean => a.user === b.user && a.host.toLowerCase() === b.host.toLowerCase();

/** RFC 7616 §3.4.6 asks for the same URI; phones differ from it in port and parameters, which decide nothing here. */
function isMeantFor(signed: string, requested: string): boolean {
  if (signed === requested) return true;
  const [a, b] = [parseUri(signed), parseUri(requested)];
  return a !== undefined && b !== undefined && samePlace(a, b);
}
