/** A carrier's server: asks for credentials, and does with calls what the test says. */
import { answerTo, type Challenge, type Credentials, readChallenge } from '../../src/testing/phone-digest.ts';
import { type Header, headerOf, type PhoneMessage, uriOf } from '../../src/testing/phone-message.ts';
import { simulatedUdpWire } from '../../src/testing/wire.ts';
import type { World } from '../../src/testing/world.ts';
import { RawPeer, SDP, SDP_TYPE } from './raw-peer.ts';

const PORT = 5060;
const CREDENTIALS: Credentials = { user: 'office', password: 'trunk-secret' };
const VALUE = (line: string, name: string): string => new RegExp(`(?<![a-z])${name}="?([^",]+)`).exec(line)?.[1] ?? '';

export class TrunkPeer {
  readonly raw: RawPeer;
  /** What it asks with; 0: nothing. */
  challenge: 0 | 401 | 407 = 407;
  algorithm: 'MD5' | 'SHA-256' = 'MD5';
  /** Asks for each method, but ACK and CANCEL, which cannot be asked (RFC 3261 §22.1). */
  asks: readonly string[] = ['INVITE', 'REGISTER', 'BYE', 'MESSAGE'];
  /** Final answer to calls; 0: says nothing at all. */
  answer = 200;
  /** What it grants a REGISTER, in seconds, or the status with which it refuses. */
  grants = 600;
  refusesRegister = 0;
  serviceRoute = '';
  /** Proofs that were wrong. */
  readonly wrong: string[] = [];
  registered = '';
  #nonces = 0;
  #staleNext = false;

  constructor(world: Pick<World<never, never>, 'network' | 'timers'>, host = '10.0.8.1') {
    this.raw = new RawPeer({ wire: () => simulatedUdpWire(world.network, world.timers, { host, port: PORT }) }, host);
    this.raw.hears = (message) => this.#hear(message);
  }

  /** The next proof is refused although it is right, since its nonce has expired. */
  expireNonce(): void {
    this.#staleNext = true;
  }

  requests(method: string): PhoneMessage[] {
    return this.raw.requests(method);
  }

  /** Calls the line that was registered, or this URI. */
  call(number: string, how: { readonly uri?: string; readonly from?: string; readonly headers?: readonly Header[] } = {}): void {
    const headers: Header[] = [
      ['To', `<sip:${number}@10.0.8.1>`],
      ['From', `<sip:${how.from ?? '+4915112345'}@10.0.8.1>;tag=inbound`],
      ['Contact', `<${this.raw.contact}>`],
      SDP_TYPE,
      ...(how.headers ?? []),
    ];
    this.raw.request('INVITE', how.uri ?? this.registered, headers, SDP);
  }

  #hear(message: PhoneMessage): void {
    const { method } = message;
    if (method === '') this.#acknowledge(message);
    if (method === '' || method === 'ACK' || (method === 'INVITE' && this.answer === 0)) return;
    if (this.challenge !== 0 && this.asks.includes(method) && !this.#isProven(message)) {
      const staleness = this.#staleNext ? ', stale=true' : '';
      this.#staleNext = false;
      this.#nonces += 1;
      const line = `Digest realm="carrier", nonce="n${this.#nonces}", qop="auth", algorithm=${this.algorithm}${staleness}`;
      this.raw.reply(message, this.challenge, [[this.challenge === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate', line]]);
    } else if (method === 'REGISTER') this.#register(message);
    else if (method === 'INVITE') {
      this.raw.reply(message, this.answer, this.answer === 200 ? [SDP_TYPE] : [], this.answer === 200 ? SDP : '');
    } else this.raw.reply(message, 200);
  }

  #acknowledge(answer: PhoneMessage): void {
    if (answer.status < 200 || answer.status > 299 || !headerOf(answer, 'cseq').endsWith('INVITE')) return;
    const copied = ['From', 'To', 'Call-ID'].map((name): Header => [name, headerOf(answer, name)]);
    const uri = answer.status < 300 ? uriOf(headerOf(answer, 'contact')) : 'sip:refused@10.0.0.1';
    if (answer.status < 300)
      this.raw.request('ACK', uri, [...copied, ['CSeq', headerOf(answer, 'cseq').replace('INVITE', 'ACK')]]);
  }

  #register(message: PhoneMessage): void {
    if (this.refusesRegister !== 0) {
      this.raw.reply(message, this.refusesRegister);
      return;
    }
    const contact = headerOf(message, 'contact');
    this.registered =
      /expires=0/.test(contact + headerOf(message, 'expires')) || headerOf(message, 'expires') === '0' ? '' : uriOf(contact);
    const route: Header[] = this.serviceRoute === '' ? [] : [['Service-Route', this.serviceRoute]];
    this.raw.reply(message, 200, [['Contact', `${contact};expires=${this.grants}`], ...route]);
  }

  #isProven(message: PhoneMessage): boolean {
    const name = this.challenge === 407 ? 'proxy-authorization' : 'authorization';
    const line = headerOf(message, name);
    if (line === '' || this.#staleNext) return false;
    const asked = readChallenge({
      ...message,
      status: this.challenge,
      headers: [[this.challenge === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate', line]],
    }) as Challenge;
    const count = Number.parseInt(VALUE(line, 'nc'), 16);
    const right = answerTo({ ...asked, qop: true }, CREDENTIALS, {
      method: message.method,
      uri: VALUE(line, 'uri'),
      count,
      cnonce: VALUE(line, 'cnonce'),
    });
    const isRight = VALUE(right, 'response') === VALUE(line, 'response') && VALUE(line, 'uri') === message.uri;
    if (!isRight) this.wrong.push(line);
    return isRight;
  }
}
