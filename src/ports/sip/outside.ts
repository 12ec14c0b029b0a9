/** An INVITE to a number outside: trunk after trunk and server after server, each told who calls as it wants it. */
import type { Outside } from '../../../machines/vocabulary/binding.ts';
import type { NameAddr, SipRequest, SipResponse } from '../../sip/message.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import { canonicalUser, formatUri, isSipsUri, parseUri } from '../../sip/uri.ts';
import type { Timer } from '../../timers.ts';
import type { ClientHandler } from '../../transaction/transaction.ts';
import type { Flow } from '../../transport/transport.ts';
import { type Attempt, type AttemptHandler, send } from './attempt.ts';
import { Challenges } from './challenges.ts';
import type { SipContext } from './context.ts';
import { uriAt } from './dial-plan.ts';
import type { LegSide } from './leg-side.ts';
import { ANONYMOUS, isPrivate } from './privacy.ts';
import { secureWay } from './routing.ts';
import type { Trunk } from './trunks.ts';

/** What the way outside needs of the fork that takes it. */
export interface Departure {
  readonly side: LegSide;
  /** The caller's INVITE, which says what may be shown of the caller. */
  readonly source: SipRequest;
  readonly outside: Outside;
  /** Makes the INVITE as it would go to a device, for a flow. */
  readonly make: (flow: Flow) => SipRequest;
}

/** Servers that are tried for one call, all trunks together. */
const MAX_TRIES = 16;
/** The server cannot; the number may be fine (RFC 3261 §21.5). */
const OF_THE_SERVER: ReadonlySet<number> = new Set([500, 502, 503, 504]);
const CREDENTIALS = ['authorization', 'proxy-authorization'];

export function sendOutside(context: SipContext, departure: Departure, handler: AttemptHandler): Attempt {
  const way = new WayOutside(context, departure, handler);
  way.start();
  return way;
}

interface Server {
  readonly trunk: Trunk;
  readonly uri: string;
}

class WayOutside implements Attempt {
  readonly #context: SipContext;
  readonly departure: Departure;
  readonly handler: AttemptHandler;
  readonly #servers: readonly Server[];
  #next = 0;
  #current: Try | undefined;
  isCancelled = false;

  constructor(context: SipContext, departure: Departure, handler: AttemptHandler) {
    this.#context = context;
    this.departure = departure;
    this.handler = handler;
    const trunks = departure.outside.trunks.map((name) => context.trunks.named(name)).filter((trunk) => trunk !== undefined);
    this.#servers = trunks.flatMap((trunk) => trunk.config.servers.map((uri) => ({ trunk, uri }))).slice(0, MAX_TRIES);
  }

  start(): void {
    if (!this.tryNext()) this.#context.timers.set(0, () => this.handler.failed('No Trunk Has A Free Line'));
  }

  /** Tries the next server of a trunk with a free line; false if there is none. */
  tryNext(): boolean {
    const { side } = this.departure;
    const { trunk } = side;
    enter(side, undefined);
    while (this.#next < this.#servers.length && !this.isCancelled) {
      const server = this.#servers[this.#next++];
      if (server === undefined || server.trunk.isFull) continue;
      enter(side, server.trunk);
      // A server that got the same CSeq over another one may take it for a merged request (RFC 3261 §8.2.2.2).
      const seq = this.#current === undefined ? 1 : side.invite.cseq.seq + 1;
      this.#current = new Try(this.#context, this, server);
      this.#current.start(seq, this.#next < this.#servers.length);
      return true;
    }
    // The one that was tried last may still answer: its line is taken until the leg ends.
    enter(side, trunk);
    return false;
  }

  isCurrent(one: Try): boolean {
    return one === this.#current;
  }

  cancel(headers?: ReadonlyMap<string, readonly string[]>): void {
    this.isCancelled = true;
    this.#current?.cancel(headers);
  }
}

/** Takes a line of this trunk, and gives back the one that the leg had. */
export function enter(side: LegSide, trunk: Trunk | undefined): void {
  if (side.trunk !== undefined) side.trunk.calls -= 1;
  if (trunk !== undefined) trunk.calls += 1;
  side.trunk = trunk;
}

/** One server that is tried. */
class Try implements AttemptHandler {
  readonly #context: SipContext;
  readonly #way: WayOutside;
  readonly #server: Server;
  readonly #challenges: Challenges | undefined;
  #attempt: Attempt | undefined;
  #timer: Timer | undefined;
  #hasRung = false;
  #isOver = false;

  constructor(context: SipContext, way: WayOutside, server: Server) {
    this.#context = context;
    this.#way = way;
    this.#server = server;
    const { account } = server.trunk;
    this.#challenges = account === undefined ? undefined : new Challenges(account, context.random);
  }

  start(seq: number, hasMore: boolean): void {
    if (hasMore) this.#timer = this.#context.timers.set(this.#server.trunk.config.tryForMs, () => this.#giveUp());
    const { uri } = this.#server;
    const way = isSipsUri(this.#way.departure.source.uri) ? secureWay(uri) : uri;
    this.#attempt = send(this.#context, way, (flow) => this.#make(flow, seq), this);
  }

  cancel(headers?: ReadonlyMap<string, readonly string[]>): void {
    this.#clear();
    this.#attempt?.cancel(headers);
  }

  trying(): void {
    this.#clear();
    if (this.#way.isCurrent(this)) this.#way.handler.trying?.();
  }

  response(response: SipResponse, flow: Flow): void {
    this.#clear();
    const { status } = response;
    if (!this.#way.isCurrent(this)) {
      if (status >= 200 && status < 300) this.unwanted(response, flow);
    } else if (status < 300) {
      this.#hasRung = true;
      this.#way.handler.response(response, flow);
    } else if (!this.#answersChallenge(response) && !(OF_THE_SERVER.has(status) && this.#passedOver()))
      this.#way.handler.response(response, flow);
  }

  unwanted(response: SipResponse, flow: Flow): void {
    this.#way.handler.unwanted?.(response, flow);
  }

  timedOut(): void {
    this.#clear();
    if (this.#way.isCurrent(this) && !this.#passedOver()) this.#way.handler.timedOut();
  }

  failed(why: string): void {
    this.#clear();
    if (this.#way.isCurrent(this) && !this.#passedOver()) this.#way.handler.failed(why);
  }

  /** RFC 3261 §22.2: the same request with credentials, in the same call. */
  #answersChallenge(response: SipResponse): boolean {
    if (response.status !== 401 && response.status !== 407) return false;
    const { side } = this.#way.departure;
    const again = this.#way.isCancelled ? undefined : this.#challenges?.answer(side.invite, response);
    if (again === undefined) {
      if (!this.#way.isCancelled) this.#context.tell.refusedCredentials(this.#server.trunk.config.name, response.status);
      return false;
    }
    side.invite = again;
    this.#attempt = this.#context.layer.send(again, side.flow, this);
    return true;
  }

  #giveUp(): void {
    this.#timer = undefined;
    if (this.#passedOver()) this.#attempt?.cancel();
  }

  /** This server does not serve: the next one is tried. False if there is none, or a phone behind this one has rung. */
  #passedOver(): boolean {
    if (this.#isOver || this.#hasRung || this.#way.isCancelled) return false;
    this.#isOver = true;
    if (!this.#way.tryNext()) return false;
    // The leg shall wait for the next one as if it had heard of this one.
    this.#way.handler.trying?.();
    return true;
  }

  #clear(): void {
    this.#context.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #make(flow: Flow, seq: number): SipRequest {
    const { side, outside, source, make } = this.#way.departure;
    const { trunk, uri } = this.#server;
    const invite = make(flow);
    const numbered = { ...invite, uri: requestUri(trunk, uri, outside.number), cseq: { seq, method: 'INVITE' } };
    side.invite = addressedBy(trunk, outside, numbered, source);
    return side.invite;
  }
}

/** Sends a MESSAGE (RFC 3428) to a number outside, by the first of its trunks. */
export function sendMessageOutside(
  context: SipContext,
  source: SipRequest,
  outside: Outside | undefined,
  message: SipRequest,
  handler: ClientHandler,
): void {
  const trunk = context.trunks.named(outside?.trunks[0] ?? '');
  const [server] = trunk?.config.servers ?? [];
  if (outside === undefined || trunk === undefined || server === undefined) {
    context.timers.set(0, () => handler.failed('No Such Trunk'));
    return;
  }
  const addressed = addressedBy(trunk, outside, { ...message, uri: requestUri(trunk, server, outside.number) }, source);
  const challenges = trunk.account && new Challenges(trunk.account, context.random);
  let latest = addressed;
  let flow: Flow | undefined;
  const answering: ClientHandler = {
    ...handler,
    response: (response, cameBy) => {
      const again = response.status === 401 || response.status === 407 ? challenges?.answer(latest, response) : undefined;
      if (again === undefined || flow === undefined) handler.response(response, cameBy);
      else {
        latest = again;
        context.layer.send(again, flow, answering);
      }
    },
  };
  send(
    context,
    isSipsUri(source.uri) ? secureWay(server) : server,
    (towards) => {
      flow = towards;
      return addressed;
    },
    answering,
  );
}

/** A request as this trunk wants to see it. */
const addressedBy = (trunk: Trunk, outside: Outside, request: SipRequest, source: SipRequest): SipRequest => ({
  ...request,
  from: presented(trunk, outside, request.from, isPrivate(source)),
  to: { name: '', uri: uriAt(trunk.config, outside.number), params: NO_PARAMS },
  route: trunk.registeredAt === undefined ? [] : trunk.serviceRoute,
  headers: headersFor(trunk, outside, request.headers, source),
});

/** The number at the trunk: its domain, with the server's port where that is the domain. */
function requestUri({ config }: Trunk, server: string, number: string): string {
  const uri = parseUri(server);
  if (uri === undefined || uri.host.toLowerCase() !== config.domain) return uriAt(config, number);
  return formatUri({ ...uri, user: canonicalUser(number), params: NO_PARAMS });
}

/** RFC 3323 §5.3: what else says who the user is. */
const OF_THE_USER = ['reply-to', 'in-reply-to', 'call-info', 'organization', 'subject', 'user-agent'];

/** The number that this trunk lets the caller show. */
const shown = ({ config }: Trunk, { shows }: Outside): string => config.from ?? (shows || (config.username ?? 'anonymous'));

function presented(trunk: Trunk, outside: Outside, from: NameAddr, hides: boolean): NameAddr {
  if (hides) return { ...from, ...ANONYMOUS };
  return { ...from, uri: uriAt(trunk.config, shown(trunk, outside)) };
}

function headersFor(
  trunk: Trunk,
  outside: Outside,
  passed: SipRequest['headers'],
  source: SipRequest,
): ReadonlyMap<string, readonly string[]> {
  const headers = new Map(passed);
  for (const name of CREDENTIALS) headers.delete(name);
  if (isPrivate(source)) for (const name of OF_THE_USER) headers.delete(name);
  if (!trunk.config.trusted) return headers;
  // RFC 3325 §9.1: only to who is trusted to keep it.
  headers.set('p-asserted-identity', [`<${uriAt(trunk.config, shown(trunk, outside))}>`]);
  const privacy = source.headers.get('privacy');
  if (privacy !== undefined) headers.set('privacy', privacy);
  return headers;
}
