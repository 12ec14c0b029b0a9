/** REGISTERs from their admission to their answer, and the connections that bindings hang on. */
import type { RegisterAccept, RegisterRefuse } from '../../../machines/vocabulary/commands.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import type { ServerTransaction } from '../../transaction/transaction.ts';
import type { Flow } from '../../transport/transport.ts';
import { newTag, type SipContext } from './context.ts';
import type { Directory } from './directory.ts';
import type { Domains } from './domains.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import { RegistersUnderWay } from './registering.ts';
import { copied, Registrar, userAgentOf } from './registrar.ts';

/** AoRs that one connection may have registered and that are told when it closes. */
const MAX_AORS_PER_FLOW = 1_000;

/** What registrations need of their surroundings. */
export interface RegistrationParts {
  readonly domains: Domains;
  readonly directory: Directory;
  /** Makes durable what was registered; called before a 200 leaves. */
  readonly flushBindings: () => void;
  readonly isOwn: (uri: SipUri) => boolean;
  readonly refuse: (server: ServerTransaction, refused: Refusal) => void;
}

export class Registrations {
  readonly #context: SipContext;
  readonly #domains: Domains;
  readonly #directory: Directory;
  readonly #registrar: Registrar;
  readonly #flushBindings: () => void;
  readonly #answerRefused: RegistrationParts['refuse'];
  readonly #underWay: RegistersUnderWay;
  readonly #aorsOf = new Map<string, Set<string>>();

  constructor(context: SipContext, { domains, directory, flushBindings, isOwn, refuse }: RegistrationParts) {
    this.#context = context;
    this.#domains = domains;
    this.#directory = directory;
    this.#registrar = new Registrar(context.settings, isOwn);
    this.#flushBindings = flushBindings;
    this.#answerRefused = refuse;
    this.#underWay = new RegistersUnderWay(context.timers, (server) => refuse(server, refusal(500, '')));
  }

  /** REGISTERs that wait for their actor. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Takes a REGISTER that was admitted; its actor decides. */
  register(server: ServerTransaction, uri: SipUri): void {
    const { request, flow } = server;
    const domains = this.#domains;
    const to = parseUri(request.to.uri);
    const aor = to === undefined ? undefined : this.#directory.aorOf(to);
    if (to === undefined || !domains.isOurs(to) || !domains.isOurs(uri))
      this.#answerRefused(server, refusal(404, 'Not A Domain Of Ours'));
    else if (aor === undefined) this.#answerRefused(server, refusal(404, 'No Such User'));
    else {
      const reading = this.#registrar.read(request, flow);
      if (isRefusal(reading)) this.#answerRefused(server, reading);
      else this.#postRegister(server, aor, reading);
    }
  }

  #postRegister(
    server: ServerTransaction,
    aor: string,
    { all, contacts }: Exclude<ReturnType<Registrar['read']>, Refusal>,
  ): void {
    const { request, flow } = server;
    const exchange = this.#underWay.add(server, new Set(contacts.map(({ device }) => device)));
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

  accept({ exchange, bindings }: RegisterAccept): string | undefined {
    const registering = this.#underWay.take(exchange);
    if (registering === undefined) return 'no such REGISTER waits';
    this.#flushBindings();
    const { server, devices } = registering;
    const tag = newTag(this.#context);
    server.respond(this.#registrar.accepted(server.request, tag, bindings, devices, this.#context.engine.now()));
    return undefined;
  }

  refuse({ exchange, status, reason }: RegisterRefuse): string | undefined {
    const registering = this.#underWay.take(exchange);
    if (registering === undefined) return 'no such REGISTER waits';
    this.#answerRefused(registering.server, refusal(status, reason));
    return undefined;
  }
}
