import type { Taking } from '../../src/engine/journal.ts';
import { type Ear, earOf } from '../../src/testing/invariants/ear.ts';
import type { ServiceWorld } from '../../src/testing/service-world.ts';
import type { TransportName } from '../../src/transport/transport.ts';

/** A message as far as invariants look at it; what is left out is the same for all. */
export interface Forged {
  readonly method?: string;
  readonly status?: number;
  readonly uri?: string;
  readonly callId?: string;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly cseq?: number;
  readonly branch?: string;
  readonly host?: string;
  readonly port?: number;
  readonly transport?: TransportName;
  readonly headers?: readonly string[];
  readonly body?: string;
}

function textOf({ method = 'INVITE', status = 0, uri = 'sip:bob@10.0.0.1', callId = 'c1', cseq = 1, ...rest }: Forged): string {
  const { fromTag = 'f', toTag = '', branch = 'z9hG4bK1', headers = [], body = '' } = rest;
  return [
    status === 0 ? `${method} ${uri} SIP/2.0` : `SIP/2.0 ${status} Forged`,
    `Via: SIP/2.0/UDP 10.0.0.11:5062;branch=${branch}`,
    `From: <sip:alice@example.com>;tag=${fromTag}`,
    `To: <sip:bob@example.com>${toTag === '' ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...headers,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

/** Shows invariants messages that nobody sent, so that each is seen to fail. */
export class Forger {
  readonly world: ServiceWorld;
  readonly #ear: Ear;
  #seq = 0;

  constructor(world: ServiceWorld) {
    this.world = world;
    this.#ear = earOf(world);
  }

  came(forged: Forged): void {
    this.#pass(true, forged);
  }

  left(forged: Forged): void {
    this.#pass(false, forged);
  }

  /** The engine takes a fact that nobody posted. */
  fact(type: string, attributes: object): void {
    this.take(this.#taking('fact', type, attributes));
  }

  command(type: string, attributes: object): void {
    this.take(this.#taking('command', type, attributes));
  }

  take(taking: Taking): void {
    this.#ear.taken(taking);
  }

  #taking(kind: Taking['kind'], type: string, attributes: object): Taking {
    this.#seq += 1;
    const entry = { type, seq: this.#seq, at: this.world.now(), by: 'outside', cause: 0, ...attributes } as Taking['entry'];
    return { kind, entry, steps: [], refused: undefined, atMs: this.world.now(), withheld: undefined, dueMs: 0 };
  }

  #pass(isIn: boolean, forged: Forged): void {
    const peer = { host: forged.host ?? '10.0.0.11', port: forged.port ?? 5062 };
    this.#ear.message(textOf(forged), { atMs: this.world.now(), isIn, transport: forged.transport ?? 'udp', peer });
  }
}
