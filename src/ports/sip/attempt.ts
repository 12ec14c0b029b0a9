/** Sending a request of ours to whoever takes it: along a flow, or to the servers of a URI one after the other (RFC 3263 §4.3). */
import type { Hop } from '../../dns/hop.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import { parseUri } from '../../sip/uri.ts';
import type { Timer } from '../../timers.ts';
import type { ClientHandler, ClientTransaction } from '../../transaction/transaction.ts';
import type { Flow } from '../../transport/transport.ts';
import type { SipContext } from './context.ts';

/** Where a request goes: along this flow and nowhere else, or to the servers of this URI. */
export type Way = Flow | string;

/** A request on its way. */
export type Attempt = Pick<ClientTransaction, 'cancel'>;

/** What happens to it. All but `unwanted` is heard of the server that was tried last only. */
export interface AttemptHandler extends ClientHandler {
  /** INVITE only: a server that had been given up answered 2xx after all, maybe repeatedly; it is owed ACK and BYE. */
  unwanted?(response: SipResponse, flow: Flow): void;
}

/** Servers that are tried for one request. */
const MAX_TRIES = 4;
const NO_WAY = 'No Way To The Next Hop';

/**
 * Sends a request. `make` is called for each server that is tried, with the flow to it: all that it makes may differ in
 * Contact only, and each is sent with a branch of its own. The handler is never called before this returns.
 */
export function send(context: SipContext, way: Way, make: (flow: Flow) => SipRequest, handler: AttemptHandler): Attempt {
  if (typeof way !== 'string') return context.layer.send(make(way), way, handler);
  const search = new Search(context, make, handler);
  search.start(way);
  return search;
}

/** Hears of requests whose outcome changes nothing. */
export const NOBODY: AttemptHandler = { response: () => undefined, timedOut: () => undefined, failed: () => undefined };

/** Sends an ACK to a 2xx, to the first server of a URI (RFC 3261 §13.2.2.4): a repeated 2xx asks for it again. */
export function sendAck(context: SipContext, way: Way, ack: SipRequest): void {
  if (typeof way !== 'string') {
    context.layer.sendAck(ack, way);
    return;
  }
  const uri = parseUri(way);
  if (uri === undefined) return;
  context.locator.locate(uri, (hops) => {
    const flow = hops.map((hop) => flowTo(context, hop)).find((one) => one !== undefined);
    if (flow !== undefined) context.layer.sendAck(ack, flow);
  });
}

/** None to a listener of our own, whatever name was found to mean it: what is for us comes by itself. */
function flowTo({ transports }: SipContext, { transport, host, port, serverName }: Hop): Flow | undefined {
  const isOwn = transports.listening.some(({ local }) => local.port === port && local.host === host);
  return isOwn ? undefined : transports.flowTo(transport, { host, port }, { serverName });
}

class Search implements Attempt {
  readonly #context: SipContext;
  readonly #make: (flow: Flow) => SipRequest;
  readonly handler: AttemptHandler;
  #hops: readonly Hop[] = [];
  #next = 0;
  #tries = 0;
  #current: Try | undefined;
  #giveUp: (() => void) | undefined;
  #isOver = false;
  #isCancelled = false;

  constructor(context: SipContext, make: (flow: Flow) => SipRequest, handler: AttemptHandler) {
    this.#context = context;
    this.#make = make;
    this.handler = handler;
  }

  start(target: string): void {
    const uri = parseUri(target);
    if (uri === undefined) {
      this.#failLater(NO_WAY);
      return;
    }
    const giveUp = this.#context.locator.locate(uri, (hops) => {
      this.#giveUp = undefined;
      this.#hops = hops;
      if (!this.#tryNext()) this.#failLater(NO_WAY);
    });
    if (this.#current === undefined && !this.#isOver) this.#giveUp = giveUp;
  }

  cancel(headers?: ReadonlyMap<string, readonly string[]>): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    if (this.#current !== undefined) this.#current.cancel(headers);
    else if (!this.#isOver) {
      // Nothing has left yet.
      this.#giveUp?.();
      this.#failLater('Cancelled');
    }
  }

  /** Tries the next server that has a flow. False if there is none. */
  #tryNext(): boolean {
    while (this.#next < this.#hops.length && this.#tries < MAX_TRIES && !this.#isCancelled) {
      const hop = this.#hops[this.#next++];
      const flow = hop && flowTo(this.#context, hop);
      if (hop === undefined || flow === undefined) continue;
      this.#tries++;
      this.#current = new Try(this.#context, hop, flow, this);
      this.#current.start(this.#make(flow), this.#hasMore());
      return true;
    }
    return false;
  }

  #hasMore(): boolean {
    return this.#next < this.#hops.length && this.#tries < MAX_TRIES;
  }

  #failLater(why: string): void {
    this.#isOver = true;
    this.#context.timers.set(0, () => this.handler.failed(why));
  }

  /** The current one does not serve; false if there is no other, so that its outcome counts. */
  passedOver(hop: Hop): boolean {
    this.#context.locator.avoid(hop);
    return !this.#isOver && this.#tryNext();
  }

  isCurrent(one: Try): boolean {
    return one === this.#current;
  }

  /** The outcome is here; false if it was before. */
  settle(): boolean {
    const isFirst = !this.#isOver;
    this.#isOver = true;
    return isFirst;
  }
}

/** One server that is tried. */
class Try implements ClientHandler {
  readonly #context: SipContext;
  readonly #hop: Hop;
  readonly #flow: Flow;
  readonly #search: Search;
  #client: ClientTransaction | undefined;
  #timer: Timer | undefined;
  #method = '';
  #hasRung = false;

  constructor(context: SipContext, hop: Hop, flow: Flow, search: Search) {
    this.#context = context;
    this.#hop = hop;
    this.#flow = flow;
    this.#search = search;
  }

  start(request: SipRequest, hasMore: boolean): void {
    this.#method = request.method;
    // RFC 3263 §4.3 waits for Timer B or F; that is longer than people do, so a server that is silent is given up
    // sooner if there is another.
    if (hasMore) this.#timer = this.#context.timers.set(this.#context.settings.failoverMs, () => this.#giveUp());
    this.#client = this.#context.layer.send(request, this.#flow, this);
  }

  cancel(headers?: ReadonlyMap<string, readonly string[]>): void {
    this.#settle();
    this.#client?.cancel(headers);
  }

  trying(): void {
    if (!this.#search.isCurrent(this)) return;
    this.#settle();
    this.#search.handler.trying?.();
  }

  response(response: SipResponse, flow: Flow): void {
    this.#settle();
    if (!this.#search.isCurrent(this)) this.#late(response, flow);
    else if (response.status < 200) {
      this.#hasRung = true;
      this.#search.handler.response(response, flow);
    } else if (response.status !== 503 || this.#hasRung || !this.#search.passedOver(this.#hop)) this.#final(response, flow);
  }

  timedOut(): void {
    if (this.#isLast()) this.#search.handler.timedOut();
  }

  failed(why: string): void {
    if (this.#isLast()) this.#search.handler.failed(why);
  }

  /** Whether nobody else is tried after this one, which brought nothing, and nobody served before it. */
  #isLast(): boolean {
    this.#settle();
    return this.#search.isCurrent(this) && !this.#search.passedOver(this.#hop) && this.#search.settle();
  }

  /** To an INVITE there may be several 2xx; of any other request the first answer counts. */
  #final(response: SipResponse, flow: Flow): void {
    if (this.#search.settle() || this.#method === 'INVITE') this.#search.handler.response(response, flow);
  }

  /** What a server says that was given up: its CANCEL is out, or goes out with its first provisional (RFC 3261 §9.1). */
  #late(response: SipResponse, flow: Flow): void {
    if (response.status < 200 || response.status >= 300) return;
    if (this.#method === 'INVITE') this.#search.handler.unwanted?.(response, flow);
    else if (this.#search.settle()) this.#search.handler.response(response, flow);
  }

  #giveUp(): void {
    this.#timer = undefined;
    if (this.#search.passedOver(this.#hop)) this.#client?.cancel();
  }

  #settle(): void {
    this.#context.timers.clear(this.#timer);
    this.#timer = undefined;
  }
}
