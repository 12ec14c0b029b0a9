import { createHash } from 'node:crypto';
import { headerOf, linesOf, type PhoneMessage } from './phone-message.ts';

/** A challenge of RFC 7616, as the phone keeps it for its next requests. */
export interface Challenge {
  readonly answerIn: 'Authorization' | 'Proxy-Authorization';
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly qop: boolean;
  readonly algorithm: 'MD5' | 'SHA-256';
  readonly stale: boolean;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const HASHES: Readonly<Record<string, 'md5' | 'sha256'>> = { MD5: 'md5', 'SHA-256': 'sha256' };

/** The first challenge in a 401 or 407 that the phone can answer (RFC 7616 §3.7: the server lists its preferred first). */
export function readChallenge(response: PhoneMessage): Challenge | undefined {
  const proxy = response.status === 407;
  for (const line of linesOf(response, proxy ? 'proxy-authenticate' : 'www-authenticate')) {
    if (!/^digest\s/i.test(line)) continue;
    const values = new Map<string, string>();
    for (const [, name = '', quoted, bare] of line.slice(6).matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/g))
      values.set(name.toLowerCase(), quoted ?? bare ?? '');
    const algorithm = (values.get('algorithm') ?? 'MD5').toUpperCase();
    const realm = values.get('realm');
    const nonce = values.get('nonce');
    if (realm === undefined || nonce === undefined || HASHES[algorithm] === undefined) continue;
    return {
      answerIn: proxy ? 'Proxy-Authorization' : 'Authorization',
      realm,
      nonce,
      opaque: values.get('opaque'),
      qop: (values.get('qop') ?? '').split(',').some((option) => option.trim() === 'auth'),
      algorithm: algorithm as Challenge['algorithm'],
      stale: values.get('stale')?.toLowerCase() === 'true',
    };
  }
  return undefined;
}

/** The answer's header value (RFC 7616 §3.4). `count` is how often this nonce was used, this time included. */
export function answerTo(
  challenge: Challenge,
  { user, password }: Credentials,
  request: { readonly method: string; readonly uri: string; readonly count: number; readonly cnonce: string },
): string {
  const hash = (text: string) =>
    createHash(HASHES[challenge.algorithm] ?? 'md5')
      .update(text, 'latin1')
      .digest('hex');
  const { realm, nonce } = challenge;
  const nc = request.count.toString(16).padStart(8, '0');
  const ha1 = hash(`${user}:${realm}:${password}`);
  const ha2 = hash(`${request.method}:${request.uri}`);
  const response = challenge.qop ? hash(`${ha1}:${nonce}:${nc}:${request.cnonce}:auth:${ha2}`) : hash(`${ha1}:${nonce}:${ha2}`);
  const opaque = challenge.opaque === undefined ? '' : `, opaque="${challenge.opaque}"`;
  const qop = challenge.qop ? `, qop=auth, nc=${nc}, cnonce="${request.cnonce}"` : '';
  return (
    `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${request.uri}", response="${response}", ` +
    `algorithm=${challenge.algorithm}${opaque}${qop}`
  );
}

/** True if the answer was computed over a nonce that the server calls stale rather than over a wrong password. */
export const isStale = (response: PhoneMessage): boolean =>
  /stale\s*=\s*"?true/i.test(headerOf(response, response.status === 407 ? 'proxy-authenticate' : 'www-authenticate'));
