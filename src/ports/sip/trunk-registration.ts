/** REGISTERs of ours to trunks: their challenges, what is granted, and the Service-Route (RFC 3261 §10.2, RFC 3608). */
import { integerHeader, splitList } from '../../sip/headers.ts';
import type { NameAddr, SipRequest, SipResponse } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { NO_PARAMS } from '../../sip/params.ts';
import { canonicalUser, parseUri } from '../../sip/uri.ts';
import type { ClientHandler } from '../../transaction/transaction.ts';
import type { Flow } from '../../transport/transport.ts';
import { send } from './attempt.ts';
import { Challenges, withCredentials } from './challenges.ts';
import { hostPort, newTag, type SipContext } from './context.ts';
import { uriAt } from './dial-plan.ts';
import type { Trunk } from './trunks.ts';

const CALL_ID_BYTES = 16;
const MAX_SERVICE_ROUTE = 8;
/** RFC 3261 §10.3 step 7: a registrar that wants less often than this is asked no more. */
const MAX_SECONDS = 86_400;

export class TrunkRegistration {
  readonly #context: SipContext;
  readonly trunk: Trunk;
  readonly #callId: string;
  #seq = 0;
  #seconds: number;
  #server = 0;

  constructor(context: SipContext, trunk: Trunk) {
    this.#context = context;
    this.trunk = trunk;
    this.#callId = context.random.hex(CALL_ID_BYTES);
    this.#seconds = Math.round(trunk.config.registerMs / 1000);
  }

  /** Registers, or refreshes; how it ends is told as a fact. */
  register(): void {
    this.#send(this.#seconds, {
      accepted: (response, flow) => this.#accepted(response, flow),
      refused: (status, reason, response) => this.#refused(status, reason, response),
    });
  }

  /** Takes the registration back, as far as one message can: the service stops and hears no answer. */
  unregister(): void {
    if (this.trunk.registeredAt === undefined) return;
    this.trunk.registeredAt = undefined;
    this.#send(0, { accepted: () => undefined, refused: () => undefined });
  }

  #send(
    expires: number,
    ends: {
      accepted: (response: SipResponse, flow: Flow) => void;
      refused: (status: number, reason: string, response?: SipResponse) => void;
    },
  ): void {
    const { account, config } = this.trunk;
    const server = config.servers[this.#server % config.servers.length] ?? '';
    const challenges = account && new Challenges(account, this.#context.random);
    let flow: Flow | undefined;
    let latest: SipRequest | undefined;
    const answering: ClientHandler = {
      response: (response) => {
        if (response.status < 200) return;
        const isChallenge = response.status === 401 || response.status === 407;
        const again = isChallenge && latest !== undefined ? challenges?.answer(latest, response) : undefined;
        if (again !== undefined && flow !== undefined) {
          latest = again;
          this.#seq = again.cseq.seq;
          this.#context.layer.send(again, flow, answering);
        } else if (response.status < 300 && flow !== undefined) ends.accepted(response, flow);
        else ends.refused(response.status, response.reason, response);
      },
      timedOut: () => ends.refused(408, 'No Answer'),
      failed: (why) => ends.refused(503, why),
    };
    const make = (towards: Flow): SipRequest => {
      flow = towards;
      const plain = this.#request(server, expires, towards);
      latest = account === undefined ? plain : withCredentials(plain, account, this.#context.random);
      return latest;
    };
    send(this.#context, server, make, answering);
  }

  #request(server: string, expires: number, flow: Flow): SipRequest {
    const { config, line } = this.trunk;
    const aor = uriAt(config, canonicalUser(config.username ?? ''));
    const transport = flow.transport === 'udp' ? '' : `;transport=${flow.transport}`;
    const uri = parseUri(server);
    const registrar = uri === undefined || uri.host.toLowerCase() !== config.domain ? `sip:${config.domain}` : server;
    this.#seq += 1;
    return {
      kind: 'request',
      method: 'REGISTER',
      uri: registrar,
      via: [],
      from: { name: '', uri: aor, params: { ...NO_PARAMS, tag: newTag(this.#context) } },
      to: { name: '', uri: aor, params: NO_PARAMS },
      callId: this.#callId,
      cseq: { seq: this.#seq, method: 'REGISTER' },
      contact: [{ name: '', uri: `sip:${line}@${hostPort(flow)}${transport}`, params: NO_PARAMS }],
      route: [],
      recordRoute: [],
      headers: new Map([
        ['max-forwards', ['70']],
        ['expires', [String(expires)]],
        // An edge on the way may add itself, so that calls come back through it (RFC 3327 §5.1).
        ['supported', ['path']],
      ]),
      body: '',
    };
  }

  #accepted(response: SipResponse, flow: Flow): void {
    const granted = grantedSeconds(response, this.trunk.line) ?? integerHeader(response, 'expires') ?? this.#seconds;
    if (granted === 0) {
      this.#refused(503, 'Registered For No Time At All');
      return;
    }
    this.trunk.registeredAt = flow;
    this.trunk.serviceRoute = serviceRouteIn(response);
    // Somewhere in the third quarter, so that there is time for another try.
    const refreshAfterMs = Math.round(granted * 1000 * (0.5 + this.#context.random.fraction() * 0.25));
    this.#context.engine.post({ type: 'trunk.accepted', trunk: this.trunk.config.name, refreshAfterMs });
  }

  #refused(status: number, reason: string, response?: SipResponse): void {
    this.trunk.registeredAt = undefined;
    const atLeast = response && integerHeader(response, 'min-expires');
    // RFC 3261 §10.2.8.
    if (status === 423 && atLeast !== undefined && atLeast > this.#seconds && atLeast <= MAX_SECONDS) {
      this.#seconds = atLeast;
      this.register();
      return;
    }
    this.#server += 1;
    this.#context.engine.post({
      type: 'trunk.refused',
      trunk: this.trunk.config.name,
      status,
      reason,
      retryAfterMs: Math.min((response && integerHeader(response, 'retry-after')) ?? 0, MAX_SECONDS) * 1000,
      jitterThousandths: Math.floor(this.#context.random.fraction() * 1000),
    });
  }
}

/** What the registrar granted our Contact among all that it lists (RFC 3261 §10.2.4). */
function grantedSeconds(response: SipResponse, line: string): number | undefined {
  const ours = response.contact === '*' ? undefined : response.contact.find(({ uri }) => parseUri(uri)?.user === line);
  const text = ours?.params.expires;
  return text !== undefined && text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function serviceRouteIn(response: SipResponse): readonly NameAddr[] {
  const entries = (response.headers.get('service-route') ?? []).flatMap((each) => splitList(each) ?? []);
  return entries
    .slice(0, MAX_SERVICE_ROUTE)
    .map(parseNameAddr)
    .filter((each) => each !== undefined);
}
