import type { Random } from '../random.ts';
import type { Endpoint } from '../transport/transport.ts';
import { endpointName } from './network.ts';
import { answerTo, type Challenge, type Credentials, readChallenge } from './phone-digest.ts';
import type { Header, PhoneMessage } from './phone-message.ts';
import type { Answers, ClientExchange, PhoneTransactions } from './phone-transactions.ts';
import type { Wire } from './wire.ts';

/** A request before it has a Via, a CSeq number and credentials, which each try gets anew. */
export interface Draft {
  readonly method: string;
  readonly uri: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly headers: readonly Header[];
  readonly body: string;
  readonly remote: Endpoint;
  nextCseq(): number;
}

/** A request on its way, whatever number of tries its challenges cost. */
export interface Asking {
  /** The latest try. */
  exchange: ClientExchange;
}

/** Sends requests and answers challenges. */
export class Requester {
  credentials: Credentials;
  readonly #wire: Wire;
  readonly #random: Random;
  readonly #transactions: PhoneTransactions;
  #challenge: Challenge | undefined;
  #uses = 0;

  constructor(parts: {
    readonly wire: Wire;
    readonly random: Random;
    readonly transactions: PhoneTransactions;
    readonly credentials: Credentials;
  }) {
    this.#wire = parts.wire;
    this.#random = parts.random;
    this.#transactions = parts.transactions;
    this.credentials = parts.credentials;
  }

  /** A Via on a fresh branch. */
  via(): Header {
    const { transport, sentBy, local } = this.#wire;
    return [
      'Via',
      `SIP/2.0/${transport.toUpperCase()} ${sentBy ?? endpointName(local)};branch=z9hG4bK${this.#random.hex(8)};rport`,
    ];
  }

  /** Forgets the server's nonce: the next request goes out without credentials. */
  forget(): void {
    this.#challenge = undefined;
  }

  /** Sends; a challenge is answered once, once more if the nonce was stale. `answers` hears the rest. */
  ask(draft: Draft, answers: Answers): Asking {
    const asking: { exchange: ClientExchange | undefined } = { exchange: undefined };
    const attempt = (tries: number): void => {
      const used = this.#challenge;
      asking.exchange = this.#transactions.request(this.#write(draft), draft.remote, {
        response: (response, again) => {
          if (!again && this.#accepts(response, used, tries)) attempt(tries + 1);
          else answers.response(response, again);
        },
        timedOut: () => answers.timedOut(),
      });
    };
    attempt(0);
    return asking as Asking;
  }

  #accepts(response: PhoneMessage, used: Challenge | undefined, tries: number): boolean {
    if (response.status !== 401 && response.status !== 407) return false;
    const challenge = readChallenge(response);
    if (challenge === undefined) return false;
    // The first try may have gone with an old nonce; after that only a stale one deserves another (RFC 7616 §3.3).
    const again = tries === 0 || (tries === 1 && used !== undefined && challenge.stale);
    this.#challenge = again ? challenge : undefined;
    this.#uses = 0;
    return again;
  }

  #write(draft: Draft): PhoneMessage {
    const { method, uri, headers, body } = draft;
    return {
      method,
      uri,
      status: 0,
      reason: '',
      headers: [
        this.via(),
        ['Max-Forwards', '70'],
        ['From', draft.from],
        ['To', draft.to],
        ['Call-ID', draft.callId],
        ['CSeq', `${draft.nextCseq()} ${method}`],
        ...this.#authorization(method, uri),
        ...headers,
      ],
      body,
    };
  }

  #authorization(method: string, uri: string): Header[] {
    const challenge = this.#challenge;
    if (challenge === undefined) return [];
    this.#uses += 1;
    const request = { method, uri, count: this.#uses, cnonce: this.#random.hex(8) };
    return [[challenge.answerIn, answerTo(challenge, this.credentials, request)]];
  }
}
