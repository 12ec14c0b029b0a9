/** A simulated phone with lamps: it watches users (RFC 4235) and believes what it is told. It shares no code with the service. */
import type { Random } from '../random.ts';
import type { Endpoint, TransportName } from '../transport/transport.ts';
import { endpointName } from './network.ts';
import {
  type Header,
  headerOf,
  linesOf,
  type PhoneMessage,
  readMessage,
  tagOf,
  uriOf,
  valuesOf,
  writeMessage,
} from './phone-message.ts';
import { Requester } from './phone-requester.ts';
import { copiedIntoAnswer, PhoneTransactions, type ServerExchange } from './phone-transactions.ts';
import type { Wire } from './wire.ts';

/** One dialog of a watched user, as the lamp shows it. */
export interface LampDialog {
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly direction: string;
  readonly state: string;
  readonly event: string;
  readonly local: string;
  readonly localName: string;
  readonly remote: string;
  readonly remoteName: string;
}

/** One NOTIFY. */
export interface LampNotice {
  readonly atMs: number;
  readonly version: number;
  readonly kind: string;
  readonly entity: string;
  readonly subscription: string;
  readonly body: string;
  readonly message: PhoneMessage;
  readonly dialogs: readonly LampDialog[];
}

const ENTITY = /&(amp|lt|gt|quot|apos);/g;
const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const plain = (text: string): string => text.replace(ENTITY, (_, name: string) => CHARACTERS[name] ?? '');

/** The attributes of a start tag. */
function attributesOf(tag: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of tag.matchAll(/\s([a-z-]+)="([^"<]*)"/g)) found[name] = plain(value);
  return found;
}

function partyOf(dialog: string, element: 'local' | 'remote'): { readonly uri: string; readonly name: string } {
  const [, inner = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(dialog) ?? [];
  const [, tag = '', uri = ''] = /<identity([^>]*)>([^<]*)<\/identity>/.exec(inner) ?? [];
  return { uri: plain(uri), name: attributesOf(tag).display ?? '' };
}

function dialogOf(tag: string, inner: string): LampDialog {
  const known = attributesOf(tag);
  const [, state = '', text = ''] = /<state([^>]*)>([^<]*)<\/state>/.exec(inner) ?? [];
  const [local, remote] = [partyOf(inner, 'local'), partyOf(inner, 'remote')];
  return {
    id: known.id ?? '',
    callId: known['call-id'] ?? '',
    localTag: known['local-tag'] ?? '',
    remoteTag: known['remote-tag'] ?? '',
    direction: known.direction ?? '',
    state: text,
    event: attributesOf(state).event ?? '',
    local: local.uri,
    localName: local.name,
    remote: remote.uri,
    remoteName: remote.name,
  };
}

/** Text of the document, which the wire carries as bytes; `undefined` where it is not UTF-8. */
function textOf(body: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(body, 'latin1'));
  } catch {
    return undefined;
  }
}

/** A lamp: one subscription, and what its phone believes. */
export class Lamp {
  readonly target: string;
  readonly callId: string;
  readonly tag: string;
  /** Final status of the latest SUBSCRIBE; 0 while there is none. */
  status = 0;
  response: PhoneMessage | undefined;
  /** What it was granted. */
  expiresSeconds = 0;
  cseq = 0;
  remoteTo = '';
  remoteTarget = '';
  readonly notices: LampNotice[] = [];
  /** By id; those that are terminated are taken out. */
  readonly dialogs = new Map<string, LampDialog>();
  /** How the notifier ended it; empty while it goes on. */
  over = '';
  /** Answers to its NOTIFYs. */
  answer: (notify: PhoneMessage) => number | undefined = () => 200;

  constructor(target: string, callId: string, tag: string) {
    this.target = target;
    this.callId = callId;
    this.tag = tag;
  }

  /** States of the dialogs, by the other party: `recipient early`. */
  get shows(): string[] {
    return [...this.dialogs.values()].map(({ direction, state }) => `${direction} ${state}`);
  }

  get latest(): LampNotice | undefined {
    return this.notices.at(-1);
  }
}

export interface WatcherOptions {
  readonly wire: Wire;
  readonly random: Random;
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly proxy: Endpoint;
  readonly transport?: TransportName;
}

/** How a SUBSCRIBE differs from the usual one. */
export interface WatchOptions {
  readonly expiresSeconds?: number | undefined;
  readonly headers?: readonly Header[];
  readonly event?: string;
  readonly accept?: string | undefined;
  readonly from?: string;
}

export class Watcher {
  /** What the notifier did wrong, with instants. */
  readonly complaints: string[] = [];
  readonly lamps: Lamp[] = [];
  readonly #options: WatcherOptions;
  readonly #transactions: PhoneTransactions;
  readonly #requester: Requester;
  readonly #wire: Wire;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#wire = options.wire;
    const send = (text: string, remote: Endpoint): string => {
      this.#wire.send(text, remote);
      return text;
    };
    this.#transactions = new PhoneTransactions({
      wire: this.#wire,
      send: (message, remote) => send(writeMessage(message), remote),
      resend: (text, _, remote) => send(text, remote),
      complain: (what) => this.#complain(what),
    });
    const credentials = { user: options.user, password: options.password };
    this.#requester = new Requester({
      wire: this.#wire,
      random: options.random,
      transactions: this.#transactions,
      credentials,
    });
    this.#wire.onMessage = (text, remote) => this.#receive(text, remote);
  }

  get aor(): string {
    return `sip:${this.#options.user}@${this.#options.domain}`;
  }

  /** Watches a user. */
  watch(to: string, options: WatchOptions = {}): Lamp {
    const target = to.includes(':') ? to : `sip:${to}@${this.#options.domain}`;
    const { random } = this.#options;
    const lamp = new Lamp(target, `${random.hex(8)}@${this.#wire.local.host}`, random.hex(6));
    this.lamps.push(lamp);
    this.#subscribe(lamp, options);
    return lamp;
  }

  /** Refreshes a subscription, or takes it back with 0 seconds. */
  refresh(lamp: Lamp, options: WatchOptions = {}): void {
    this.#subscribe(lamp, options);
  }

  #subscribe(lamp: Lamp, { expiresSeconds, headers = [], event = 'dialog', accept, from }: WatchOptions): void {
    const { transport, sentBy, local } = this.#wire;
    const param = transport === 'udp' ? '' : `;transport=${transport === 'wss' ? 'ws' : transport}`;
    const contact = `<sip:${this.#options.user}@${sentBy ?? endpointName(local)}${param}>`;
    this.#requester.ask(
      {
        method: 'SUBSCRIBE',
        uri: lamp.remoteTarget || lamp.target,
        from: `<${from ?? this.aor}>;tag=${lamp.tag}`,
        to: lamp.remoteTo || `<${lamp.target}>`,
        callId: lamp.callId,
        headers: [
          ['Contact', contact],
          ...(event === '' ? [] : [['Event', event] as const]),
          ...(accept === '' ? [] : [['Accept', accept ?? 'application/dialog-info+xml'] as const]),
          ...(expiresSeconds === undefined ? [] : [['Expires', String(expiresSeconds)] as const]),
          ...headers,
        ],
        body: '',
        remote: this.#options.proxy,
        nextCseq: () => {
          lamp.cseq += 1;
          return lamp.cseq;
        },
      },
      {
        response: (response) => {
          if (response.status >= 200) this.#answered(lamp, response, expiresSeconds);
        },
        timedOut: () => {
          lamp.status = 408;
        },
      },
    );
  }

  #answered(lamp: Lamp, response: PhoneMessage, asked: number | undefined): void {
    lamp.status = response.status;
    lamp.response = response;
    if (response.status >= 300) return;
    const [contact] = valuesOf(response, 'contact');
    const granted = Number(headerOf(response, 'expires') || Number.NaN);
    if (contact === undefined) this.#complain('200 to SUBSCRIBE without Contact (RFC 6665 §3.1)');
    if (!(granted <= (asked ?? Number.POSITIVE_INFINITY)))
      this.#complain(`granted ${granted} s, asked for ${asked} (RFC 6665 §4.2.1.1)`);
    lamp.expiresSeconds = granted;
    lamp.remoteTo = headerOf(response, 'to');
    lamp.remoteTarget = contact === undefined ? '' : uriOf(contact);
  }

  #receive(text: string, remote: Endpoint): void {
    if (text.trim() === '') return;
    const { message, flaws } = readMessage(text, this.#wire.transport !== 'udp');
    for (const flaw of flaws) this.#complain(flaw);
    if (message === undefined) return;
    if (message.status !== 0) {
      this.#transactions.response(message);
      return;
    }
    const exchange = this.#transactions.received(message, text, remote);
    if (exchange !== undefined) this.#request(exchange);
  }

  #request(exchange: ServerExchange): void {
    const { request } = exchange;
    if (request.method !== 'NOTIFY') {
      this.#complain(`${request.method} to one who only watches`);
      this.#respond(exchange, 501);
      return;
    }
    const callId = headerOf(request, 'call-id');
    const lamp = this.lamps.findLast((one) => one.callId === callId && one.tag === tagOf(request, 'to'));
    if (lamp === undefined) {
      this.#respond(exchange, 481);
      return;
    }
    const status = lamp.answer(request);
    if (status === undefined) return;
    if (status < 300) this.#believe(lamp, request);
    this.#respond(exchange, status);
  }

  #respond(exchange: ServerExchange, status: number): void {
    const { request } = exchange;
    const headers = [...copiedIntoAnswer(request), ...linesOf(request, 'To').map((value): Header => ['To', value])];
    exchange.respond({ method: '', uri: '', status, reason: 'Watcher', headers, body: '' });
  }

  /** RFC 4235 §3.9: a full document replaces all that was known; a partial one changes it, and none may be missed. */
  #believe(lamp: Lamp, request: PhoneMessage): void {
    const subscription = headerOf(request, 'subscription-state');
    if (!/^(active;expires=\d+|terminated;reason=[a-z]+)$/.test(subscription))
      this.#complain(`NOTIFY with Subscription-State ${subscription} (RFC 6665 §4.1.3)`);
    if (lamp.over !== '') this.#complain('NOTIFY after the end of its subscription (RFC 6665 §4.4.1)');
    if (subscription.startsWith('terminated')) lamp.over = subscription;
    if (request.body === '' && lamp.over !== '') return;
    const notice = this.#read(request, subscription);
    if (notice === undefined) return;
    const previous = lamp.latest?.version ?? -1;
    if (notice.version <= previous) this.#complain(`version ${notice.version} after ${previous} (RFC 4235 §4.1)`);
    if (notice.kind === 'partial' && notice.version !== previous + 1)
      this.#complain(`partial version ${notice.version} after ${previous} (RFC 4235 §3.9)`);
    if (lamp.notices.length === 0 && notice.kind !== 'full') this.#complain('the first document is not full (RFC 4235 §3.8)');
    if (notice.entity !== lamp.target) this.#complain(`entity ${notice.entity} instead of ${lamp.target}`);
    lamp.notices.push(notice);
    if (notice.kind === 'full') lamp.dialogs.clear();
    for (const dialog of notice.dialogs)
      if (dialog.state === 'terminated') lamp.dialogs.delete(dialog.id);
      else lamp.dialogs.set(dialog.id, dialog);
  }

  #read(request: PhoneMessage, subscription: string): LampNotice | undefined {
    if (headerOf(request, 'content-type') !== 'application/dialog-info+xml') this.#complain('NOTIFY of another type');
    const text = textOf(request.body);
    if (text === undefined) {
      this.#complain('the document is not UTF-8');
      return undefined;
    }
    const form =
      /^<\?xml version="1\.0"( encoding="UTF-8")?\?>\s*(<dialog-info( [a-z]+="[^"<]*")+>)(.*)<\/dialog-info>\s*$/s.exec(text);
    const [, , root = '', , inner = ''] = form ?? [];
    const rest = inner.replace(
      /<dialog( [a-z-]+="[^"<]*")+>(<[a-z]+( [a-z]+="[^"<]*")*\/?>|<\/(?!dialog)[a-z]+>|[^<>])*<\/dialog>/g,
      '',
    );
    if (form === null || rest.trim() !== '') this.#complain(`the document is malformed: ${rest.trim().slice(0, 80)}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may stand there
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|&(?!(amp|lt|gt|quot|apos);)/.test(text))
      this.#complain('the document has characters that XML has not');
    const known = attributesOf(root);
    if (known.xmlns !== 'urn:ietf:params:xml:ns:dialog-info') this.#complain(`namespace ${known.xmlns}`);
    return {
      atMs: this.#wire.now(),
      version: Number(known.version ?? Number.NaN),
      kind: known.state ?? '',
      entity: known.entity ?? '',
      subscription,
      body: text,
      message: request,
      dialogs: [...inner.matchAll(/(<dialog [^>]*>)(.*?)<\/dialog>/gs)].map(([, tag = '', of = '']) => dialogOf(tag, of)),
    };
  }

  #complain(what: string): void {
    this.complaints.push(`${(this.#wire.now() / 1000).toFixed(3)} s: ${this.#options.user}, who watches: ${what}`);
  }
}
