import { createHash } from 'node:crypto';
import type { Random } from '../random.ts';
import { decode, encode } from '../sip/codec.ts';
import { writeEcho } from '../sip/echo.ts';
import type { Defect, SipRequest, SipResponse, Via } from '../sip/message.ts';
import { type ResponseExtra, responseTo } from '../sip/response.ts';
import type { TimerQueue } from '../timers.ts';
import type { Flow, TransportListener, Transports } from '../transport/transport.ts';
import { type Client, type ClientShared, NonInviteClient } from './client.ts';
import { InviteClient } from './invite-client.ts';
import { InviteServer } from './invite-server.ts';
import { cancelledKey, clientKey, MAGIC_COOKIE, mergeKey, serverKey } from './key.ts';
import { NonInviteServer, type Server, type ServerShared } from './server.ts';
import { DEFAULT_SETTINGS, type TransactionSettings } from './settings.ts';
import type { Tap } from './tap.ts';
import type { ClientHandler, ClientTransaction, TransactionLayer, TransactionUser } from './transaction.ts';
import { ownVia, responsePort, stamped } from './via.ts';

const BRANCH_BYTES = 16;
const TAG_BYTES = 8;
const MAX_COUNTERS = 256;
const NO_HEADERS: ReadonlyMap<string, readonly string[]> = new Map();
const IN_DIALOG_RESERVE = 1.25;
/** Marks the To tags of answers for which no transaction is kept, so that the ACK to one is known as such. */
const STATELESS_TAG = 'stateless-';

const nobody: ClientHandler = { response: () => {}, timedOut: () => {}, failed: () => {} };

/** Whether Content-Length says where a message ends; a frame of a WebSocket is one message without it (RFC 7118 §5). */
const isStream = ({ transport }: Flow): boolean => transport === 'tcp' || transport === 'tls';

/** What a transaction layer is made of. */
export interface TransactionParts {
  readonly timers: TimerQueue;
  readonly random: Random;
  readonly settings?: Partial<TransactionSettings>;
  readonly gate?: Gate;
}

/** Who else has a say in what is taken. */
export interface Gate {
  /** Whether a request outside any dialog gets an answer at all. */
  admits(request: SipRequest, flow: Flow): boolean;
  /** That could not be read. */
  malformed(flow: Flow): void;
}

const OPEN: Gate = { admits: () => true, malformed: () => {} };

/** Transactions over the transports it listens to: RFC 3261 §17 with RFC 6026 and RFC 4320. */
export class Transactions implements TransactionLayer, TransportListener {
  /** How often what was dropped or answered without a transaction, by name. */
  readonly counters: ReadonlyMap<string, number>;
  /** Sees every message while somebody watches. */
  tap: Tap | undefined;
  readonly #counters = new Map<string, number>();
  readonly #settings: TransactionSettings;
  readonly #random: Random;
  readonly #secret: string;
  readonly #gate: Gate;
  readonly #clients = new Map<string, Client>();
  readonly #servers = new Map<string, Server>();
  readonly #merges = new Set<string>();
  readonly #clientsOf = new Map<Flow, Set<Client>>();
  readonly #clientShared: ClientShared;
  readonly #serverShared: ServerShared;
  #user: TransactionUser | undefined;
  #transports: Pick<Transports, 'flowTo'> | undefined;

  constructor({ timers, random, settings, gate }: TransactionParts) {
    this.#gate = gate ?? OPEN;
    this.#settings = { ...DEFAULT_SETTINGS, ...settings };
    this.#random = random;
    this.#secret = random.hex(BRANCH_BYTES);
    this.counters = this.#counters;
    const transmit = (message: string, flow: Flow): void => this.#transmit(message, flow);
    const shared = { timers, settings: this.#settings, transmit };
    this.#clientShared = {
      ...shared,
      encode,
      clientEnded: (client) => this.#forgetClient(client),
      sendCancel: (cancel, flow) => this.#startClient(cancel, flow, nobody),
    };
    this.#serverShared = {
      ...shared,
      serverEnded: (server) => this.#forgetServer(server),
      flowBack: ({ transport, remote, local }, port) =>
        this.#transports?.flowTo(transport, { host: remote.host, port }, { local }),
      unacknowledged: (transaction) => this.#user?.unacknowledged(transaction),
    };
  }

  /** Number of transactions that are kept, those that only wait for stragglers too. */
  get size(): number {
    return this.#clients.size + this.#servers.size;
  }

  /** Whether the transaction of a request of ours, no CANCEL, is kept. */
  keeps(branch: string): boolean {
    return this.#clients.has(branch);
  }

  /** Names the user and the transports; what arrives before that is dropped. */
  serve(user: TransactionUser, transports: Pick<Transports, 'flowTo'>): void {
    this.#user = user;
    this.#transports = transports;
  }

  /** Throws for ACK and CANCEL, which are no transactions of their own. */
  send(request: SipRequest, flow: Flow, handler: ClientHandler): ClientTransaction {
    if (request.method === 'ACK' || request.method === 'CANCEL')
      throw new Error(`${request.method} is sent by sendAck or cancel`);
    const sent = this.#withVia(request, flow);
    const client = this.#startClient(sent, flow, handler);
    return { request: sent, cancel: (headers = NO_HEADERS) => client.cancel(headers) };
  }

  sendAck(ack: SipRequest, flow: Flow): SipRequest {
    const sent = this.#withVia(ack, flow);
    this.#transmit(encode(sent), flow);
    return sent;
  }

  received(bytes: Buffer, flow: Flow): void {
    if (this.#user === undefined) return;
    this.tap?.received(bytes, flow);
    const message = decode(bytes, { stream: isStream(flow) });
    if (message.kind === 'request') this.#request(stamped(message, flow), flow);
    else if (message.kind === 'response') this.#response(message, flow);
    else this.malformed(message, flow);
  }

  malformed(defect: Defect, flow: Flow): void {
    this.#count(defect.name);
    if (flow.open) this.#answerDefect(defect, flow);
    // A keep-alive of another form is no offence.
    if (defect.name !== 'empty') this.#gate.malformed(flow);
  }

  #answerDefect({ answerable, echo, status = 400, reason }: Defect, flow: Flow): void {
    if (answerable !== undefined) this.#answerStateless(stamped(answerable, flow), flow, status, reason);
    else if (echo !== undefined) {
      const tag = this.#statelessTag(echo.lines.join('\n'));
      this.#transmit(writeEcho(echo, status, reason, tag), this.#flowBack(echo.via, flow));
    }
  }

  failed(flow: Flow, why: string): void {
    const clients = this.#clientsOf.get(flow);
    if (clients === undefined) return;
    for (const client of [...clients]) client.fail(why);
  }

  // our requests

  #withVia(request: SipRequest, flow: Flow): SipRequest {
    const branch = MAGIC_COOKIE + this.#random.hex(BRANCH_BYTES);
    return { ...request, via: [ownVia(flow, branch), ...request.via] };
  }

  #startClient(request: SipRequest, flow: Flow, handler: ClientHandler): Client {
    const key = clientKey(request.via[0]?.params.branch ?? '', request.method);
    const Kind = request.method === 'INVITE' ? InviteClient : NonInviteClient;
    const client = new Kind(this.#clientShared, key, request, flow, handler);
    this.#clients.set(key, client);
    const along = this.#clientsOf.get(flow);
    if (along === undefined) this.#clientsOf.set(flow, new Set([client]));
    else along.add(client);
    if (flow.open) client.start();
    else client.fail('the flow is closed');
    return client;
  }

  #forgetClient(client: Client): void {
    this.#clients.delete(client.key);
    const along = this.#clientsOf.get(client.flow);
    along?.delete(client);
    if (along?.size === 0) this.#clientsOf.delete(client.flow);
  }

  #response(response: SipResponse, flow: Flow): void {
    const [top] = response.via;
    // With a second Via it was meant for somebody before us (RFC 3261 §8.1.3.3).
    if (response.via.length > 1) {
      this.#count('response-with-many-vias');
      return;
    }
    const { method } = response.cseq;
    const client = this.#clients.get(clientKey(top?.params.branch ?? '', method));
    // Over UDP it leaves from whatever port its sender likes.
    if (client?.method === method && client.take(response, flow.reliable ? flow : client.flow)) return;
    if (method === 'INVITE' && response.status >= 200 && response.status < 300) this.#user?.strayAnswer(response, flow);
    else this.#count('stray-response');
  }

  // their requests

  #request(request: SipRequest, flow: Flow): void {
    const key = serverKey(request);
    const known = this.#servers.get(key);
    if (request.method === 'ACK') this.#ack(request, flow, key, known);
    else if (known !== undefined) known.repeated();
    else if (request.method === 'CANCEL') this.#cancel(request, flow, key);
    else this.#newRequest(request, flow, key);
  }

  #ack(ack: SipRequest, flow: Flow, key: string, known: Server | undefined): void {
    if (known instanceof InviteServer && known.takeAck()) return;
    const tag = ack.to.params.tag;
    if (tag?.startsWith(STATELESS_TAG) && tag === this.#statelessTag(key)) return;
    this.#user?.ack(ack, flow);
  }

  #cancel(cancel: SipRequest, flow: Flow, key: string): void {
    if (this.#servers.size >= this.#hardLimit) {
      this.#count('overload-dropped');
      return;
    }
    const found = this.#servers.get(cancelledKey(cancel));
    const invite = found instanceof InviteServer ? found : undefined;
    const handle = invite?.handle;
    const server = this.#startServer(
      new NonInviteServer(this.#serverShared, key, undefined, cancel, this.#flowBack(cancel.via[0], flow)),
    );
    // The tag is that of the INVITE's own answer, while it is known (RFC 3261 §9.2).
    const toTag = invite?.toTag ?? this.#random.hex(TAG_BYTES);
    server.respond(responseTo(cancel, invite === undefined ? 481 : 200, undefined, toTag));
    if (handle !== undefined && invite?.takeCancel()) this.#user?.cancelled(handle, cancel);
  }

  #newRequest(request: SipRequest, flow: Flow, key: string): void {
    const outside = request.to.params.tag === undefined;
    if (outside && !this.#gate.admits(request, flow)) {
      this.#count('unwanted');
      return;
    }
    if (this.#refused(request, flow, outside)) return;
    const merge = outside ? mergeKey(request) : undefined;
    if (merge !== undefined && this.#merges.has(merge)) {
      this.#count('merged');
      this.#answerStateless(request, flow, 482, 'Merged Request');
      return;
    }
    if (merge !== undefined) this.#merges.add(merge);
    const Kind = request.method === 'INVITE' ? InviteServer : NonInviteServer;
    const server = this.#startServer(new Kind(this.#serverShared, key, merge, request, this.#flowBack(request.via[0], flow)));
    if (server.handle !== undefined) this.#user?.request(server.handle);
  }

  /** Whether there are too many transactions for another. In-dialog requests are let in longer: a refused BYE keeps its load. */
  #refused(request: SipRequest, flow: Flow, outside: boolean): boolean {
    if (this.#servers.size < this.#settings.maxServerTransactions) return false;
    if (outside) this.#overloaded(request, flow);
    else if (this.#servers.size < this.#hardLimit) return false;
    else this.#count('overload-dropped');
    return true;
  }

  get #hardLimit(): number {
    return this.#settings.maxServerTransactions * IN_DIALOG_RESERVE;
  }

  #overloaded(request: SipRequest, flow: Flow): void {
    this.#count('overload');
    const { retryAfterSeconds } = this.#settings;
    // Spread, or all of them come back in the same second.
    const seconds = retryAfterSeconds + Math.floor(this.#random.fraction() * (retryAfterSeconds + 1));
    this.#answerStateless(request, flow, 503, undefined, { headers: new Map([['retry-after', [String(seconds)]]]) });
  }

  #startServer<T extends Server>(server: T): T {
    this.#servers.set(server.key, server);
    server.start();
    return server;
  }

  #forgetServer(server: Server): void {
    this.#servers.delete(server.key);
    if (server.mergeKey !== undefined) this.#merges.delete(server.mergeKey);
  }

  /** The flow for the answers to a request: its own, but over UDP with sent-by's port where there is no rport (RFC 3261 §18.2.2). */
  #flowBack(top: Via | undefined, flow: Flow): Flow {
    if (flow.reliable) return flow;
    const port = responsePort(top, flow);
    if (port === flow.remote.port) return flow;
    return this.#transports?.flowTo(flow.transport, { host: flow.remote.host, port }, { local: flow.local }) ?? flow;
  }

  #answerStateless(request: SipRequest, flow: Flow, status: number, reason: string | undefined, extra?: ResponseExtra): void {
    const tag = this.#statelessTag(serverKey(request));
    this.#transmit(encode(responseTo(request, status, reason, tag, extra)), this.#flowBack(request.via[0], flow));
  }

  /** The same for each repetition of a request (RFC 3261 §8.2.7), and not to be guessed. */
  #statelessTag(key: string): string {
    const digest = createHash('sha256').update(this.#secret).update(key).digest('hex');
    return STATELESS_TAG + digest.slice(0, 2 * TAG_BYTES);
  }

  #transmit(message: string, flow: Flow): void {
    this.tap?.sent(message, flow);
    flow.send(message);
  }

  #count(name: string): void {
    const count = this.#counters.get(name);
    if (count !== undefined || this.#counters.size < MAX_COUNTERS) this.#counters.set(name, (count ?? 0) + 1);
  }
}
