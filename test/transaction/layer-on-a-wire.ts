import { decode } from '../../src/sip/codec.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../src/sip/message.ts';
import { responseTo } from '../../src/sip/response.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { Transactions } from '../../src/transaction/layer.ts';
import type { TransactionSettings } from '../../src/transaction/settings.ts';
import type { ClientHandler, ServerTransaction, TransactionUser } from '../../src/transaction/transaction.ts';
import type { Endpoint, Flow, TransportName, Transports } from '../../src/transport/transport.ts';

export const LOCAL: Endpoint = { host: '192.0.2.1', port: 5060 };
export const REMOTE: Endpoint = { host: '192.0.2.9', port: 5080 };

/** A flow that keeps what is sent, with its instant. */
export class RecordedFlow implements Flow {
  readonly transport: TransportName;
  readonly remote: Endpoint;
  readonly local = LOCAL;
  readonly advertised = LOCAL;
  readonly secure = false;
  readonly sent: { atMs: number; text: string }[] = [];
  open = true;
  readonly #now: () => number;

  constructor(transport: TransportName, now: () => number, remote = REMOTE) {
    this.transport = transport;
    this.remote = remote;
    this.#now = now;
  }
  get id(): string {
    return `${this.transport}/${this.remote.host}:${this.remote.port}`;
  }
  get reliable(): boolean {
    return this.transport === 'tcp';
  }
  send(text: string): void {
    this.sent.push({ atMs: this.#now(), text });
  }
  /** Start lines and CSeq methods with their instants: `100 INVITE @200`. */
  get log(): string[] {
    return this.sent.map(({ atMs, text }) => `${nameOf(text)} @${atMs}`);
  }
  last(): SipMessage {
    return parsed(this.sent.at(-1)?.text ?? '');
  }
}

const nameOf = (text: string): string => {
  const message = parsed(text);
  return message.kind === 'request' ? message.method : `${message.status} ${message.cseq.method}`;
};

export function parsed(text: string): SipMessage {
  const message = decode(Buffer.from(text, 'latin1'));
  if (message.kind === 'defect') throw new Error(`${message.name}: ${text}`);
  return message;
}

export interface Wanted {
  readonly method?: string;
  readonly branch?: string | undefined;
  readonly via?: string;
  readonly toTag?: string;
  readonly cseq?: number;
  readonly callId?: string;
  readonly more?: string;
}

/** A request as a peer would send it. */
export function requestText({
  method = 'INVITE',
  branch = 'z9hG4bKpeer',
  via,
  toTag,
  cseq = 1,
  callId = 'call',
  more = '',
}: Wanted = {}) {
  return [
    `${method} sip:callee@example.com SIP/2.0`,
    `Via: ${via ?? `SIP/2.0/UDP 192.0.2.9:5080;branch=${branch}`}`,
    'From: <sip:caller@example.com>;tag=from',
    `To: <sip:callee@example.com>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    `${more}Content-Length: 0\r\n\r\n`,
  ].join('\r\n');
}

/** A request of ours before the layer puts its Via on. */
export function request(wanted: Wanted = {}): SipRequest {
  const message = parsed(requestText(wanted));
  if (message.kind !== 'request') throw new Error('no request');
  return { ...message, via: [] };
}

/** A layer with one UDP and one TCP flow, and all that its user hears. */
export function layerOnAWire(settings: Partial<TransactionSettings> = {}) {
  const time = new VirtualTime();
  const errors: unknown[] = [];
  const timers = new TimerHeap(time, (error) => errors.push(error));
  const layer = new Transactions({ timers, random: new SeededRandom(7), settings });
  const now = () => time.now();
  const udp = new RecordedFlow('udp', now);
  const tcp = new RecordedFlow('tcp', now);
  const opened: RecordedFlow[] = [];
  const heard: string[] = [];
  const transactions: ServerTransaction[] = [];
  const user: TransactionUser = {
    request(transaction) {
      heard.push(`request ${transaction.request.method} @${now()}`);
      transactions.push(transaction);
    },
    ack: () => heard.push(`ack @${now()}`),
    cancelled: () => heard.push(`cancelled @${now()}`),
    unacknowledged: () => heard.push(`unacknowledged @${now()}`),
    strayAnswer: (response) => heard.push(`stray ${response.status} @${now()}`),
  };
  const transports: Pick<Transports, 'flowTo'> = {
    flowTo(transport, remote) {
      const flow = new RecordedFlow(transport, now, remote);
      opened.push(flow);
      return flow;
    },
  };
  layer.serve(user, transports);
  const handler: ClientHandler = {
    response: (response) => heard.push(`response ${response.status} @${now()}`),
    trying: () => heard.push(`trying @${now()}`),
    timedOut: () => heard.push(`timedOut @${now()}`),
    failed: (why) => heard.push(`failed ${why} @${now()}`),
  };
  const receive = (text: string, flow: Flow = udp) => layer.received(Buffer.from(text, 'latin1'), flow);
  const answer = (to: SipRequest, status: number, toTag?: string): SipResponse =>
    responseTo(to, status, undefined, toTag ?? (status === 100 ? undefined : 'to'));
  const transaction = (index = 0): ServerTransaction => {
    const found = transactions[index];
    if (found === undefined) throw new Error(`the user has heard of ${transactions.length} requests`);
    return found;
  };
  const respond = (status: number, index = 0) => transaction(index).respond(answer(transaction(index).request, status));
  return { time, timers, layer, udp, tcp, opened, heard, handler, errors, receive, answer, transaction, respond };
}
