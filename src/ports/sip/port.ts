/** The SIP port: posts facts for what arrives, and does what commands say. The one place where SIP and facts meet. */

import type { Ring } from '../../../machines/vocabulary/binding.ts';
import type {
  Command,
  RegisterAccept,
  RegisterRefuse,
  SipCommand,
  SipFollow,
  SipRegister,
  SipRoute,
} from '../../../machines/vocabulary/commands.ts';
import type { Stamp } from '../../../machines/vocabulary/descriptor.ts';
import { type Address, CALLER_LEG, legAddress, PORT_SIP } from '../../../machines/vocabulary/identity.ts';
import type { AnyCommand, Port } from '../../engine/port.ts';
import type { Offence } from '../../protection/protection.ts';
import { type Dialog, isIn, takeRequest } from '../../sip/dialog.ts';
import { responseTo } from '../../sip/headers.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import { unquoted } from '../../sip/name-addr.ts';
import { aorOf, parseUri, type SipUri } from '../../sip/uri.ts';
import type { ServerTransaction, TransactionUser } from '../../transaction/transaction.ts';
import { endpointName } from '../../transport/endpoint.ts';
import type { Flow } from '../../transport/transport.ts';
import { Admission, type Admitted } from './admission.ts';
import type { Authenticator } from './authenticator.ts';
import * as caller from './caller.ts';
import { newTag, type SipContext } from './context.ts';
import { type Destination, DialPlan } from './dial-plan.ts';
import { Directory } from './directory.ts';
import { contactsByPreference, timesDiverted } from './diversion.ts';
import { Domains } from './domains.ts';
import { Exchanges } from './exchanges.ts';
import * as fork from './fork.ts';
import { closed, reasonIn } from './leg-closed.ts';
import type { LegSide } from './leg-side.ts';
import { earlyKey, type Place } from './leg-table.ts';
import { Loops } from './loops.ts';
import { relayMessage } from './messages.ts';
import { ALLOW, SUPPORTED } from './methods.ts';
import { enter } from './outside.ts';
import { asSeenByStranger, isRefusal, type Refusal, type RefusedCall, refusal } from './refusal.ts';
import { RegistersUnderWay } from './registering.ts';
import { copied, Registrar, userAgentOf } from './registrar.ts';
import { dropReliable, orphan } from './reliable.ts';
import { isSipsLeg } from './routing.ts';
import { unwatch } from './session.ts';
import { standDown } from './stand-in.ts';
import { disinherit } from './takeover.ts';
import { type Goal, Transfers } from './transfer.ts';
import { TrunkRegistration } from './trunk-registration.ts';
import { numbersDialled } from './trunks.ts';

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

/** AoRs that one connection may have registered and that are told when it closes. */
const MAX_AORS_PER_FLOW = 1_000;
const CALL_ID_BYTES = 16;
const FAREWELL = 'SIP;cause=503;text="Service Stopping"';

/** What concerns a leg. */
type LegOrder = Exclude<SipCommand, RegisterAccept | RegisterRefuse | SipRoute | SipFollow | SipRegister>;

export class SipPort implements Port, TransactionUser {
  readonly address = PORT_SIP;
  readonly #context: SipContext;
  readonly #surroundings: SipSurroundings;
  readonly #admission: Admission;
  readonly #directory: Directory;
  readonly #dialPlan: DialPlan;
  readonly #registrar: Registrar;
  readonly #exchanges: Exchanges;
  readonly #loops: Loops;
  readonly #transfers: Transfers;
  readonly #callers = new Map<ServerTransaction, LegSide>();
  readonly #registering: RegistersUnderWay;
  readonly #registrations = new Map<string, TrunkRegistration>();
  readonly #aorsOf = new Map<string, Set<string>>();
  #isDraining = false;
  /** How often what was refused before it became a call, by status. */
  readonly refused = new Map<number, number>();

  constructor(context: SipContext, surroundings: SipSurroundings) {
    this.#context = context;
    this.#surroundings = surroundings;
    const { settings, trunks } = context;
    const { domains, authenticator } = surroundings;
    this.#directory = new Directory(settings, domains);
    this.#admission = new Admission(settings, domains, this.#directory, authenticator, trunks);
    this.#dialPlan = new DialPlan(settings, this.#directory);
    this.#registrar = new Registrar(context.settings, surroundings.isOwn);
    this.#transfers = new Transfers(context, this.#dialPlan, surroundings.domains);
    const isRelayed = context.settings.transfer === 'relay';
    this.#exchanges = new Exchanges(context, (side, refer) =>
      isRelayed ? this.#transfers.whyNotReferred(side, refer) : undefined,
    );
    this.#loops = new Loops(context.legs);
    this.#registering = new RegistersUnderWay(context.timers, (server) => this.#refuse(server, refusal(500, '')));
  }

  /** Begins to register with trunks; the service serves whether or not they answer. */
  start(): void {
    for (const trunk of this.#context.trunks.all()) {
      if (!trunk.config.register) continue;
      this.#registrations.set(trunk.config.name, new TrunkRegistration(this.#context, trunk));
      this.#context.engine.post({ type: 'trunk.opened', trunk: trunk.config.name });
    }
  }

  /** Takes back what is registered with trunks. */
  stop(): void {
    for (const registration of this.#registrations.values()) registration.unregister();
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
    return this.#context.legs.kept + this.#exchanges.size + this.#registering.size + this.#callers.size;
  }

  // What arrives.

  request(server: ServerTransaction): void {
    const { request } = server;
    const tag = request.to.params.tag;
    if (tag !== undefined) this.#inDialog(server, tag ?? '');
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
    if (method === 'REGISTER') this.#register(server, admitted);
    else if (method === 'OPTIONS') this.#options(server);
    else {
      const goal = this.#goalOf(server, admitted);
      if (isRefusal(goal)) this.#refuse(server, this.#isStranger(admitted) ? asSeenByStranger(goal) : goal);
      else if (!goal.isDirect && this.#loops.has(server.request, goal.callee)) this.#refuse(server, refusal(482, ''));
      else if (method === 'INVITE') this.#call(server, admitted, goal);
      else relayMessage(this.#context, this.#loops, server, goal);
    }
  }

  #destinationOf(request: SipRequest, admitted: Admitted): Destination | Refusal {
    const { trunk, uri } = admitted;
    if (trunk === undefined) return this.#dialPlan.resolve(uri, this.#aorOf(admitted));
    if (trunk.isFull && request.method === 'INVITE') return refusal(503, 'All Lines Of The Trunk Are Taken');
    return this.#dialPlan.inbound(numbersDialled(request, uri, trunk), trunk.config.inboundTo);
  }

  /** Where nobody is asked who he is, nobody is told less for it. */
  #isStranger({ user, trunk }: Admitted): boolean {
    return user === '' && trunk === undefined && this.#context.settings.auth !== 'none';
  }

  /** Where a request leads: to the party whose call it replaces, whatever its Request-URI says, else where the dial plan says. */
  #goalOf({ request, flow }: ServerTransaction, admitted: Admitted): Goal | Refusal {
    const lines = request.headers.get('replaces');
    if (lines !== undefined) return this.#transfers.replacing(lines, this.#aorOf(admitted), flow.remote.host);
    const destination = this.#destinationOf(request, admitted);
    return isRefusal(destination) ? destination : { ...destination, isDirect: false, continues: '' };
  }

  /** Whose permissions count: the authenticated user's. */
  #aorOf({ user }: Admitted): string {
    return user === '' ? '' : this.#surroundings.domains.aorOfUser(user);
  }

  /** RFC 3261 §11.2. */
  #options(server: ServerTransaction): void {
    const headers = new Map([
      ['allow', [ALLOW]],
      ['supported', [SUPPORTED]],
      ['accept', ['*/*']],
    ]);
    server.respond(responseTo(server.request, 200, undefined, newTag(this.#context), { headers }));
  }

  #call(server: ServerTransaction, admitted: Admitted, goal: Goal): void {
    const { request } = server;
    const { engine, legs, random } = this.#context;
    const { callee, accountPush, rings, forwarding, isDirect, continues } = goal;
    const call = engine.mint('call');
    const { uri, name } = this.#callerOf(request, admitted);
    const side = caller.callerSide(this.#context, server, call, uri, this.#aorOf(admitted));
    enter(side, admitted.trunk);
    legs.add(side);
    this.#callers.set(server, side);
    engine.post({
      type: 'invite.received',
      call,
      leg: side.address,
      caller: uri,
      callerName: name,
      callee,
      callIdStem: random.hex(CALL_ID_BYTES),
      accountPush,
      rings,
      forwarding,
      diverted: timesDiverted(request),
      direct: isDirect,
      continues,
      transferredBy: '',
    });
  }

  /** Who calls, as it is shown; a user of ours by the address of record, and by the configured name where the phone sends none. */
  #callerOf({ from }: SipRequest, admitted: Admitted): { uri: string; name: string } {
    const parsed = parseUri(from.uri);
    if (parsed === undefined) return { uri: from.uri, name: unquoted(from.name) };
    const aor = this.#aorOf(admitted) || this.#surroundings.domains.aorOf(parsed);
    const user = aor === undefined ? undefined : this.#context.settings.users.get(Domains.userOf(aor));
    return { uri: aor ?? aorOf(parsed), name: unquoted(from.name) || (user?.displayName ?? '') };
  }

  #register(server: ServerTransaction, { uri }: Admitted): void {
    const { request, flow } = server;
    const { domains } = this.#surroundings;
    const to = parseUri(request.to.uri);
    const aor = to === undefined ? undefined : this.#directory.aorOf(to);
    if (to === undefined || !domains.isOurs(to) || !domains.isOurs(uri))
      this.#refuse(server, refusal(404, 'Not A Domain Of Ours'));
    else if (aor === undefined) this.#refuse(server, refusal(404, 'No Such User'));
    else {
      const reading = this.#registrar.read(request, flow);
      if (isRefusal(reading)) this.#refuse(server, reading);
      else this.#postRegister(server, aor, reading);
    }
  }

  #postRegister(
    server: ServerTransaction,
    aor: string,
    { all, contacts }: Exclude<ReturnType<Registrar['read']>, Refusal>,
  ): void {
    const { request, flow } = server;
    const exchange = this.#registering.add(server, new Set(contacts.map(({ device }) => device)));
    if (flow.reliable && contacts.length > 0) this.#noteFlow(flow, aor);
    this.#context.engine.post({
      type: 'register.received',
      aor,
      exchange,
      callId: copied(request.callId),
      cseq: request.cseq.seq,
      all,
      contacts,
      userAgent: userAgentOf(request),
    });
  }

  #noteFlow(flow: Flow, aor: string): void {
    const aors = this.#aorsOf.get(flow.id);
    if (aors === undefined) this.#aorsOf.set(flow.id, new Set([aor]));
    else if (aors.size < MAX_AORS_PER_FLOW) aors.add(aor);
  }

  /** A connection closed: whoever registered on it is not known awake any more. */
  flowClosed(flow: Flow): void {
    if (!flow.reliable) return;
    const aors = this.#aorsOf.get(flow.id);
    this.#aorsOf.delete(flow.id);
    for (const aor of aors ?? []) this.#context.engine.post({ type: 'flow.closed', aor, flow: flow.id });
  }

  #inDialog(server: ServerTransaction, tag: string): void {
    const { request } = server;
    const place = this.#context.legs.byLocalTag(tag);
    const dialog = place === undefined ? undefined : dialogFor(place, request);
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
    // Who was to have its dialog has lost its party too.
    if (side.heir !== undefined) engine.post({ type: 'bye.received', leg: side.heir.address, fork: '', message: 0 });
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
    else {
      const reason = reasonIn(cancel);
      side.reason = reason;
      this.#context.engine.post({ type: 'cancel.received', leg: side.address, reason });
    }
  }

  unacknowledged(server: ServerTransaction): void {
    const side = this.#callers.get(server) ?? this.#exchanges.unacknowledged(server);
    if (side === undefined) return;
    side.server = undefined;
    this.#callers.delete(server);
    this.#context.engine.post({ type: 'ack.missed', leg: side.address });
  }

  /** A 2xx to an INVITE of ours that nobody knows any more cannot be given an ACK that its sender would take. */
  strayAnswer(_response: SipResponse, _flow: Flow): void {}

  // What shall be done.

  take(command: AnyCommand & Stamp): string | undefined {
    const order = command as Command;
    if (order.type === 'register.accept') return this.#accept(order);
    if (order.type === 'register.refuse') return this.#refuseRegister(order);
    if (order.type === 'sip.route') return this.#route(order, command.by);
    if (order.type === 'sip.register') return this.#registerWith(order.trunk);
    if (order.type === 'sip.follow') return this.#follow(order, command.by);
    return this.#takeForLeg(order as LegOrder);
  }

  /** Where that URI leads, and what rings there now. */
  #route({ call, route, uri, onBehalfOf }: SipRoute, author: Address): undefined {
    const parsed = parseUri(uri);
    const found = parsed === undefined ? refusal(404, 'Malformed Target') : this.#dialPlan.resolve(parsed, onBehalfOf);
    this.#answerRoute(call, route, [found], author);
  }

  /** The contacts of a redirection, which lead where its device's user may go (RFC 3261 §8.1.3.4). */
  #follow({ call, route, message, onBehalfOf }: SipFollow, author: Address): undefined {
    const redirection = this.#context.legs.message(message);
    const found = contactsByPreference(redirection).map((uri) => this.#dialPlan.resolve(uri, onBehalfOf));
    this.#answerRoute(call, route, found.length === 0 ? [refusal(480, 'Redirected Nowhere')] : found, author);
  }

  /** One answer for all destinations; the first one's name stands for them. */
  #answerRoute(call: Address, route: number, found: readonly (Destination | Refusal)[], author: Address): void {
    const askedBy = author === call ? '' : author;
    const destinations = found.filter((one): one is Destination => !isRefusal(one));
    const [first] = destinations;
    if (first === undefined) {
      const refused = found.find(isRefusal) ?? refusal(404, '');
      this.#context.engine.post({
        type: 'route.failed',
        call,
        route,
        status: refused.status,
        reason: refused.reason,
        case: askedBy,
      });
      return;
    }
    const { callee, accountPush, forwarding } = first;
    const rings = destinations.flatMap((one) => [...this.#awake(one.callee), ...one.rings]);
    const wakeable = accountPush.provider !== '' || this.#context.location.of(callee).some(({ asleep }) => asleep);
    this.#context.engine.post({
      type: 'route.found',
      call,
      route,
      callee,
      rings,
      wakeable,
      accountPush,
      forwarding,
      case: askedBy,
    });
  }

  #awake(aor: string): Ring[] {
    const awake = this.#context.location.of(aor).filter(({ asleep }) => !asleep);
    return awake.map(({ device, binding }): Ring => ({ aor, device, target: binding.target }));
  }

  #registerWith(trunk: string): string | undefined {
    const registration = this.#registrations.get(trunk);
    registration?.register();
    return registration === undefined ? 'no such trunk' : undefined;
  }

  #takeForLeg(command: LegOrder): string | undefined {
    if (command.type === 'sip.invite') return fork.invite(this.#context, command);
    const side = this.#context.legs.at(command.leg);
    if (command.type === 'sip.relayRequest') return this.#exchanges.relay(command.exchange, side);
    if (side === undefined) return 'no such leg';
    switch (command.type) {
      case 'sip.respond':
        return caller.respond(this.#context, side, command);
      case 'sip.cancel':
        return fork.cancel(this.#context, side, command);
      case 'sip.ack':
        return fork.acknowledge(this.#context, side, command.message);
      case 'sip.bye':
        return fork.bye(this.#context, side, command);
      case 'sip.discard':
        return fork.discard(this.#context, side);
      case 'sip.relayResponse':
        return this.#exchanges.answer(command.exchange, command.message);
      case 'sip.relayAck':
        return this.#exchanges.relayAck(command.exchange, command.message);
      case 'sip.transfer':
        return this.#transfer(command.exchange, side);
      case 'sip.refuseRequest':
        return this.#exchanges.refuse(command.exchange, refusal(command.status, command.reason));
      default:
        return 'unknown command';
    }
  }

  #transfer(id: number, transferee: LegSide): string | undefined {
    const exchange = this.#exchanges.waiting(id);
    if (exchange === undefined) return 'no such request waits';
    return this.#exchanges.refuse(id, this.#transfers.begin(exchange, transferee));
  }

  #accept({ exchange, bindings }: RegisterAccept): string | undefined {
    const registering = this.#registering.take(exchange);
    if (registering === undefined) return 'no such REGISTER waits';
    this.#surroundings.flushBindings();
    const { server, devices } = registering;
    const tag = newTag(this.#context);
    server.respond(this.#registrar.accepted(server.request, tag, bindings, devices, this.#context.engine.now()));
    return undefined;
  }

  #refuseRegister({ exchange, status, reason }: RegisterRefuse): string | undefined {
    const registering = this.#registering.take(exchange);
    if (registering === undefined) return 'no such REGISTER waits';
    this.#refuse(registering.server, refusal(status, reason));
    return undefined;
  }

  /** The guarantee behind the commands: a leg whose actor is gone leaves nothing open, whatever it died of. */
  close(owner: Address): void {
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
    enter(side, undefined);
    standDown(side);
    disinherit(side);
    this.#context.legs.remove(side);
    this.#context.engine.post(closed(side));
  }
}

/** The dialog of that place which the request is in: the confirmed one, or an early one. */
function dialogFor({ side, fork: forkAddress, tag }: Place, request: SipRequest): Dialog | undefined {
  const dialog = side.dialog ?? side.early.get(side.isCaller ? earlyKey(forkAddress, tag) : (request.from.params.tag ?? ''));
  return dialog !== undefined && isIn(dialog, request) ? dialog : undefined;
}
