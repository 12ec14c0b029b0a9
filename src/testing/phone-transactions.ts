import type { Endpoint } from '../transport/transport.ts';
import { flawsOfResponse } from './phone-inspector.ts';
import { cseqOf, type Header, headerOf, linesOf, type PhoneMessage, tagOf, valuesOf, viaOf } from './phone-message.ts';
import type { Wire } from './wire.ts';

const T1_MS = 500;
const T2_MS = 4_000;
const GIVE_UP_MS = 64 * T1_MS;
/** How many transactions a phone remembers, so that late repetitions are known as such. */
const MAX_REMEMBERED = 4_000;

/** What transactions need of their phone. */
export interface Line {
  readonly wire: Wire;
  /** Writes, records and sends; the answer is the text, for repeating. */
  send(message: PhoneMessage, remote: Endpoint): string;
  resend(text: string, message: PhoneMessage, remote: Endpoint): void;
  complain(what: string): void;
}

/** What becomes of a request of the phone's. `again`: a repeated 2xx to INVITE. */
export interface Answers {
  response(response: PhoneMessage, again: boolean): void;
  timedOut(): void;
}

/** Repeats something in growing intervals until it is stopped or given up. */
class Repetition {
  readonly #wire: Wire;
  #stopRepeat = (): void => {};
  #stopLimit = (): void => {};
  #intervalMs = T1_MS;
  #capMs: number;

  constructor(wire: Wire, capMs: number) {
    this.#wire = wire;
    this.#capMs = capMs;
  }

  start(repeat: (() => void) | undefined, gaveUp: () => void): void {
    this.#stopLimit = this.#wire.after(GIVE_UP_MS, () => {
      this.stop();
      gaveUp();
    });
    if (repeat !== undefined) this.#arm(repeat);
  }

  /** From now on at the longest interval (RFC 3261 §17.1.2.2, Proceeding). */
  slow(): void {
    this.#intervalMs = this.#capMs;
  }

  stop(): void {
    this.#stopRepeat();
    this.#stopLimit();
  }

  #arm(repeat: () => void): void {
    this.#stopRepeat = this.#wire.after(this.#intervalMs, () => {
      repeat();
      this.#intervalMs = Math.min(this.#intervalMs * 2, this.#capMs);
      this.#arm(repeat);
    });
  }
}

/** One request of the phone's and its answers (RFC 3261 §17.1). */
export class ClientExchange {
  readonly request: PhoneMessage;
  readonly remote: Endpoint;
  /** Something was heard, if only a 100: a CANCEL may go out (RFC 3261 §9.1). */
  heard = false;
  final: PhoneMessage | undefined;
  readonly #line: Line;
  readonly #answers: Answers;
  readonly #repetition: Repetition;

  constructor(line: Line, request: PhoneMessage, remote: Endpoint, answers: Answers) {
    this.#line = line;
    this.request = request;
    this.remote = remote;
    this.#answers = answers;
    // Timer A has no cap, Timer E has T2 (RFC 3261 §17.1.1.2, §17.1.2.2).
    this.#repetition = new Repetition(line.wire, this.#isInvite ? Number.POSITIVE_INFINITY : T2_MS);
    const text = line.send(request, remote);
    const repeat = line.wire.transport === 'udp' ? () => line.resend(text, request, remote) : undefined;
    this.#repetition.start(repeat, () => answers.timedOut());
  }

  get #isInvite(): boolean {
    return this.request.method === 'INVITE';
  }

  received(response: PhoneMessage): void {
    for (const flaw of flawsOfResponse(response, this.request))
      this.#line.complain(`${response.status} to ${this.request.method}: ${flaw}`);
    if (this.final !== undefined) this.#afterFinal(response, this.final);
    else if (response.status < 200) this.#provisional(response);
    else this.#finalAnswer(response);
  }

  #provisional(response: PhoneMessage): void {
    this.heard = true;
    if (this.#isInvite) this.#repetition.stop();
    else this.#repetition.slow();
    this.#answers.response(response, false);
  }

  #finalAnswer(response: PhoneMessage): void {
    this.heard = true;
    this.final = response;
    this.#repetition.stop();
    if (this.#isInvite && response.status >= 300) this.#acknowledge(response);
    this.#answers.response(response, false);
  }

  #afterFinal(response: PhoneMessage, final: PhoneMessage): void {
    const { status } = response;
    // Over UDP a provisional may have been overtaken.
    if (status < 200) {
      if (this.#line.wire.transport !== 'udp') this.#line.complain(`${status} after ${final.status} to ${this.request.method}`);
      return;
    }
    if (status !== final.status || tagOf(response, 'to') !== tagOf(final, 'to'))
      this.#line.complain(`two final answers to ${this.request.method}: ${final.status} and ${status}`);
    if (!this.#isInvite) return;
    if (status >= 300) this.#acknowledge(response);
    else this.#answers.response(response, true);
  }

  /** RFC 3261 §17.1.1.3: the ACK to a failure belongs to the INVITE's transaction, Via and Route the same. */
  #acknowledge(response: PhoneMessage): void {
    const { uri, headers } = this.request;
    const kept = new Set(['via', 'from', 'call-id', 'max-forwards', 'route']);
    const copied = headers.filter(([name]) => kept.has(name.toLowerCase()));
    const own: Header[] = [
      ['To', headerOf(response, 'to')],
      ['CSeq', `${cseqOf(this.request).number} ACK`],
    ];
    this.#line.send({ method: 'ACK', uri, status: 0, reason: '', headers: [...copied, ...own], body: '' }, this.remote);
  }
}

/** One request to the phone and its answers (RFC 3261 §17.2). */
export class ServerExchange {
  readonly request: PhoneMessage;
  readonly remote: Endpoint;
  final: PhoneMessage | undefined;
  acknowledged = false;
  /** INVITE only: no ACK came to the final answer within 64*T1. */
  unacknowledged: () => void = () => {};
  readonly #line: Line;
  readonly #text: string;
  readonly #repetition: Repetition;
  #last: { readonly text: string; readonly message: PhoneMessage } | undefined;

  constructor(line: Line, request: PhoneMessage, text: string, remote: Endpoint) {
    this.#line = line;
    this.request = request;
    this.#text = text;
    this.remote = remote;
    this.#repetition = new Repetition(line.wire, T2_MS);
  }

  /** True if anything but silence was the answer so far. */
  get answered(): boolean {
    return this.#last !== undefined;
  }

  repeated(text: string): void {
    if (text !== this.#text) this.#line.complain(`${this.request.method} with the branch of another request (RFC 3261 §8.1.1.7)`);
    if (this.#last !== undefined) this.#line.resend(this.#last.text, this.#last.message, this.remote);
  }

  respond(response: PhoneMessage): void {
    if (this.final !== undefined) return;
    const text = this.#line.send(response, this.remote);
    this.#last = { text, message: response };
    if (response.status < 200) return;
    this.final = response;
    if (this.request.method === 'INVITE') this.#awaitAck(text, response);
  }

  /** An ACK came, inside this transaction or to its 2xx. */
  acknowledge(): void {
    this.acknowledged = true;
    this.#repetition.stop();
  }

  #awaitAck(text: string, response: PhoneMessage): void {
    // A 2xx is repeated over every transport (RFC 3261 §13.3.1.4), a failure only where it may get lost (§17.2.1).
    const repeats = response.status < 300 || this.#line.wire.transport === 'udp';
    this.#repetition.start(repeats ? () => this.#line.resend(text, response, this.remote) : undefined, () => {
      this.#line.complain(`no ACK to ${response.status} within 64*T1`);
      this.unacknowledged();
    });
  }
}

/** The phone's transactions, both sides; it remembers them after their end, to know repetitions. */
export class PhoneTransactions {
  readonly #line: Line;
  readonly #clients = new Map<string, ClientExchange>();
  readonly #servers = new Map<string, ServerExchange>();

  constructor(line: Line) {
    this.#line = line;
  }

  request(request: PhoneMessage, remote: Endpoint, answers: Answers): ClientExchange {
    const exchange = new ClientExchange(this.#line, request, remote, answers);
    remember(this.#clients, clientKey(request), exchange);
    return exchange;
  }

  response(response: PhoneMessage): void {
    const exchange = this.#clients.get(clientKey(response));
    if (exchange === undefined) this.#line.complain(`${response.status} to no request of ours: ${headerOf(response, 'cseq')}`);
    else exchange.received(response);
  }

  /** The exchange if the request is new; a repetition is answered here, an ACK to a failure taken here. */
  received(request: PhoneMessage, text: string, remote: Endpoint): ServerExchange | undefined {
    const key = serverKey(request, request.method);
    const known = this.#servers.get(key);
    if (request.method === 'ACK') return undefined;
    if (known !== undefined) {
      known.repeated(text);
      return undefined;
    }
    const exchange = new ServerExchange(this.#line, request, text, remote);
    remember(this.#servers, key, exchange);
    return exchange;
  }

  /** The INVITE that a CANCEL or an ACK belongs to by its branch. */
  inviteOf(request: PhoneMessage): ServerExchange | undefined {
    return this.#servers.get(serverKey(request, 'INVITE'));
  }
}

const branchOf = (message: PhoneMessage) => viaOf(valuesOf(message, 'via')[0] ?? '');
const clientKey = (message: PhoneMessage): string => `${branchOf(message).branch} ${cseqOf(message).method}`;
const serverKey = (request: PhoneMessage, method: string): string => {
  const { branch, sentBy } = branchOf(request);
  return `${branch} ${sentBy} ${method}`;
};

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

/** The headers that every answer copies from its request (RFC 3261 §8.2.6.2). */
export const copiedIntoAnswer = (request: PhoneMessage): Header[] =>
  ['Via', 'From', 'Call-ID', 'CSeq'].flatMap((name) => linesOf(request, name).map((value): Header => [name, value]));
