import { type Header, linesOf, type PhoneMessage, writeMessage } from '../../src/testing/phone-message.ts';
import { SERVICE_HOST } from '../../src/testing/world.ts';
import { RawPeer } from './raw-peer.ts';

const MAX_ECHOED = 3_000;
const SERVICE = { host: SERVICE_HOST, port: 5060 };

/**
 * A stateless proxy (RFC 3261 §16.11) that sends every request back to the service, for whom `sendsTo` says, and answers
 * the way they came. It does not look for loops.
 */
export class EchoProxy extends RawPeer {
  readonly #echoed = new Set<string>();
  sendsTo: (request: PhoneMessage) => string = () => 'sip:nobody@example.com';
  #branches = 0;

  constructor(...args: ConstructorParameters<typeof RawPeer>) {
    super(...args);
    this.hears = (message) => (message.status > 0 ? this.#back(message) : this.#forth(message));
  }

  /** How many INVITEs and MESSAGEs came, repetitions apart. */
  get echoed(): number {
    return this.#echoed.size;
  }

  /** Registers so many contacts for a user, where nobody is asked for a password. */
  registerMany(user: string, contacts: number): void {
    const { host, port } = this.wire.local;
    this.request('REGISTER', 'sip:example.com', [
      ['To', `<sip:${user}@example.com>`],
      ['From', `<sip:${user}@example.com>;tag=raw`],
      ...Array.from({ length: contacts }, (_, i): Header => ['Contact', `<sip:${user}-${i}@${host}:${port}>`]),
    ]);
  }

  #send(message: PhoneMessage): void {
    // Written anew with the message.
    const headers = message.headers.filter(([name]) => name.toLowerCase() !== 'content-length');
    this.wire.send(writeMessage({ ...message, headers }), SERVICE);
  }

  /** CANCEL and the ACK to a failure are hop by hop: they find the branch that their INVITE had. */
  #forth(request: PhoneMessage): void {
    // Beyond every bound: a test that it holds shall fail, not hang.
    if (this.#echoed.size >= MAX_ECHOED) return;
    const { host, port } = this.wire.local;
    const below = linesOf(request, 'Via')[0] ?? '';
    const branch = /branch=([^;,\s]+)/.exec(below)?.[1] ?? `none${++this.#branches}`;
    if (request.method === 'INVITE' || request.method === 'MESSAGE') this.#echoed.add(branch);
    const hops = Number(linesOf(request, 'Max-Forwards')[0] ?? '70') - 1;
    const headers = request.headers.map(
      (header): Header => (header[0] === 'Max-Forwards' ? ['Max-Forwards', String(hops)] : header),
    );
    const via: Header = ['Via', `SIP/2.0/UDP ${host}:${port};branch=${branch}echo;rport`];
    this.#send({ ...request, uri: this.sendsTo(request), headers: [via, ...headers] });
  }

  #back(response: PhoneMessage): void {
    const top = response.headers.findIndex(([name]) => name.toLowerCase() === 'via');
    const headers = response.headers.filter((_, i) => i !== top);
    // To our own REGISTER.
    if (linesOf({ ...response, headers }, 'Via').length > 0) this.#send({ ...response, headers });
  }
}
