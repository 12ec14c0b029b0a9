import { type Header, headerOf, linesOf, type PhoneMessage, readMessage, writeMessage } from '../../src/testing/phone-message.ts';
import type { Wire } from '../../src/testing/wire.ts';
import { SERVICE_HOST, SERVICE_PORT } from '../../src/testing/world.ts';
import type { Endpoint, TransportName } from '../../src/transport/transport.ts';

const COPIED = ['Via', 'From', 'Call-ID', 'CSeq'];

/** The part of a world that a raw peer needs. */
interface Ether {
  wire(host: string, transport?: TransportName): Wire;
}

/** A peer that says what the test wants, right or wrong, and nothing by itself. */
export class RawPeer {
  readonly received: PhoneMessage[] = [];
  readonly wire: Wire;
  /** Called with each message that comes. */
  hears: (message: PhoneMessage) => void = () => {};
  readonly #service: Endpoint;
  #serial = 0;

  constructor(world: Ether, host = '10.0.9.9', transport: TransportName = 'udp') {
    this.wire = world.wire(host, transport);
    this.#service = { host: SERVICE_HOST, port: SERVICE_PORT[transport] };
    this.wire.onMessage = (text) => {
      const { message } = readMessage(text, transport !== 'udp');
      if (message === undefined) return;
      this.received.push(message);
      this.hears(message);
    };
  }

  get contact(): string {
    const { host, port } = this.wire.local;
    return `sip:raw@${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** Sends a request with a Via of its own; From, To, Call-ID and CSeq have presets. */
  request(method: string, uri: string, headers: readonly Header[] = [], body = ''): void {
    this.#serial += 1;
    const { host, port } = this.wire.local;
    const given = new Set(headers.map(([name]) => name.toLowerCase()));
    const presets: Header[] = [
      ['Via', `SIP/2.0/${this.wire.transport.toUpperCase()} ${host}:${port};branch=z9hG4bKraw${host}${port}${this.#serial}`],
      ['Max-Forwards', '70'],
      ['From', '<sip:raw@elsewhere.example>;tag=raw'],
      ['To', `<${uri}>`],
      ['Call-ID', `raw-${host}-${this.#serial}`],
      ['CSeq', `${this.#serial} ${method}`],
    ];
    const all = [...presets.filter(([name]) => !given.has(name.toLowerCase())), ...headers];
    this.wire.send(writeMessage({ method, uri, status: 0, reason: '', headers: all, body }), this.#service);
  }

  /** Registers its Contact, with these parameters behind the angle brackets, where nobody is asked for a password. */
  register(user: string, after = '', uriParams = ''): void {
    this.request('REGISTER', 'sip:example.com', [
      ['To', `<sip:${user}@example.com>`],
      ['From', `<sip:${user}@example.com>;tag=raw`],
      ['Contact', `<${this.contact}${uriParams}>${after}`],
    ]);
  }

  /** Answers; a given To or Contact stands instead of its own, and a header with an empty value is left out. */
  reply(request: PhoneMessage, status: number, headers: readonly Header[] = [], body = ''): void {
    const to = headerOf(request, 'to');
    const tagged = to.includes('tag=') || status === 100 ? to : `${to};tag=rawtag`;
    const copied = COPIED.flatMap((name) => linesOf(request, name).map((value): Header => [name, value]));
    const isGiven = (wanted: string) => headers.some(([name]) => name === wanted);
    const contact: Header[] = status > 100 && status < 300 && !isGiven('Contact') ? [['Contact', `<${this.contact}>`]] : [];
    const given = isGiven('To') ? [] : ([['To', tagged]] as Header[]);
    const message = {
      method: '',
      uri: '',
      status,
      reason: 'Raw',
      headers: [...copied, ...given, ...contact, ...headers.filter(([, value]) => value !== '')],
      body,
    };
    this.wire.send(writeMessage(message), this.#service);
  }

  /** The requests of a method that came. */
  requests(method: string): PhoneMessage[] {
    return this.received.filter((message) => message.method === method);
  }

  /** The latest final answer. */
  get answer(): PhoneMessage {
    const found = this.received.findLast(({ status }) => status >= 200);
    if (found === undefined) throw new Error('no final answer came');
    return found;
  }
}

export const SDP = 'v=0\r\no=raw 1 1 IN IP4 10.0.9.9\r\ns=-\r\nc=IN IP4 10.0.9.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
export const SDP_TYPE: Header = ['Content-Type', 'application/sdp'];
