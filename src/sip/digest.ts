import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { endOfQuoted, isToken, skipBlanks } from './chars.ts';
import { quoted, unquoted } from './name-addr.ts';

/** Digest algorithms (RFC 7616 §3.2, RFC 8760), without their `-sess` variants. */
export type DigestAlgorithm = 'MD5' | 'SHA-256' | 'SHA-512-256';

const HASH_OF: Readonly<Record<DigestAlgorithm, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };
const ALGORITHMS = Object.keys(HASH_OF) as DigestAlgorithm[];

/** The algorithm that a name stands for, whatever its case; MD5 if none is named (RFC 7616 §3.3). */
export function algorithmNamed(name: string | undefined): DigestAlgorithm | undefined {
  return name === undefined ? 'MD5' : ALGORITHMS.find((known) => known === name.toUpperCase());
}

const hash = (algorithm: DigestAlgorithm, text: string): string =>
  createHash(HASH_OF[algorithm]).update(text, 'latin1').digest('hex');

/** What a server asks for. */
export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  readonly stale?: boolean;
  readonly opaque?: string;
}

/** The value of a WWW-Authenticate or Proxy-Authenticate header (RFC 7616 §3.3). */
export function challengeHeader({ realm, nonce, algorithm, stale, opaque }: Challenge): string {
  const extra = (opaque === undefined ? '' : `, opaque=${quoted(opaque)}`) + (stale === true ? ', stale=true' : '');
  return `Digest realm=${quoted(realm)}, nonce=${quoted(nonce)}, algorithm=${algorithm}, qop="auth"${extra}`;
}

const MAX_AUTH_PARAMS = 24;

/** Reads `Digest a=b, c="d"`; names lower-case, values without quotes. A name given twice makes it unreadable. */
function parseDigest(line: string): Readonly<Record<string, string>> | undefined {
  let i = skipBlanks(line, 0);
  if (line.slice(i, i + 6).toLowerCase() !== 'digest') return undefined;
  const first = skipBlanks(line, i + 6);
  if (first === i + 6) return undefined;
  const values = Object.create(null) as Record<string, string>;
  i = first;
  for (let count = 0; i < line.length; count++) {
    if (count === MAX_AUTH_PARAMS) return undefined;
    i = readAuthParam(line, i, values);
    if (i === -1) return undefined;
    if (i < line.length) {
      if (line.charCodeAt(i) !== 0x2c) return undefined;
      i = skipBlanks(line, i + 1);
    }
  }
  return values;
}

function readAuthParam(line: string, from: number, values: Record<string, string>): number {
  const equals = line.indexOf('=', from);
  if (equals === -1) return -1;
  const name = line.slice(from, equals).trimEnd().toLowerCase();
  if (!isToken(name) || values[name] !== undefined) return -1;
  const valueAt = skipBlanks(line, equals + 1);
  let end = valueAt;
  if (line.charCodeAt(valueAt) === 0x22) end = endOfQuoted(line, valueAt);
  else while (end < line.length && line.charCodeAt(end) !== 0x2c && line.charCodeAt(end) > 0x20) end++;
  if (end <= valueAt) return -1;
  values[name] = unquoted(line.slice(valueAt, end));
  return skipBlanks(line, end);
}

/** What a client proves its knowledge of the password with. */
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly opaque: string | undefined;
  /** `undefined` where the client speaks RFC 2069, without qop. */
  readonly qop: 'auth' | undefined;
  readonly cnonce: string | undefined;
  /** Nonce count as it was written, eight hexadecimal digits. */
  readonly nc: string | undefined;
}

/**
 * Reads the value of an Authorization or Proxy-Authorization header; `undefined` for other schemes, unknown algorithms,
 * `auth-int`, hashed user names (RFC 7616 §3.4.4, never asked for here), and for what is incomplete.
 */
export function parseAuthorization(line: string): DigestCredentials | undefined {
  const values = parseDigest(line);
  if (values === undefined || values.userhash === 'true') return undefined;
  const { username, realm, nonce, uri, response, opaque, qop, cnonce, nc } = values;
  const algorithm = algorithmNamed(values.algorithm);
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined) return undefined;
  if (response === undefined || algorithm === undefined) return undefined;
  if (qop === undefined)
    return { username, realm, nonce, uri, response, algorithm, opaque, qop, cnonce: undefined, nc: undefined };
  if (qop.toLowerCase() !== 'auth' || cnonce === undefined || nc === undefined || !/^[0-9a-f]{8}$/i.test(nc)) return undefined;
  return { username, realm, nonce, uri, response, algorithm, opaque, qop: 'auth', cnonce, nc };
}

/** Text of ours as the bytes that go to the wire: UTF-8 (RFC 7616 §4), one character a byte. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/**
 * H(username:realm:password), which may be stored instead of the password (RFC 7616 §3.4.2). User name and realm hold
 * bytes, as they come from the wire; the password is text.
 */
export const ha1 = (algorithm: DigestAlgorithm, username: string, realm: string, password: string): string =>
  hash(algorithm, `${username}:${realm}:${asBytes(password)}`);

type Signed = Pick<DigestCredentials, 'nonce' | 'uri' | 'algorithm' | 'qop' | 'cnonce' | 'nc'>;

/** The response digest (RFC 7616 §3.4.1; without qop RFC 2069 §2.1.2). */
function digestResponse(signed: Signed, secretHa1: string, method: string): string {
  const ha2 = hash(signed.algorithm, `${method}:${signed.uri}`);
  const middle =
    signed.qop === undefined ? signed.nonce : `${signed.nonce}:${signed.nc ?? ''}:${signed.cnonce ?? ''}:${signed.qop}`;
  return hash(signed.algorithm, `${secretHa1}:${middle}:${ha2}`);
}

/** The secret that credentials are held against: a password or, for one algorithm and realm, its HA1. */
export type DigestSecret = { readonly password: string } | { readonly ha1: string };

/**
 * Whether the credentials prove knowledge of the secret for this method, in constant time. That their realm, nonce and
 * URI are acceptable is for the caller to see to; `NonceMint` checks the nonce.
 */
export function verify(credentials: DigestCredentials, against: { readonly method: string } & DigestSecret): boolean {
  const { username, realm, algorithm } = credentials;
  const secretHa1 = 'ha1' in against ? against.ha1.toLowerCase() : ha1(algorithm, username, realm, against.password);
  const expected = Buffer.from(digestResponse(credentials, secretHa1, against.method), 'latin1');
  const given = Buffer.from(credentials.response.toLowerCase(), 'latin1');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Reads a WWW-Authenticate or Proxy-Authenticate header; `undefined` if it cannot be answered here. */
export function parseChallenge(line: string): (Challenge & { readonly qop: 'auth' | undefined }) | undefined {
  const values = parseDigest(line);
  const algorithm = algorithmNamed(values?.algorithm);
  if (values?.realm === undefined || values.nonce === undefined || algorithm === undefined) return undefined;
  const offered = values.qop?.split(',', 8).map((qop) => qop.trim().toLowerCase());
  if (offered !== undefined && !offered.includes('auth')) return undefined;
  const { realm, nonce, opaque } = values;
  const stale = values.stale?.toLowerCase() === 'true';
  const qop = offered === undefined ? undefined : ('auth' as const);
  return { realm, nonce, algorithm, stale, ...(opaque === undefined ? {} : { opaque }), qop };
}

/** With what a client answers a challenge. */
export interface AnswerTo {
  readonly method: string;
  /** The Request-URI. */
  readonly uri: string;
  readonly username: string;
  readonly password: string;
  /** Unguessable text of the caller's. */
  readonly cnonce: string;
  /** How often this nonce was used, from 1. */
  readonly count?: number;
}

/** The Authorization value that answers a challenge header; `undefined` if the challenge cannot be answered. */
export function answerChallenge(challengeLine: string, answer: AnswerTo): string | undefined {
  const challenge = parseChallenge(challengeLine);
  if (challenge === undefined) return undefined;
  const { realm, nonce, algorithm, opaque, qop } = challenge;
  const username = asBytes(answer.username);
  const nc = (answer.count ?? 1).toString(16).padStart(8, '0');
  const signed: Signed = { nonce, uri: answer.uri, algorithm, qop, cnonce: answer.cnonce, nc };
  const response = digestResponse(signed, ha1(algorithm, username, realm, answer.password), answer.method);
  const proof = qop === undefined ? '' : `, qop=auth, cnonce=${quoted(answer.cnonce)}, nc=${nc}`;
  const echo = opaque === undefined ? '' : `, opaque=${quoted(opaque)}`;
  return (
    `Digest username=${quoted(username)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}, ` +
    `uri=${quoted(answer.uri)}, response="${response}", algorithm=${algorithm}${proof}${echo}`
  );
}

/** What is thought of a nonce: `fresh` may be used, `stale` asks for a new one, `replayed` and `foreign` are attacks or bugs. */
export type NonceVerdict = 'fresh' | 'stale' | 'replayed' | 'foreign';

/** Which counts of one nonce were seen: the highest, and a window of 64 below it. */
interface Seen {
  readonly expiresMs: number;
  highest: number;
  window: bigint;
}

const WINDOW = 64;
const WINDOW_MASK = (1n << 64n) - 1n;
const MAC_DIGITS = 32;
const NONCE = /^([0-9a-f]{12})([0-9a-f]{8})([0-9a-f]{32})$/;

/** Where a mint of nonces gets its key and time from, and its bounds. */
export interface NonceSettings {
  /** At least 32 unguessable bytes. */
  readonly key: Buffer;
  /** Milliseconds. */
  readonly now: () => number;
  readonly lifetimeMs?: number;
  /** How many used nonces are remembered; beyond it the oldest are, and are then stale. */
  readonly maxRemembered?: number;
}

/**
 * Makes nonces that need no memory until they are used: a time, a serial number, and an HMAC over both and a purpose
 * (realm or source address). Only used ones are remembered, against replay of a nonce count (RFC 7616 §3.4).
 */
export class NonceMint {
  readonly #key: Buffer;
  readonly #now: () => number;
  readonly #lifetimeMs: number;
  readonly #maxRemembered: number;
  /** In order of first use; those evicted for want of room are covered by `#forgottenMs`. */
  readonly #seen = new Map<string, Seen>();
  #serial = 0;
  /** No nonce made up to this instant is accepted for the first time: it may be one that was forgotten. */
  #forgottenMs = -1;

  constructor(settings: NonceSettings) {
    this.#key = settings.key;
    this.#now = settings.now;
    this.#lifetimeMs = settings.lifetimeMs ?? 300_000;
    this.#maxRemembered = settings.maxRemembered ?? 10_000;
  }

  /** A nonce for this purpose, valid for the lifetime. */
  mint(purpose: string): string {
    this.#serial = (this.#serial + 1) >>> 0;
    const stamp = Math.floor(this.#now()).toString(16).padStart(12, '0') + this.#serial.toString(16).padStart(8, '0');
    return stamp + this.#mac(stamp, purpose);
  }

  /** Whether we made it for this purpose, at whatever time. */
  made(nonce: string, purpose: string): boolean {
    const parts = NONCE.exec(nonce);
    return parts !== null && this.#isOurs(parts, purpose);
  }

  /** Whether the nonce is one of ours, still valid, and not used with this count before. Ask after `verify`, or strangers fill the memory. */
  use(nonce: string, purpose: string, nc: string | undefined): NonceVerdict {
    const parts = NONCE.exec(nonce);
    if (parts === null) return 'foreign';
    if (!this.#isOurs(parts, purpose)) return 'foreign';
    const madeMs = Number.parseInt(parts[1] ?? '', 16);
    const nowMs = this.#now();
    if (nowMs - madeMs > this.#lifetimeMs || madeMs > nowMs) return 'stale';
    // Without qop there is no count: such a nonce counts once.
    return this.#count(nonce, madeMs, nc === undefined ? 1 : Number.parseInt(nc, 16), nowMs);
  }

  #isOurs([, time = '', serial = '', mac = '']: RegExpExecArray, purpose: string): boolean {
    return timingSafeEqual(Buffer.from(this.#mac(time + serial, purpose), 'latin1'), Buffer.from(mac, 'latin1'));
  }

  /** How many nonces are remembered. */
  get remembered(): number {
    return this.#seen.size;
  }

  #mac(stamp: string, purpose: string): string {
    return createHmac('sha256', this.#key).update(`${stamp}:${purpose}`, 'latin1').digest('hex').slice(0, MAC_DIGITS);
  }

  #count(nonce: string, madeMs: number, count: number, nowMs: number): NonceVerdict {
    const seen = this.#seen.get(nonce);
    if (seen === undefined) {
      if (madeMs <= this.#forgottenMs) return 'stale';
      this.#evict(nowMs);
      this.#seen.set(nonce, { expiresMs: madeMs + this.#lifetimeMs, highest: count, window: 1n });
      return 'fresh';
    }
    if (count > seen.highest) {
      const ahead = count - seen.highest;
      seen.window = ahead >= WINDOW ? 1n : ((seen.window << BigInt(ahead)) | 1n) & WINDOW_MASK;
      seen.highest = count;
      return 'fresh';
    }
    const behind = seen.highest - count;
    if (behind >= WINDOW) return 'replayed';
    const bit = 1n << BigInt(behind);
    if ((seen.window & bit) !== 0n) return 'replayed';
    seen.window |= bit;
    return 'fresh';
  }

  /** Forgets what has expired, from the oldest use on, and the oldest itself if there is no room. */
  #evict(nowMs: number): void {
    for (const [nonce, seen] of this.#seen) {
      const expired = seen.expiresMs < nowMs;
      if (!expired && this.#seen.size < this.#maxRemembered) return;
      this.#seen.delete(nonce);
      if (!expired) this.#forgottenMs = Math.max(this.#forgottenMs, seen.expiresMs - this.#lifetimeMs);
    }
  }
}
