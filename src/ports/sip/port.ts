/** The SIP port: posts facts for what arrives, and does what commands say. The one place where SIP and facts meet. */

import type { Command } from '../../../machines/vocabulary/commands.ts';
import type { Stamp } from '../../../machines/vocabulary/descriptor.ts';
import { type Address, CALLER_LEG, legAddress, PORT_SIP } from '../../../machines/vocabulary/identity.ts';
import type { AnyCommand, Port } from '../../engine/port.ts';
import type { Offence } from '../../protection/protection.ts';
import { type Dialog, isIn, takeRequest } from '../../sip/dialog.ts';
import { responseTo } from '../../sip/headers.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import type { SipUri } from '../../sip/uri.ts';
import type { ServerTransaction, TransactionUser } from '../../transaction/transaction.ts';
import { endpointName } from '../../transport/endpoint.ts';
import type { Flow } from '../../transport/transport.ts';
import { Admission, type Admitted } from './admission.ts';
import { breakOff } from './adoption.ts';
import { closeMedia } from './anchoring.ts';
import { dismiss } from './attending.ts';
import type { Authenticator } from './authenticator.ts';
import * as caller from './caller.ts';
import { newTag, type SipContext } from './context.ts';
import { DialPlan } from './dial-plan.ts';
import { Directory } from './directory.ts';
import { timesDiverted } from './diversion.ts';
import type { Domains } from './domains.ts';
import { Exchanges } from './exchanges.ts';
import * as fork from './fork.ts';
import type { Goal } from './goal.ts';
import { acknowledgeLate } from './late-answer.ts';
import { closed, reasonIn } from './leg-closed.ts';
import { type LegOrder, LegOrders } from './leg-orders.ts';
import type { LegSide } from './leg-side.ts';
import { dialogOf, type Place } from './leg-table.ts';
import { Loops } from './loops.ts';
import { relayMessage } from './messages.ts';
import { answerOptions } from './options.ts';
import { OrderedTransfers } from './ordered-transfers.ts';
import { enter } from './outside.ts';
import { PickupCodes } from './pickup-codes.ts';
import { PickupRights } from './pickup-rights.ts';
import { Placements } from './placing.ts';
import { isAnonymous } from './privacy.ts';
import { Published } from './published.ts';
import { type ByPickup, Reception } from './reception.ts';
import { asSeenByStranger, isRefusal, type Refusal, type RefusedCall, refusal } from './refusal.ts';
import { Registrations } from './registrations.ts';
import { dropReliable, orphan } from './reliable.ts';
import { Routes } from './routes.ts';
import { isSipsLeg } from './routing.ts';
import { unwatch } from './session.ts';
import { standDown } from './stand-in.ts';
import { disinherit } from './takeover.ts';
import { Transfers } from './transfer.ts';
import { TrunkRegistrations } from './trunk-registrations.ts';
import { Watchers } from './watchers.ts';

/** What the port asks of its surroundings beside its context. */
export interface SipSurroundings {
  readonly domains: Domains;
  readonly authenticator: Authenticator;
  /** Whether new work of that method is to be refused now. */
  readonly isOverloaded: (method: string) => boolean;
  /** Makes durable what was registered; called before a 200 to REGISTER leaves. */
  readonly flushBindings: () => void;
  /** Hears of each INVITE that became no call, challenged ones apart. */
  readonly callRefused: (refused: RefusedCall) => void;
  /** Whether a URI leads to one of our own listeners. */
  readonly isOwn: (uri: SipUri) => boolean;
  /** Hears of senders that are up to no good. */
  readonly offended: (flow: Flow, offence: Offence) => void;
  /** Hears of senders that proved to know a password. */
  readonly vouched: (flow: Flow) => void;
}

const CALL_ID_BYTES = 16;
const FAREWELL = 'SIP;cause=503;text="Service Stopping"';

export class SipPort implements Port, TransactionUser {
  readonly address = PORT_SIP;
  readonly #context: SipContext;
  readonly #surroundings: SipSurroundings;
  readonly #admission: Admission;
  readonly #reception: Reception;
  readonly #registrations: Registrations;
  readonly #routes: Routes;
  readonly #exchanges: Exchanges;
  readonly #loops: Loops;
  readonly #transfers: Transfers;
  readonly #ordered: OrderedTransfers;
  readonly #placements: Placements;
  /** undefined: nobody's calls can be watched. */
  readonly #watchers: Watchers | undefined;
  readonly #callers = new Map<ServerTransaction, LegSide>();
  readonly #legOrders: LegOrders;
  readonly #trunkRegistrations: TrunkRegistrations;
  #isDraining = false;
  /** How often what was refused before it became a call, by status. */
  readonly refused = new Map<number, number>();

  constructor(context: SipContext, surroundings: SipSurroundings) {
    this.#context = context;
    this.#surroundings = surroundings;
    const { settings, trunks } = context;
    const { domains, authenticator } = surroundings;
    const directory = new Directory(settings, domains);
    const dialPlan = new DialPlan(settings, directory);
    const refuse = (server: ServerTransaction, refused: Refusal): void => this.#refuse(server, refused);
    this.#admission = new Admission(settings, domains, directory, authenticator, trunks);
    this.#transfers = new Transfers(context, dialPlan, domains);
    this.#placements = new Placements({ context, dialPlan, domains }, () => this.#isTooMuch('INVITE'));
    const { pickup } = settings;
    let byPickup: ByPickup = {};
    if (pickup !== undefined) {
      const rights = new PickupRights(pickup, domains);
      this.#watchers = new Watchers(context, directory, rights);
      byPickup = {
        codes: new PickupCodes(pickup, rights, directory),
        published: new Published(context.legs, rights, this.#watchers.virtual, this.#transfers),
      };
    }
    this.#reception = new Reception(settings, domains, dialPlan, this.#transfers, byPickup);
    this.#registrations = new Registrations(context, { ...surroundings, directory, refuse });
    this.#routes = new Routes(context, dialPlan);
    const isRelayed = settings.transfer === 'relay';
    this.#exchanges = new Exchanges(context, (side, refer) =>
      isRelayed ? this.#transfers.whyNotReferred(side, refer) : undefined,
    );
    this.#loops = new Loops(context.legs);
    this.#ordered = new OrderedTransfers(context, this.#transfers, domains);
    this.#legOrders = new LegOrders(context, this.#exchanges, this.#transfers, this.#ordered);
    this.#trunkRegistrations = new TrunkRegistrations(context);
  }

  /** Begins to register with trunks; the service serves whether or not they answer. */
  start(): void {
    this.#trunkRegistrations.begin();
  }

  /** Takes back what is registered with trunks. */
  stop(): void {
    this.#trunkRegistrations.end();
    this.#watchers?.stop();
  }

  /** Refuses new calls from now on. Devices may still register: running calls find them where they have moved to. */
  drain(): void {
    this.#isDraining = true;
  }

  /** The process ends before its legs: what they were goes into the records nevertheless. */
  tellOpenLegs(): void {
    for (const side of [...this.#context.legs.all()]) this.#context.engine.post(closed(side));
  }

  /** From now on our BYEs and CANCELs say that it is the service that ends (RFC 3326). */
  sayFarewell(): void {
    this.#context.farewell.reason = FAREWELL;
  }

  get openLegs(): number {
    return this.#context.legs.size;
  }

  /** Messages and requests that the port keeps for its legs: none when all is quiet. */
  get kept(): number {
    return (
      this.#context.legs.kept +
      this.#exchanges.size +
      this.#registrations.size +
      this.#ordered.size +
      this.#callers.size +
      (this.#watchers?.virtual.size ?? 0)
    );
  }

  // What arrives.

  request(server: ServerTransaction): void {
    const { request } = server;
    const tag = request.to.params.tag;
    if (typeof tag === 'string' && this.#watchers?.has(tag)) this.#watch(server, this.#watchers.inDialog(server, tag));
    else if (tag !== undefined) this.#inDialog(server, tag ?? '');
    else if (this.#isTooMuch(request.method)) this.#refuse(server, this.#busy());
    else {
      const admitted = this.#admission.admit(request, server.flow);
      if (isRefusal(admitted)) this.#refuse(server, admitted);
      else {
        if (admitted.user !== '' || admitted.trunk !== undefined) this.#surroundings.vouched(server.flow);
        this.#start(server, admitted);
      }
    }
  }

  #isTooMuch(method: string): boolean {
    if ((this.#isDraining && method !== 'REGISTER') || this.#surroundings.isOverloaded(method)) return true;
    return method === 'INVITE' && this.#context.legs.calls >= this.#context.settings.maxCalls;
  }

  /** RFC 3261 §21.5.4; jittered, so that the refused do not come back together. */
  #busy(): Refusal {
    return refusal(503, '', { 'retry-after': String(2 + Math.floor(this.#context.random.fraction() * 8)) });
  }

  #refuse(server: ServerTransaction, { status, reason, headers, offence }: Refusal): void {
    this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
    const { request, flow } = server;
    const answer = responseTo(request, status, reason || undefined, newTag(this.#context), headers && { headers });
    // A challenge refuses nothing yet.
    if (request.method === 'INVITE' && request.to.params.tag === undefined && status !== 401 && status !== 407)
      this.#surroundings.callRefused({ request, remote: endpointName(flow.remote), status, reason: answer.reason });
    server.respond(answer);
    if (offence !== undefined) this.#surroundings.offended(flow, offence);
  }

  #start(server: ServerTransaction, admitted: Admitted): void {
    const { method } = server.request;
    if (method === 'REGISTER') this.#registrations.register(server, admitted.uri);
    else if (method === 'OPTIONS') answerOptions(this.#context, server);
    else if (method === 'SUBSCRIBE')
      this.#watch(
        server,
        this.#watchers?.subscribe(server, admitted.uri, this.#reception.userOf(server.request, admitted) ?? ''),
      );
    else {
      const goal = this.#reception.goalOf(server, admitted);
      if (isRefusal(goal)) this.#refuse(server, this.#reception.isStranger(admitted) ? asSeenByStranger(goal) : goal);
      else if (!goal.isDirect && this.#loops.has(server.request, goal.callee)) this.#refuse(server, refusal(482, ''));
      else if (method === 'INVITE') this.#call(server, admitted, goal);
      else relayMessage(this.#context, this.#loops, server, goal);
    }
  }

  #watch(server: ServerTransaction, refused: Refusal | undefined): void {
    if (refused !== undefined) this.#refuse(server, refused);
  }

  #call(server: ServerTransaction, admitted: Admitted, goal: Goal): void {
    const { request } = server;
    const { engine, legs, random } = this.#context;
    const { callee, accountPush, rings, forwarding, isDirect, continues, code = '', argument = '', menu } = goal;
    const call = engine.mint('call');
    const { uri, name } = this.#reception.callerOf(request, admitted);
    const side = caller.callerSide(this.#context, server, call, uri, this.#reception.aorOf(admitted));
    enter(side, admitted.trunk);
    legs.add(side);
    this.#callers.set(server, side);
    engine.post({
      type: 'invite.received',
      call,
      leg: side.address,
      caller: uri,
      callerName: name,
      anonymous: isAnonymous(request),
      callee,
      callIdStem: random.hex(CALL_ID_BYTES),
      accountPush,
      rings,
      forwarding,
      diverted: timesDiverted(request),
      direct: isDirect,
      continues,
      transferredBy: '',
      code,
      argument,
      placedBy: '',
    });
    // Right behind it: whoever hears of it has spoken before the call can end for want of a contact.
    if (menu !== undefined) engine.post({ type: 'menu.dialled', call, leg: side.address, menu, caller: uri, callee });
    if (goal.pickup !== undefined) engine.post({ type: 'pickup.asked', call, leg: side.address, ...goal.pickup });
  }

  /** A connection closed: whoever registered on it is not known awake any more. */
  flowClosed(flow: Flow): void {
    this.#registrations.flowClosed(flow);
  }

  #inDialog(server: ServerTransaction, tag: string): void {
    const { request } = server;
    const place = this.#context.legs.byLocalTag(tag);
    const dialog = place === undefined ? undefined : dialogOf(place, request);
    if (place === undefined || dialog === undefined) {
      this.#refuse(server, refusal(481, ''));
      return;
    }
    if (isSipsLeg(place.side) && !server.flow.secure) {
      this.#refuse(server, refusal(403, 'SIPS Needs TLS'));
      return;
    }
    const outOfOrder = takeRequest(dialog, request);
    if (outOfOrder !== undefined) {
      this.#refuse(server, refusal(outOfOrder.status, 'CSeq Out Of Order'));
      return;
    }
    place.side.flow = server.flow;
    if (request.method === 'BYE') this.#bye(place, dialog, server);
    else {
      const refused = this.#exchanges.open(place, dialog, server);
      if (refused !== undefined) this.#refuse(server, refused);
    }
  }

  #bye(place: Place, dialog: Dialog, server: ServerTransaction): void {
    const { request } = server;
    const { side, fork: forkAddress } = place;
    // RFC 3261 §15: a callee must not end an early dialog so; it has final answers for that.
    if (!side.isCaller && side.dialog === undefined) {
      this.#refuse(server, refusal(481, ''));
      return;
    }
    server.respond(responseTo(request, 200));
    const { engine, legs } = this.#context;
    if (side.dialog === undefined && forkAddress !== '') {
      if (caller.endEarly(this.#context, place, dialog)) return;
      engine.post({ type: 'bye.received', leg: side.address, fork: forkAddress, message: 0 });
      return;
    }
    side.isReleased = true;
    side.reason = reasonIn(request) || side.reason;
    this.#ordered.partyLeaves(side);
    // Who was to have its dialog has lost its party too.
    if (side.heir !== undefined && !breakOff(this.#context, side, 487, 'Party Has Hung Up'))
      engine.post({ type: 'bye.received', leg: side.heir.address, fork: '', message: 0 });
    engine.post({ type: 'bye.received', leg: side.address, fork: '', message: legs.keep(side, request) });
  }

  ack(request: SipRequest): void {
    const place = this.#context.legs.byLocalTag(request.to.params.tag ?? '');
    const side = place?.side;
    if (side?.dialog === undefined || !isIn(side.dialog, request)) return;
    if (side.server !== undefined && request.cseq.seq === side.invite.cseq.seq) {
      this.#callers.delete(side.server);
      caller.acknowledged(this.#context, side, request);
    } else this.#exchanges.acknowledged(side, request);
  }

  cancelled(server: ServerTransaction, cancel: SipRequest): void {
    const side = this.#callers.get(server);
    if (side === undefined) this.#exchanges.cancelled(server, cancel);
    else caller.cancelled(this.#context, side, reasonIn(cancel));
  }

  unacknowledged(server: ServerTransaction): void {
    const side = this.#callers.get(server) ?? this.#exchanges.unacknowledged(server);
    if (side === undefined) return;
    side.server = undefined;
    this.#callers.delete(server);
    this.#context.engine.post({ type: 'ack.missed', leg: side.address });
  }

  /** A 2xx to an INVITE that nobody knows any more; to one that opened a dialog, no ACK can be given that its sender would take. */
  strayAnswer(response: SipResponse, flow: Flow): void {
    acknowledgeLate(this.#context, response, flow);
  }

  // What shall be done.

  take(command: AnyCommand & Stamp): string | undefined {
    const order = command as Command;
    if (order.type === 'register.accept') return this.#registrations.accept(order);
    if (order.type === 'register.refuse') return this.#registrations.refuse(order);
    if (order.type === 'sip.route') return this.#routes.route(order, command.by);
    if (order.type === 'call.place') return this.#placements.place(order, command.by);
    if (order.type === 'sip.notify') return this.#watchers === undefined ? 'nobody can be watched' : this.#watchers.notify(order);
    if (order.type === 'sip.register') return this.#trunkRegistrations.register(order.trunk);
    if (order.type === 'sip.follow') return this.#routes.follow(order, command.by);
    return this.#legOrders.take(order as LegOrder);
  }

  /** The guarantee behind the commands: a leg whose actor is gone leaves nothing open, whatever it died of. */
  close(owner: Address): void {
    this.#watchers?.close(owner);
    this.#context.legs.forgetMessages(owner);
    const side = this.#context.legs.at(owner);
    if (side === undefined) return;
    this.#exchanges.close(side);
    if (side.server !== undefined) {
      this.#callers.delete(side.server);
      if (side.server.answered) side.server.acknowledged();
      else this.#refuse(side.server, refusal(500, 'Call Failed Here'));
    }
    dropReliable(this.#context, side);
    unwatch(this.#context, side);
    const callers = side.isCaller ? undefined : this.#context.legs.at(legAddress(side.call, CALLER_LEG));
    if (callers !== undefined) orphan(this.#context, callers, side);
    fork.abandon(this.#context, side);
    side.placed?.withdraw();
    enter(side, undefined);
    closeMedia(this.#context, side);
    dismiss(side);
    standDown(side);
    this.#ordered.close(side);
    disinherit(side);
    this.#context.legs.remove(side);
    this.#context.engine.post(closed(side));
  }
}
