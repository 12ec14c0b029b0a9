/** Answers to 401 and 407 from configured credentials (RFC 3261 §22.2, §22.3). */
import type { Random } from '../../random.ts';
import { answerChallenge, parseChallenge } from '../../sip/digest.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';

/** What challenges of one peer are answered with. */
export interface Account {
  readonly username: string;
  readonly password: string;
  /** Challenges of other realms are not answered; `undefined`: any realm. */
  readonly realm: string | undefined;
  /** The latest challenge, for a request that is to come without being asked. */
  latest: Challenged | undefined;
}
interface Challenged {
  readonly header: 'authorization' | 'proxy-authorization';
  readonly line: string;
  count: number;
}

/** Challenges of one answer that are looked at. */
const MAX_CHALLENGES = 8;
/** A proxy and the server behind it may both ask, and each nonce may be stale once. */
const MAX_ROUNDS = 4;
const CNONCE_BYTES = 8;

/** What one request was asked so far. */
export class Challenges {
  readonly #account: Account;
  readonly #random: Random;
  /** By header and realm: the nonce that was answered. */
  readonly #answered = new Set<string>();
  #rounds = 0;

  constructor(account: Account, random: Random) {
    this.#account = account;
    this.#random = random;
  }

  /** The request again with credentials, its CSeq one higher (RFC 3261 §22.2); `undefined` if they would not help. */
  answer(request: SipRequest, response: SipResponse): SipRequest | undefined {
    const asked = response.status === 407 ? 'proxy-authenticate' : 'www-authenticate';
    const header = response.status === 407 ? 'proxy-authorization' : 'authorization';
    const line = this.#answerable(response.headers.get(asked) ?? [], header);
    if (line === undefined || ++this.#rounds > MAX_ROUNDS) return undefined;
    this.#account.latest = { header, line, count: 0 };
    return withCredentials(
      { ...request, via: [], cseq: { ...request.cseq, seq: request.cseq.seq + 1 } },
      this.#account,
      this.#random,
    );
  }

  /** The first challenge that we can answer and have not: answered already, it says that the password is wrong, unless its nonce was stale. */
  #answerable(lines: readonly string[], header: string): string | undefined {
    for (const line of lines.slice(0, MAX_CHALLENGES)) {
      const challenge = parseChallenge(line);
      if (challenge === undefined || (this.#account.realm ?? challenge.realm) !== challenge.realm) continue;
      const key = `${header} ${challenge.realm}`;
      if (this.#answered.has(key) && challenge.stale !== true) return undefined;
      this.#answered.add(key);
      return line;
    }
    return undefined;
  }
}

/** The request with credentials for the latest challenge, if there was one, so that it need not be asked. */
export function withCredentials(request: SipRequest, account: Account, random: Random): SipRequest {
  const { latest } = account;
  if (latest === undefined) return request;
  latest.count += 1;
  const { username, password } = account;
  const { method, uri } = request;
  const proof = answerChallenge(latest.line, {
    method,
    uri,
    username,
    password,
    cnonce: random.hex(CNONCE_BYTES),
    count: latest.count,
  });
  if (proof === undefined) return request;
  const others = (request.headers.get(latest.header) ?? []).filter((line) => realmIn(line) !== realmIn(proof));
  return { ...request, headers: new Map(request.headers).set(latest.header, [...others, proof]) };
}

const realmIn = (line: string): string | undefined => /realm="([^"]*)"/.exec(line)?.[1];
