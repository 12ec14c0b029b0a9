/** Requests inside a dialog that pass from one party to the other: re-INVITE, UPDATE, INFO, MESSAGE, unknown ones. */
import { type Dialog, endOffer, requestIn, takeDescription, takeResponse } from '../../sip/dialog.ts';
import { header, integerHeader, responseTo } from '../../sip/headers.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../sip/message.ts';
import { rseqOf, takeRseq } from '../../sip/reliable.ts';
import type { ClientHandler, ServerTransaction } from '../../transaction/transaction.ts';
import { acknowledgeIn, heardOn } from './acks.ts';
import { bridgeOf } from './anchoring.ts';
import { acknowledgedAttended, answerAttended } from './attended-requests.ts';
import { letAnswerGo } from './caller.ts';
import type { SipContext } from './context.ts';
import { ackTo, sendInDialog } from './credentials.ts';
import { described, withoutSdp } from './described.ts';
import { bodyFor, noteBody, recouple } from './descriptions.ts';
import { carriesOffer, dialogToward, type WhyNotReferred, whyRefused } from './exchange-rules.ts';
import { keyIn } from './info-keys.ts';
import { LeftAnswers } from './left-answers.ts';
import type { Answering, Exchange, LegSide } from './leg-side.ts';
import type { Place } from './leg-table.ts';
import { passedHeaders, setMaxForwards, statusPassed } from './passing.ts';
import { type Refusal, refusal } from './refusal.ts';
import { refusedOffer } from './refused-offer.ts';
import { acknowledgedBy, cease, isDescribing, rackBehind, sendReliably } from './reliable.ts';
import { wayIn } from './routing.ts';
import { agree, lapse } from './session.ts';
import { askInterval, isRefresh } from './session-interval.ts';

const NO_PRACK = refusal(504, 'No PRACK');
const ACCEPTED = refusal(200, '');
/** A re-INVITE that nobody ever answers finally is given up, as a proxy's Timer C would have it (RFC 3261 §16.8). */
const RE_INVITE_LIMIT_MS = 180_000;
/** Methods whose messages may describe the session. */
const DESCRIBING = new Set(['INVITE', 'UPDATE', 'PRACK', 'ACK']);

export class Exchanges {
  readonly #context: SipContext;
  readonly #byId = new Map<number, Exchange>();
  readonly #byServer = new Map<ServerTransaction, Exchange>();
  readonly #whyNotReferred: WhyNotReferred;
  readonly #left = new LeftAnswers();
  #lastId = 0;

  constructor(context: SipContext, whyNotReferred: WhyNotReferred) {
    this.#context = context;
    this.#whyNotReferred = whyNotReferred;
  }

  get size(): number {
    return this.#byId.size + this.#left.size;
  }

  /** A request came on a dialog: the call decides where it goes. Returns why it is refused here. */
  open(place: Place, dialog: Dialog, server: ServerTransaction): Refusal | undefined {
    const { side } = place;
    const { request } = server;
    const refused = whyRefused(this.#context, this.#whyNotReferred, side, dialog, request);
    if (refused !== undefined) return refused;
    if (request.method === 'INFO' && this.#isWithheld(side, request)) {
      server.respond(responseTo(request, 200));
      return undefined;
    }
    const rack = request.method === 'PRACK' ? this.#takePrack(side, dialog, server) : '';
    if (typeof rack !== 'string') return rack;
    if (server.answered) return undefined;
    const id = ++this.#lastId;
    const exchange: Exchange = {
      id,
      from: side,
      fromDialog: dialog,
      tag: place.tag,
      rack,
      server,
      request,
      isWaiting: true,
      to: undefined,
      toDialog: undefined,
      client: undefined,
      sent: undefined,
      limit: undefined,
      ack: undefined,
      isAcknowledged: false,
      answer: undefined,
      offers: carriesOffer(request) || (rack !== '' && this.#takeDescription(dialog, request)),
    };
    if (exchange.offers) dialog.offer = 'theirs';
    this.#byId.set(id, exchange);
    this.#byServer.set(server, exchange);
    side.exchanges.push(exchange);
    this.#describe(exchange, place.fork);
    return undefined;
  }

  /** Whether it says a key that is pressed for nobody but us: withheld, or of a caller who talks to nobody else yet. */
  #isWithheld({ address, attended, winner }: LegSide, info: SipRequest): boolean {
    const { media } = this.#context;
    const key = media && keyIn(info);
    if (media === undefined || key === undefined) return false;
    const pressed = media.pressed(address, key.digit, key.durationMs);
    return pressed === 'withheld' || (pressed === 'passesOn' && attended !== undefined && winner === '');
  }

  /** Tells the call of it, once its session description is such as the other party may be told. */
  #describe(exchange: Exchange, behind: string): void {
    const { id, from: side, fromDialog, request } = exchange;
    const bridge = DESCRIBING.has(request.method) ? bridgeOf(this.#context, side, behind) : undefined;
    const what = exchange.offers ? 'offer' : 'answer';
    const said = (message: SipRequest): void => {
      if (!this.#byId.has(id)) return;
      exchange.request = message;
      exchange.isWaiting = false;
      const fork = side.isCaller ? behind : side.address;
      this.#context.engine.post({
        type: 'request.received',
        call: side.call,
        leg: side.address,
        fork: side.dialog === fromDialog ? '' : fork,
        exchange: id,
        method: message.method,
      });
    };
    described(this.#context, side, { bridge, message: request, what }, said, ({ status, reason }) => {
      if (this.#byId.has(id)) this.#refuse(exchange, refusal(status, reason), exchange.offers);
    });
  }

  /** The RAck for the other side, if the PRACK goes on there; else it is answered here, or refused (RFC 3262 §3). */
  #takePrack(side: LegSide, dialog: Dialog, server: ServerTransaction): string | Refusal {
    const { request } = server;
    const reliable = acknowledgedBy(this.#context, side, dialog, request);
    if (reliable === undefined) return refusal(481, 'No Reliable Response Waits');
    const rack = rackBehind(reliable);
    if (rack === undefined) {
      // An offer here would have to be answered by whoever is behind, and nobody is.
      server.respond(responseTo(request, isDescribing(request) ? 488 : 200));
    }
    if (side.held !== undefined) letAnswerGo(this.#context, side);
    return rack ?? '';
  }

  /** A PRACK answers the offer in what it acknowledges, or makes one of its own (RFC 3262 §5). True if it makes one. */
  #takeDescription(dialog: Dialog, prack: SipRequest): boolean {
    if (!isDescribing(prack)) return false;
    if (dialog.offer === 'none') return true;
    takeDescription(dialog, 'theirs');
    return false;
  }

  /** Sends the request on to the other party. */
  relay(id: number, to: LegSide | undefined): string | undefined {
    const exchange = this.#byId.get(id);
    if (exchange === undefined || exchange.to !== undefined) return 'no such request waits';
    if (to?.placed !== undefined) {
      // Its party waits for somebody who shall be called: 481 would end its dialog (RFC 5057 §5.1).
      this.#refuse(exchange, exchange.offers ? refusal(491, '') : refusal(480, 'Nobody Is There Yet'));
      return undefined;
    }
    const dialog = to === undefined ? undefined : dialogToward(exchange, to);
    if (to === undefined || dialog === undefined) {
      this.#refuse(exchange, refusal(481, ''));
      return undefined;
    }
    if (exchange.offers && dialog.offer !== 'none' && exchange.rack === '') {
      this.#refuse(exchange, refusal(491, ''));
      return undefined;
    }
    if (exchange.offers) dialog.offer = 'ours';
    else if (exchange.rack !== '' && isDescribing(exchange.request)) takeDescription(dialog, 'ours');
    const { request } = exchange;
    const headers = passedHeaders(request, this.#context.settings.realm);
    setMaxForwards(headers, integerHeader(request, 'max-forwards'));
    if (isRefresh(request)) askInterval(this.#context.settings, request, headers);
    if (exchange.rack !== '') headers.set('rack', [exchange.rack]);
    const contact = request.contact === '*' || request.contact.length === 0 ? [] : to.contact;
    const relayed = requestIn(dialog, request.method, {
      headers,
      body: this.#body(exchange.fromDialog, dialog, request),
      contact,
    });
    exchange.to = to;
    to.asked.add(exchange);
    exchange.toDialog = dialog;
    exchange.sent = relayed;
    if (request.method === 'INVITE') this.#limit(exchange);
    const way = wayIn(this.#context, to, dialog);
    exchange.client = sendInDialog(this.#context, { side: to, dialog }, relayed, way, this.#handlerOf(exchange, to), (again) => {
      exchange.sent = again;
    });
    return undefined;
  }

  #limit(exchange: Exchange): void {
    const { timers } = this.#context;
    timers.clear(exchange.limit);
    exchange.limit = timers.set(RE_INVITE_LIMIT_MS, () => {
      exchange.client?.cancel();
      this.#refuse(exchange, refusal(408, ''));
    });
  }

  #handlerOf(exchange: Exchange, to: LegSide): ClientHandler {
    return {
      response: (response, flow) => {
        heardOn(to, flow);
        if (exchange.ack !== undefined && response.status >= 200) {
          this.#acknowledge(exchange);
          return;
        }
        if (!this.#byId.has(exchange.id)) this.#tooLate(exchange, to, response);
        if (exchange.server.answered || !this.#isInOrder(exchange, response)) return;
        if (exchange.limit !== undefined) this.#renewLimit(exchange, response);
        this.#take(exchange, to, response);
      },
      timedOut: () => {
        this.#giveUp(exchange, to, refusal(408, ''));
        this.#judge(exchange, to, 408);
      },
      failed: () => this.#giveUp(exchange, to, refusal(500, 'Peer Cannot Be Reached')),
    };
  }

  /** An answer of the other party, as the one who asked may be told it. */
  #take(exchange: Exchange, to: LegSide, response: SipResponse): void {
    const { method } = exchange.request;
    const pair = exchange.from.isCaller ? to : exchange.from;
    const bridge = DESCRIBING.has(method) ? pair.bridge : undefined;
    const { status } = response;
    const isFailure = status >= 300;
    const message = bridge !== undefined && isFailure ? withoutSdp(response) : response;
    // RFC 3261 §14.2: to an INVITE without one, the answer makes the offer.
    const what = isDescribing(exchange.request) ? 'answer' : 'offer';
    const said = (told: SipResponse): void => {
      // Its leg went on without it, or it is a repetition.
      if (!this.#byId.has(exchange.id)) this.#tooLate(exchange, to, response);
      if (exchange.server.answered) return;
      this.#post(exchange, to, status, this.#context.legs.keep(to, told));
      this.#judge(exchange, to, status);
    };
    described(this.#context, to, { bridge: isFailure ? undefined : bridge, message, what }, said, (why) =>
      this.#undescribed(exchange, to, response, refusal(why.status, why.reason)),
    );
  }

  /** The other party has agreed, or would, to what cannot be passed on. */
  #undescribed(exchange: Exchange, to: LegSide, response: SipResponse, refused: Refusal): void {
    if (response.status < 200) {
      exchange.client?.cancel();
      this.#refuse(exchange, refused);
      return;
    }
    this.#refuse(exchange, refused);
    this.#tooLate(exchange, to, response);
  }

  /** Its transaction is over without an answer, which may still come. */
  #giveUp(exchange: Exchange, to: LegSide, refused: Refusal): void {
    const { sent, toDialog: dialog } = exchange;
    if (sent !== undefined && dialog !== undefined) to.givenUp = { sent, dialog, ack: undefined };
    this.#refuse(exchange, refused);
  }

  /** RFC 5057 §5.1: what destroys the usage of the INVITE ends the call. A phone that lets INFO time out may well be there. */
  #judge({ request: { method }, toDialog }: Exchange, to: LegSide, status: number): void {
    if (toDialog === undefined || toDialog !== to.dialog) return;
    const refreshes = method === 'INVITE' || method === 'UPDATE';
    if (status === 481 && (refreshes || method === 'INFO')) lapse(this.#context, to, 'unknown');
    else if (status === 408 && refreshes) lapse(this.#context, to, 'silent');
  }

  #renewLimit(exchange: Exchange, { status }: SipResponse): void {
    if (status < 200) this.#limit(exchange);
    else this.#unlimit(exchange);
  }

  #unlimit(exchange: Exchange): void {
    this.#context.timers.clear(exchange.limit);
    exchange.limit = undefined;
  }

  /** Whether an answer goes on: no reliable provisional that came before, or too early (RFC 3262 §4). */
  #isInOrder({ toDialog }: Exchange, response: SipResponse): boolean {
    const rseq = rseqOf(response);
    return rseq === undefined || toDialog === undefined || takeRseq(toDialog, response.cseq.seq, rseq);
  }

  /** A 2xx to a re-INVITE that was answered without it is owed its ACK all the same (RFC 3261 §13.2.2.4). */
  #tooLate(exchange: Exchange, to: LegSide, response: SipResponse): void {
    const { request, toDialog } = exchange;
    if (request.method !== 'INVITE' || toDialog === undefined || response.status < 200 || response.status >= 300) return;
    exchange.ack = ackTo(exchange.sent, to, toDialog, refusedOffer(to.flow, request, response, toDialog));
    this.#acknowledge(exchange);
  }

  #acknowledge({ to, toDialog, ack }: Exchange): void {
    if (to === undefined || toDialog === undefined || ack === undefined) return;
    acknowledgeIn(this.#context, to, toDialog, ack);
  }

  #post(exchange: Exchange, to: LegSide, status: number, message: number): void {
    this.#context.engine.post({
      type: 'response.received',
      call: exchange.from.call,
      leg: to.address,
      exchange: exchange.id,
      status,
      message,
    });
  }

  /** Passes an answer of the other party back. */
  answer(id: number, message: number): string | undefined {
    const exchange = this.#byId.get(id);
    const response = this.#context.legs.message(message);
    if (exchange === undefined || response?.kind !== 'response') return 'no such request waits';
    const { from, server, request, toDialog } = exchange;
    if (toDialog !== undefined) takeResponse(toDialog, response);
    exchange.answer = response;
    const status = statusPassed(response.status);
    const contact = status >= 300 || response.contact === '*' || response.contact.length === 0 ? [] : from.contact;
    const headers = passedHeaders(response, this.#context.settings.realm);
    if (status >= 200 && status < 300 && isRefresh(request) && exchange.fromDialog === from.dialog)
      agree(this.#context, from, exchange.to, request, headers);
    // An answer fits the offer that it answers (RFC 3264 §6), though the dialog was re-coupled after that had passed.
    if (exchange.offers && status < 300) noteBody(exchange.fromDialog, request.body, header(request, 'content-type'));
    const body = toDialog === undefined ? response.body : this.#body(toDialog, exchange.fromDialog, response);
    const extra = { headers, body, contact };
    const answer = responseTo(request, status, status === response.status ? response.reason : undefined, undefined, extra);
    const rseq = rseqOf(response);
    if (rseq !== undefined && exchange.to !== undefined) {
      const rack = { rseq, seq: response.cseq.seq, method: 'INVITE' };
      this.#passReliably(exchange, answer, { leg: exchange.to, rack });
      return undefined;
    }
    if (status >= 200) cease(this.#context, from, server);
    server.respond(answer);
    // The 2xx of a re-INVITE is still owed its ACK, and an offer in it stays open until then.
    if (status >= 300 || (status >= 200 && request.method !== 'INVITE')) this.#drop(exchange);
    return undefined;
  }

  #passReliably(exchange: Exchange, response: SipResponse, behind: Answering['behind']): void {
    const { from, fromDialog, server } = exchange;
    const missed = () => {
      exchange.client?.cancel();
      this.#refuse(exchange, NO_PRACK);
    };
    sendReliably(this.#context, from, { server, dialog: fromDialog, response, behind, missed });
  }

  /** A message's body on its way from the party of one dialog to that of another. */
  #body(from: Dialog, to: Dialog, message: SipMessage): string {
    const { body } = message;
    if (body === '' || !DESCRIBING.has(message.cseq.method)) return body;
    const type = header(message, 'content-type');
    // A dialog that was re-coupled, if only for a while, may have more m-lines than the other one: each keeps its own.
    if (to.lines !== undefined) recouple(from);
    noteBody(from, body, type);
    return bodyFor(to, body, type);
  }

  /** A request that waits to be passed on or to be carried out here. */
  waiting(id: number): Exchange | undefined {
    const exchange = this.#byId.get(id);
    return exchange?.to === undefined ? exchange : undefined;
  }

  /** Answers an offer, or a refresh, of a party that the service attends. */
  attend(id: number): string | undefined {
    const exchange = this.#byId.get(id);
    if (exchange === undefined || exchange.to !== undefined) return 'no such request waits';
    answerAttended(this.#context, exchange, {
      // A 2xx to INVITE is owed its ACK.
      answered: () => {
        if (exchange.request.method !== 'INVITE') this.#drop(exchange);
      },
      refused: (why) => this.#refuse(exchange, why),
    });
    return undefined;
  }

  /** Answers a waiting request ourselves. */
  refuse(id: number, refused: Refusal): string | undefined {
    const exchange = this.#byId.get(id);
    if (exchange === undefined) return 'no such request waits';
    this.#refuse(exchange, refused);
    return undefined;
  }

  /** `isOffer`: what is refused is what it offers. */
  #refuse(exchange: Exchange, refused: Refusal, isOffer = false): void {
    // A PRACK that found its answer is not refused, though nobody is left behind it (RFC 3262 §3).
    const { status, reason, headers } = exchange.rack !== '' && refused.status >= 400 && !isOffer ? ACCEPTED : refused;
    if (!exchange.server.answered) {
      cease(this.#context, exchange.from, exchange.server);
      exchange.server.respond(
        responseTo(exchange.request, status, reason || undefined, undefined, headers === undefined ? {} : { headers }),
      );
    }
    this.#drop(exchange);
  }

  /** The ACK to the 2xx of a relayed re-INVITE came. False if no such 2xx waits for it. */
  acknowledged(side: LegSide, ack: SipRequest): boolean {
    const exchange = side.exchanges.find(({ request }) => request.method === 'INVITE' && request.cseq.seq === ack.cseq.seq);
    if (exchange === undefined) return this.#left.acknowledged(side.dialog, ack);
    if (!exchange.server.answered || exchange.ack !== undefined || exchange.isAcknowledged) return false;
    if (exchange.to === undefined) {
      acknowledgedAttended(this.#context, exchange, ack);
      this.#drop(exchange);
      return true;
    }
    exchange.server.acknowledged();
    exchange.isAcknowledged = true;
    const { id, to } = exchange;
    const pair = side.isCaller ? to : side;
    const said = (answer: SipRequest): void => {
      if (!this.#byId.has(id)) return;
      const message = answer.body === '' ? 0 : this.#context.legs.keep(side, answer);
      const { call } = side;
      this.#context.engine.post({ type: 'exchange.acknowledged', call, leg: to.address, exchange: id, message });
    };
    // An answer cannot be refused but by hanging up.
    described(this.#context, side, { bridge: pair.bridge, message: ack, what: 'answer' }, said, () => {
      if (this.#byId.has(id)) this.#giveUpAck(exchange);
      this.#context.engine.post({ type: 'ack.missed', leg: side.address });
    });
    return true;
  }

  /** Passes the ACK on. */
  relayAck(id: number, message: number): string | undefined {
    const exchange = this.#byId.get(id);
    if (exchange?.toDialog === undefined || exchange.to === undefined) return 'no such request waits';
    const source = this.#context.legs.message(message);
    const extra =
      source === undefined
        ? {}
        : {
            headers: passedHeaders(source, this.#context.settings.realm),
            body: this.#body(exchange.fromDialog, exchange.toDialog, source),
          };
    exchange.ack = ackTo(exchange.sent, exchange.to, exchange.toDialog, extra);
    this.#acknowledge(exchange);
    this.#drop(exchange);
    return undefined;
  }

  /** No ACK will come to be passed on: ours refuses what the 2xx may have offered (RFC 3264 §6). */
  #giveUpAck(exchange: Exchange): void {
    const { to, toDialog, request, answer } = exchange;
    if (to === undefined || toDialog === undefined) {
      this.#drop(exchange);
      return;
    }
    exchange.ack = ackTo(exchange.sent, to, toDialog, refusedOffer(to.flow, request, answer, toDialog));
    this.#acknowledge(exchange);
    this.#drop(exchange);
  }

  /** CANCEL of a relayed re-INVITE follows its INVITE; the other party's 487 comes back as any answer. */
  cancelled(server: ServerTransaction, cancel: SipRequest): boolean {
    const exchange = this.#byServer.get(server);
    if (exchange?.isWaiting) {
      this.#refuse(exchange, refusal(487, ''));
      return true;
    }
    const reason = cancel.headers.get('reason');
    exchange?.client?.cancel(reason === undefined ? undefined : new Map([['reason', reason]]));
    return exchange !== undefined;
  }

  /** The 2xx of a relayed re-INVITE was never acknowledged: the other side is not left waiting too. */
  unacknowledged(server: ServerTransaction): LegSide | undefined {
    const exchange = this.#byServer.get(server);
    if (exchange !== undefined) {
      this.#giveUpAck(exchange);
      return exchange.from;
    }
    const dialog = this.#left.settle(server);
    return dialog && this.#context.legs.byLocalTag(dialog.localTag)?.side;
  }

  /** The leg is gone: what it asked or was asked is answered 487 (RFC 3261 §15.1.2), and no 2xx waits for its ACK any more. */
  close(side: LegSide): void {
    for (const exchange of [...side.exchanges, ...side.asked]) {
      const { from, fromDialog, server } = exchange;
      if (!server.answered) {
        this.#refuse(exchange, refusal(487, ''));
        continue;
      }
      this.#giveUpAck(exchange);
      this.#drop(exchange);
      // Who asked goes on in another call, or is about to.
      if (from.heir !== undefined) this.#left.add(server, fromDialog);
      else server.acknowledged();
    }
    if (!side.isMoved) this.#left.close(side.dialog);
  }

  #drop(exchange: Exchange): void {
    this.#unlimit(exchange);
    if (exchange.offers) {
      endOffer(exchange.fromDialog);
      if (exchange.toDialog !== undefined) endOffer(exchange.toDialog);
    }
    this.#byId.delete(exchange.id);
    this.#byServer.delete(exchange.server);
    exchange.to?.asked.delete(exchange);
    const at = exchange.from.exchanges.indexOf(exchange);
    if (at >= 0) exchange.from.exchanges.splice(at, 1);
  }
}
