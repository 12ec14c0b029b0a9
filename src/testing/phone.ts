import type { Endpoint } from '../transport/transport.ts';
import { endpointName } from './network.ts';
import type { CallHost, PhoneCall, RequestParts, ResponseParts, Sent } from './phone-call.ts';
import { headersOf } from './phone-call.ts';
import { IncomingCall } from './phone-incoming-call.ts';
import { flawsOfRequest } from './phone-inspector.ts';
import {
  addressOf,
  cseqOf,
  type Header,
  headerOf,
  linesOf,
  type PhoneMessage,
  paramOf,
  readMessage,
  tagOf,
  uriOf,
  valuesOf,
  writeMessage,
} from './phone-message.ts';
import type { InviteScript, InviteSteps, PhoneOptions, RegisterOptions, Registration, Traffic } from './phone-options.ts';
import { type CallOptions, OutgoingCall } from './phone-outgoing-call.ts';
import { Requester } from './phone-requester.ts';
import { offerOf } from './phone-sdp.ts';
import type { TimerScript } from './phone-session.ts';
import { copiedIntoAnswer, PhoneTransactions, type ServerExchange } from './phone-transactions.ts';
import type { Wire } from './wire.ts';

export type {
  InviteScript,
  InviteSteps,
  PhoneOptions,
  PushParams,
  RegisterOptions,
  Registration,
  Traffic,
} from './phone-options.ts';

const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  302: 'Moved Temporarily',
  404: 'Not Found',
  420: 'Bad Extension',
  480: 'Temporarily Unavailable',
  422: 'Session Interval Too Small',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  486: 'Busy Here',
  487: 'Request Terminated',
  491: 'Request Pending',
  500: 'Server Internal Error',
  504: 'Server Time-out',
  603: 'Decline',
};
const HISTORY_LIMIT = 20_000;
/** Options that a request may require of the phone. */
const UNDERSTOOD = new Set(['100rel', 'timer']);

/**
 * A simulated phone. It shares no code with the service, and it is strict: every deviation from RFC 3261 that it sees
 * is kept in `complaints`, which a test expects to be empty.
 */
export class Phone {
  readonly name: string;
  readonly user: string;
  readonly aor: string;
  /** What the other side did wrong, with instants. */
  readonly complaints: string[] = [];
  /** Every message, both ways, in order. */
  readonly history: Traffic[] = [];
  /** Every call since the launch, in order. */
  calls: (IncomingCall | OutgoingCall)[] = [];
  /** What the phone does with calls that come. */
  onInvite: InviteScript;
  /** Answers requests outside any dialog: a status, 200 by default. */
  onRequest: (request: PhoneMessage) => number = () => 200;
  /** Sees every message, both ways. */
  onTraffic: (traffic: Traffic) => void = () => {};
  /** How it takes part in session timers, from the next call on. */
  timer: TimerScript | undefined;
  readonly #options: PhoneOptions;
  #wire: Wire;
  #transactions: PhoneTransactions;
  #requester: Requester;
  #seen = new Set<string>();
  #registered = new Set<string>();
  #registerCallId: string;
  #registerCseq = 0;
  #launches = 1;
  #hasVanished = false;
  #isAsleep = false;
  #invites = new Map<ServerExchange, IncomingCall>();

  constructor(options: PhoneOptions) {
    this.#options = options;
    this.name = options.name ?? options.user;
    this.user = options.user;
    this.aor = `sip:${options.user}@${options.domain}`;
    this.onInvite = options.onInvite ?? 'answer';
    this.timer = options.timer;
    this.#wire = options.wire;
    this.#registerCallId = this.#newCallId();
    this.#transactions = this.#newTransactions();
    this.#requester = this.#newRequester(options.password ?? '');
    this.#attach();
  }

  get wire(): Wire {
    return this.#wire;
  }

  /** The Contact URI as registered: where the phone is, and how it is woken. */
  get contactUri(): string {
    const { push } = this.#options;
    const param = push?.param === undefined ? '' : `;pn-param=${push.param}`;
    return push === undefined ? this.#plainUri : `${this.#plainUri};pn-provider=${push.provider}${param};pn-prid=${push.prid}`;
  }

  /** Registers, or refreshes what is registered. `done` hears the final answer. */
  register(options: RegisterOptions = {}, done: (registration: Registration) => void = () => {}): Registration {
    const registration: Registration = { status: 0, response: undefined, contacts: [] };
    const expiresSeconds = options.expiresSeconds ?? 600;
    const own = this.#contactToRegister(expiresSeconds, options.q);
    // Where the phone is when it is answered may be another place.
    const ownUri = this.contactUri;
    const contacts = options.contacts ?? [own];
    if (expiresSeconds > 0) for (const contact of contacts) if (contact !== '*') this.#registered.add(uriOf(contact));
    const ending = (status: number) => {
      registration.status = status;
      done(registration);
    };
    this.#requester.ask(
      {
        method: 'REGISTER',
        uri: `sip:${this.#options.domain}`,
        from: `${this.#identity};tag=${this.#tag()}`,
        to: `<${this.aor}>`,
        callId: this.#registerCallId,
        headers: [
          ...contacts.map((contact): Header => ['Contact', contact]),
          ...(contacts.includes('*') ? [['Expires', String(expiresSeconds)] as const] : []),
          ['Supported', 'path, outbound'],
          ...this.#userAgent,
          ...(options.headers ?? []),
        ],
        body: '',
        remote: this.#options.proxy,
        nextCseq: () => {
          this.#registerCseq += 1;
          return this.#registerCseq;
        },
      },
      {
        response: (response) => {
          if (response.status < 200) return;
          registration.response = response;
          registration.contacts = valuesOf(response, 'contact');
          if (response.status < 300 && options.contacts === undefined)
            this.#granted(registration, ownUri, expiresSeconds, options);
          ending(response.status);
        },
        timedOut: () => ending(408),
      },
    );
    return registration;
  }

  unregister(done?: (registration: Registration) => void): Registration {
    return this.register({ expiresSeconds: 0 }, done);
  }

  /** Changes the password that challenges are answered with, and forgets the server's nonce. */
  usePassword(password: string): void {
    this.#requester.credentials = { user: this.user, password };
    this.#requester.forget();
  }

  /** Calls a SIP URI, or a user of the phone's own domain. */
  call(to: string, options: CallOptions = {}): OutgoingCall {
    const uri = to.includes(':') ? to : `sip:${to}@${this.#options.domain}`;
    const from = options.from === undefined ? this.#identity : `<${options.from}>`;
    const call = new OutgoingCall(
      this.#host(),
      { callId: this.#newCallId(), uri, from, proxy: () => this.#options.proxy },
      { ...options, headers: [...this.#userAgent, ...(options.headers ?? [])] },
    );
    this.calls.push(call);
    return call;
  }

  /** Sends a request outside any dialog: OPTIONS, MESSAGE, or what shall be refused. */
  request(method: string, to: string, parts: RequestParts = {}): Sent {
    const uri = to.includes(':') ? to : `sip:${to}@${this.#options.domain}`;
    const sent: Sent = { method, status: 0, response: undefined };
    let cseq = 0;
    this.#requester.ask(
      {
        method,
        uri,
        from: `${this.#identity};tag=${this.#tag()}`,
        to: `<${uri}>`,
        callId: this.#newCallId(),
        headers: [['Contact', this.#host().contact], ...this.#userAgent, ...headersOf(parts)],
        body: parts.body ?? '',
        remote: this.#options.proxy,
        nextCseq: () => {
          cseq += 1;
          return cseq;
        },
      },
      {
        response: (response) => {
          if (response.status < 200) return;
          sent.status = response.status;
          sent.response = response;
        },
        timedOut: () => {
          sent.status = 408;
        },
      },
    );
    return sent;
  }

  /** The app is suspended: its sockets are gone, and nothing is said any more. */
  sleep(): void {
    this.#isAsleep = true;
    this.#wire.close();
  }

  /** It sleeps or has vanished, and was not started anew since. */
  get isGone(): boolean {
    return this.#isAsleep || this.#hasVanished;
  }

  /** The phone loses its network or its power: it hears and says nothing any more, and nobody sees a connection close. */
  vanish(): void {
    this.#hasVanished = true;
    this.#wire.onMessage = () => {};
  }

  /** The app starts anew, usually on another port: no call, no nonce and no Call-ID of before. Does not register. */
  relaunch(wire: Wire): void {
    this.#wire.close();
    this.#wire = wire;
    this.#launches += 1;
    this.#hasVanished = false;
    this.#isAsleep = false;
    this.calls = [];
    this.#invites.clear();
    this.#registered.clear();
    this.#registerCallId = this.#newCallId();
    this.#registerCseq = 0;
    this.#transactions = this.#newTransactions();
    this.#requester = this.#newRequester(this.#requester.credentials.password);
    this.#attach();
  }

  /** Messages that came, without repetitions: requests by method, responses by status. `method` narrows responses by CSeq. */
  received(what: string | number, method?: string): Traffic[] {
    return this.#find('in', what, method);
  }

  /** Messages that went out, as `received`. */
  sent(what: string | number, method?: string): Traffic[] {
    return this.#find('out', what, method);
  }

  /** The latest call that came. */
  get incoming(): IncomingCall | undefined {
    return this.calls.findLast((call) => call instanceof IncomingCall);
  }

  #find(direction: Traffic['direction'], what: string | number, method?: string): Traffic[] {
    return this.history.filter(
      (traffic) =>
        traffic.direction === direction &&
        !traffic.again &&
        (typeof what === 'string' ? traffic.message.method === what : traffic.message.status === what) &&
        (method === undefined || cseqOf(traffic.message).method === method),
    );
  }

  get #plainUri(): string {
    const { transport, sentBy, local } = this.#wire;
    // Both kinds of WebSocket are `ws` in a URI (RFC 7118 §5.2.2).
    const param = transport === 'udp' ? '' : `;transport=${transport === 'wss' ? 'ws' : transport}`;
    return `sip:${this.user}@${sentBy ?? endpointName(local)}${param}`;
  }

  get #identity(): string {
    const { displayName } = this.#options;
    return displayName === undefined ? `<${this.aor}>` : `"${displayName}" <${this.aor}>`;
  }

  get #userAgent(): Header[] {
    return this.#options.userAgent === undefined ? [] : [['User-Agent', this.#options.userAgent]];
  }

  #contactToRegister(expiresSeconds: number, q: string | undefined): string {
    const { instance } = this.#options;
    const device = instance === undefined ? '' : `;+sip.instance="<${instance}>";reg-id=1`;
    return `<${this.contactUri}>${q === undefined ? '' : `;q=${q}`}${device};expires=${expiresSeconds}`;
  }

  /** RFC 3261 §10.3 step 8: the 200 lists every binding with what was granted. */
  #granted(registration: Registration, ownUri: string, askedSeconds: number, options: RegisterOptions): void {
    const ours = registration.contacts.find((contact) => uriOf(contact) === ownUri);
    if (askedSeconds === 0) {
      if (ours !== undefined) this.#complain('200 to an unregistration lists our contact (RFC 3261 §10.3)');
      return;
    }
    const grantedSeconds = Number(ours === undefined ? Number.NaN : paramOf(ours, 'expires'));
    if (ours === undefined) this.#complain('200 to REGISTER does not list our contact (RFC 3261 §10.3)');
    else if (!(grantedSeconds > 0)) this.#complain('200 to REGISTER lists our contact without expires (RFC 3261 §10.3)');
    else if (grantedSeconds > askedSeconds)
      this.#complain(`granted ${grantedSeconds} s, asked for ${askedSeconds} (RFC 3261 §10.3)`);
    if (options.keep === true && grantedSeconds > 0) this.#wire.after(grantedSeconds * 900, () => this.register(options));
  }

  #attach(): void {
    this.#wire.onMessage = (text, remote) => this.#receive(text, remote);
  }

  #receive(text: string, remote: Endpoint): void {
    if (text.trim() === '') return;
    const { message, flaws } = readMessage(text, this.#wire.transport !== 'udp');
    for (const flaw of flaws) this.#complain(flaw);
    if (message === undefined) return;
    this.#record('in', text, message, remote);
    if (message.status !== 0) this.#transactions.response(message);
    else this.#request(message, text, remote);
  }

  #request(request: PhoneMessage, text: string, remote: Endpoint): void {
    const exchange = this.#transactions.received(request, text, remote);
    if (exchange !== undefined || request.method === 'ACK')
      for (const flaw of flawsOfRequest(request, this.#wire.transport)) this.#complain(`${request.method}: ${flaw}`);
    if (request.method === 'ACK') this.#ack(request);
    else if (exchange === undefined) return;
    else if (request.method === 'CANCEL') this.#cancelled(exchange);
    else if (tagOf(request, 'to') !== '') this.#insideDialog(exchange);
    else if (this.#unsupported(exchange)) return;
    else if (request.method === 'INVITE') this.#invited(exchange);
    else this.#respond(exchange, this.onRequest(request));
  }

  #unsupported(exchange: ServerExchange): boolean {
    const wanted = valuesOf(exchange.request, 'require').filter((option) => !UNDERSTOOD.has(option.toLowerCase()));
    if (wanted.length === 0) return false;
    this.#respond(exchange, 420, { headers: [['Unsupported', wanted.join(', ')]] });
    return true;
  }

  #ack(ack: PhoneMessage): void {
    const invite = this.#transactions.inviteOf(ack);
    if (invite?.final !== undefined && invite.final.status >= 300) {
      if (headerOf(ack, 'to') !== headerOf(invite.final, 'to') || ack.uri !== invite.request.uri)
        this.#complain(`ACK to ${invite.final.status} with another To or Request-URI (RFC 3261 §17.1.1.3)`);
      invite.acknowledge();
      return;
    }
    const call = this.#callOf(ack);
    if (call !== undefined) call.acknowledgedBy(ack);
    else if (this.#launches === 1) this.#complain('ACK without an INVITE that it acknowledges (RFC 3261 §17.1.1.3)');
  }

  #cancelled(exchange: ServerExchange): void {
    const invite = this.#transactions.inviteOf(exchange.request);
    const call = invite === undefined ? undefined : this.#invites.get(invite);
    if (call === undefined) {
      const inside = this.#callOf(exchange.request);
      if (inside?.cancelReInvite(invite) === true) {
        this.#respond(exchange, 200);
        return;
      }
      // The answer to a re-INVITE may have crossed it.
      if (this.#launches === 1 && (inside === undefined || invite === undefined))
        this.#complain('CANCEL of no INVITE (RFC 3261 §9.2)');
      this.#respond(exchange, 481);
      return;
    }
    this.#respond(exchange, 200, { tag: call.localTag });
    call.cancelled(exchange.request);
  }

  #insideDialog(exchange: ServerExchange): void {
    const call = this.#callOf(exchange.request);
    if (call !== undefined) {
      call.received(exchange);
      return;
    }
    if (this.#launches === 1) this.#complain(`${exchange.request.method} in no dialog of ours (RFC 3261 §12.2.2)`);
    this.#respond(exchange, 481);
  }

  #callOf(request: PhoneMessage): PhoneCall | undefined {
    const callId = headerOf(request, 'call-id');
    const tag = tagOf(request, 'to');
    return this.calls.findLast((call) => call.callId === callId && call.localTag === tag);
  }

  #invited(exchange: ServerExchange): void {
    const { request } = exchange;
    // RFC 3261 §8.2.2.2: one call reaches one phone once.
    if (this.calls.some((call) => call.callId === headerOf(request, 'call-id'))) {
      this.#complain('a second INVITE for the same call (RFC 3261 §8.2.2.2)');
      this.#respond(exchange, 482);
      return;
    }
    if (this.#registered.size > 0 && !this.#registered.has(request.uri))
      this.#complain(`INVITE to ${request.uri}, which is not the contact as registered (RFC 3261 §16.6)`);
    const call = new IncomingCall(this.#host(), exchange);
    this.calls.push(call);
    this.#invites.set(exchange, call);
    this.#play(call);
  }

  #play(call: IncomingCall): void {
    if (call.refuseInterval()) return;
    const script = this.onInvite;
    if (script === 'silent') return;
    if (typeof script === 'function') script(call);
    else if (script === 'ring') call.ring();
    else if (script === 'answer') {
      call.ring();
      call.answer();
    } else this.#step(call, script);
  }

  #step(call: IncomingCall, steps: InviteSteps): void {
    const { ringAfterMs, answerAfterMs, decline, redirect, tryingAfterMs } = steps;
    const early = steps.early === true;
    this.#soon(tryingAfterMs, () => call.trying());
    this.#soon(ringAfterMs, () => (early ? call.ring(183, offerOf(this.#wire.local, 1)) : call.ring()));
    this.#soon(answerAfterMs, () => call.answer());
    if (redirect !== undefined) call.redirect(...redirect);
    if (decline !== undefined) this.#soon(steps.declineAfterMs ?? 0, () => call.decline(decline));
  }

  /** What is due at once is done at once, so that a phone without delays needs no timers. */
  #soon(delayMs: number | undefined, act: () => void): void {
    if (delayMs === 0) act();
    else if (delayMs !== undefined) this.#wire.after(delayMs, act);
  }

  #respond(exchange: ServerExchange, status: number, parts: ResponseParts = {}): void {
    const { request } = exchange;
    const to = headerOf(request, 'to');
    const tagged = status === 100 || tagOf(request, 'to') !== '' ? to : `${to};tag=${parts.tag ?? this.#tag()}`;
    const makesDialog = request.method === 'INVITE' && status > 100 && status < 300;
    exchange.respond({
      method: '',
      uri: '',
      status,
      reason: parts.reason ?? REASONS[status] ?? 'Whatever',
      headers: [
        ...withSource(copiedIntoAnswer(request), exchange.remote),
        ['To', tagged],
        // RFC 3261 §12.1.1
        ...(makesDialog ? linesOf(request, 'record-route').map((route): Header => ['Record-Route', route]) : []),
        ...headersOf(parts),
      ],
      body: parts.body ?? '',
    });
  }

  #host(): CallHost {
    return {
      wire: this.#wire,
      requester: this.#requester,
      contact: `<${this.#plainUri}>`,
      checksSessions: this.#options.checksSessions === true,
      // A name cannot be resolved here: the service is where names lead.
      route: (target) => {
        const address = addressOf(target);
        return address !== undefined && /^[\d.]+$|:/.test(address.host) ? address : this.#options.proxy;
      },
      send: (message, remote) => this.#send(message, remote),
      resend: (text, message, remote) => this.#resend(text, message, remote),
      respond: (exchange, status, parts) => this.#respond(exchange, status, parts),
      cancel: (message, remote) => void this.#transactions.request(message, remote, { response: () => {}, timedOut: () => {} }),
      complain: (what) => this.#complain(what),
      tag: () => this.#tag(),
      timer: () => this.timer,
    };
  }

  #send(message: PhoneMessage, remote: Endpoint): string {
    const text = writeMessage(message);
    this.#resend(text, message, remote);
    return text;
  }

  #resend(text: string, message: PhoneMessage, remote: Endpoint): void {
    if (this.#hasVanished) return;
    this.#record('out', text, message, remote);
    this.#wire.send(text, remote);
  }

  #record(direction: Traffic['direction'], text: string, message: PhoneMessage, remote: Endpoint): void {
    const key = `${direction} ${text}`;
    const traffic: Traffic = { atMs: this.#wire.now(), direction, message, remote, again: this.#seen.has(key) };
    this.#seen.add(key);
    this.history.push(traffic);
    if (this.history.length > HISTORY_LIMIT) {
      this.history.splice(0, HISTORY_LIMIT / 2);
      this.#seen.clear();
    }
    this.onTraffic(traffic);
  }

  #newTransactions(): PhoneTransactions {
    return new PhoneTransactions({
      wire: this.#wire,
      send: (message, remote) => this.#send(message, remote),
      resend: (text, message, remote) => this.#resend(text, message, remote),
      complain: (what) => this.#complain(what),
    });
  }

  #newRequester(password: string): Requester {
    const { random, user } = this.#options;
    return new Requester({ wire: this.#wire, random, transactions: this.#transactions, credentials: { user, password } });
  }

  #newCallId(): string {
    return `${this.#options.random.hex(8)}@${this.#wire.local.host}`;
  }

  #tag(): string {
    return this.#options.random.hex(4);
  }

  #complain(what: string): void {
    this.complaints.push(`${(this.#wire.now() / 1000).toFixed(3)} s, ${this.name}: ${what}`);
  }
}

/** RFC 3581 §4: the topmost Via says where the request came from, if its sender asked. */
function withSource(headers: readonly Header[], source: Endpoint): Header[] {
  let first = true;
  return headers.map(([name, value]): Header => {
    if (name !== 'Via' || !first) return [name, value];
    first = false;
    return [name, value.replace(/;rport(?=[;,]|$)/, `;received=${source.host};rport=${source.port}`)];
  });
}
