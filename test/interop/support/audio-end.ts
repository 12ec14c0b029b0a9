import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromLaw, type Law, toLaw } from './audio.ts';
import type { Cargo } from './talk.ts';
import { sdp } from './talk.ts';

const HOST = '127.0.0.1';
const PACKET_MS = 20;
const POLL_MS = 10;
const HEADER_BYTES = 12;
const SAMPLES = 160;
const LIMIT_MS = 10_000;
const MAX_HEARD_PACKETS = 6000;
const KEYS = '0123456789*#ABCD';
const PAYLOAD_TYPES: Readonly<Record<Law, number>> = { PCMU: 0, PCMA: 8 };
const PRESS_MS = 100;
const PAUSE_MS = 100;
const ENDS = 3;

/** How a key is pressed. */
export interface Press {
  /** Packets of it that are lost, by their place; the last three are its ends. */
  readonly loses?: (place: number, last: number) => boolean;
}

/** Where it is, and where it says that it is: behind a NAT that is another address. */
export interface Place {
  readonly host?: string;
  readonly named?: { readonly host: string; readonly port: number };
}

/**
 * A party's media, spoken and heard by its own code: G.711 and telephone-events (RFC 4733) on one socket. Its signalling is
 * somebody else's.
 */
export class AudioEnd {
  readonly port: number;
  readonly host: string;
  /** Keys that were pressed towards it. */
  keys = '';
  readonly #law: Law;
  readonly #events: number;
  readonly #named: { readonly host: string; readonly port: number };
  readonly #socket: Socket;
  readonly #heard: Int16Array[] = [];
  #lastPress = '';
  #to: { readonly port: number; readonly host: string; readonly events: number } | undefined;
  #clock: NodeJS.Timeout | undefined;
  #dueMs = 0;
  #sequence = 41_000;
  #timestamp = 0xfffff000;
  /** What it says next: packets of payload type and payload, an empty one for what is lost. */
  readonly #queue: {
    readonly type: number;
    readonly timestamp: number | undefined;
    readonly marker: boolean;
    readonly payload: Buffer;
  }[] = [];

  private constructor(socket: Socket, law: Law, events: number, named: Place['named']) {
    this.#socket = socket;
    this.#law = law;
    this.#events = events;
    const { address, port } = socket.address();
    this.host = address;
    this.port = port;
    this.#named = named ?? { host: address, port };
    socket.on('message', (packet) => this.#hear(packet));
  }

  /** `events`: the payload type that it wants telephone-events to have. */
  static async open(law: Law = 'PCMU', events = 101, { host = HOST, named }: Place = {}): Promise<AudioEnd> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, host);
    await once(socket, 'listening');
    return new AudioEnd(socket, law, events, named);
  }

  /** A session whose one stream is this end. */
  session(id: number, version: number): Cargo {
    const audio = PAYLOAD_TYPES[this.#law];
    const lines = [
      `m=audio ${this.#named.port} RTP/AVP ${audio} ${this.#events}`,
      `a=rtpmap:${audio} ${this.#law}/8000`,
      `a=rtpmap:${this.#events} telephone-event/8000`,
      `a=fmtp:${this.#events} 0-15`,
      'a=ptime:20',
    ];
    const { host } = this.#named;
    const body = sdp(id, version, lines.join('\n'));
    return { type: 'application/sdp', body: body.replaceAll('IP4 [local_ip]', `${host.includes(':') ? 'IP6' : 'IP4'} ${host}`) };
  }

  /** Speaks from now on to where that description says: silence, but for what is said and pressed. */
  speakTo(description: string): void {
    const port = Number(/^m=audio (\d+) /m.exec(description)?.[1] ?? 0);
    const host = /^c=IN IP[46] (\S+)/m.exec(description)?.[1];
    if (port === 0 || host === undefined) throw new Error(`nobody to speak to in ${description}`);
    const events = Number(/^a=rtpmap:(\d+) telephone-event\/8000/im.exec(description)?.[1] ?? -1);
    this.#to = { port, host, events };
    this.#dueMs = performance.now();
    this.#clock ??= setInterval(() => this.#tick(), PACKET_MS / 4);
  }

  says(samples: Int16Array): void {
    for (let at = 0; at < samples.length; at += SAMPLES) {
      const payload = Buffer.from(toLaw(this.#law, samples.subarray(at, at + SAMPLES)));
      this.#queue.push({ type: PAYLOAD_TYPES[this.#law], timestamp: undefined, marker: false, payload });
    }
  }

  /** Presses keys as telephone-events; resolves once the last packet went out. */
  async presses(digits: string, { loses = () => false }: Press = {}): Promise<void> {
    const events = this.#to?.events ?? -1;
    if (events === -1) throw new Error('the other side takes no telephone-events');
    for (const digit of digits) {
      // All packets of a press have the timestamp of its beginning.
      const timestamp = (this.#timestamp + this.#queue.length * SAMPLES) >>> 0;
      const steps = PRESS_MS / PACKET_MS;
      const last = steps - 1 + ENDS - 1;
      for (let place = 0; place <= last; place += 1) {
        const isEnd = place > last - ENDS;
        const payload = Buffer.of(KEYS.indexOf(digit), isEnd ? 0x8a : 0x0a, 0, 0);
        payload.writeUInt16BE(Math.min(place + 1, steps) * SAMPLES, 2);
        this.#queue.push({
          type: events,
          timestamp,
          marker: place === 0,
          payload: loses(place, last) ? Buffer.alloc(0) : payload,
        });
      }
      this.says(new Int16Array((PAUSE_MS / PACKET_MS) * SAMPLES));
    }
    const until = performance.now() + LIMIT_MS;
    while (this.#queue.length > 0 && performance.now() < until) await sleep(POLL_MS);
  }

  /** All audio that came, in the order in which it came. */
  get heard(): Int16Array {
    return Int16Array.from(this.#heard.flatMap((part) => [...part]));
  }

  get packetsHeard(): number {
    return this.#heard.length;
  }

  /** Resolves once that holds; `what` says what is waited for. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const until = performance.now() + LIMIT_MS;
    while (!holds()) {
      if (performance.now() > until)
        throw new Error(`port ${this.port} waited for ${what}; ${this.#heard.length} packets, keys ${this.keys}`);
      await sleep(POLL_MS);
    }
  }

  /** Sends nothing more. */
  silence(): void {
    clearInterval(this.#clock);
  }

  stop(): Promise<void> {
    this.silence();
    return new Promise((closed) => this.#socket.close(() => closed()));
  }

  /** By the clock, not by how often it is called: a busy machine calls late. */
  #tick(): void {
    for (; this.#dueMs <= performance.now(); this.#dueMs += PACKET_MS) this.#say();
  }

  #say(): void {
    const next = this.#queue.shift();
    const silence = (): Buffer => Buffer.from(toLaw(this.#law, new Int16Array(SAMPLES)));
    const { type, timestamp, marker, payload } = next ?? {
      type: PAYLOAD_TYPES[this.#law],
      timestamp: undefined,
      marker: false,
      payload: silence(),
    };
    const head = Buffer.alloc(HEADER_BYTES);
    head[0] = 0x80;
    head[1] = (marker ? 0x80 : 0) | type;
    head.writeUInt16BE(this.#sequence, 2);
    head.writeUInt32BE(timestamp ?? this.#timestamp, 4);
    head.writeUInt32BE(0x5eed0000 + this.port, 8);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + SAMPLES) >>> 0;
    if (this.#to !== undefined && payload.length > 0)
      this.#socket.send(Buffer.concat([head, payload]), this.#to.port, this.#to.host);
  }

  #hear(packet: Buffer): void {
    if (packet.length <= HEADER_BYTES || packet.readUInt8(0) !== 0x80) return;
    const type = packet.readUInt8(1) & 0x7f;
    const payload = packet.subarray(HEADER_BYTES);
    if (type === this.#events && payload.length === 4) {
      const press = `${packet.readUInt32BE(8)} ${packet.readUInt32BE(4)}`;
      if (press !== this.#lastPress) this.keys += KEYS[payload.readUInt8(0)] ?? '?';
      this.#lastPress = press;
    } else if (type === PAYLOAD_TYPES[this.#law] && this.#heard.length < MAX_HEARD_PACKETS)
      this.#heard.push(fromLaw(this.#law, payload));
  }
}
