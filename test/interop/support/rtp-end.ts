import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';
const PACKET_MS = 20;
const SAMPLES = 160;
const HEADER_BYTES = 12;
const KEYS = '0123456789*#ABCD';
const LIMIT_MS = 15_000;
const POLL_MS = 20;
const MAX_KEPT = 2_000;

/** Resolves once that is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const limitMs = performance.now() + LIMIT_MS;
  while (!isSo()) {
    if (performance.now() > limitMs) throw new Error(`not in time: ${what}`);
    await sleep(POLL_MS);
  }
}

/** One end of a call's audio (PCMU and telephone-event): silence of its own, keys that it presses, and all that it hears. */
export class RtpEnd {
  readonly port: number;
  readonly ssrc: number;
  /** Keys heard, each once, by their event number (RFC 4733 §3.2). */
  readonly keys: number[] = [];
  sent = 0;
  readonly #socket: Socket;
  readonly #heard = new Map<number, Buffer[]>();
  readonly #keyTimes = new Set<number>();
  #talk: NodeJS.Timeout | undefined;
  #to = 0;
  #sequence = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    this.ssrc = 0x5eed0000 + this.port;
    socket.on('message', (packet) => this.#received(packet));
  }

  static async open(): Promise<RtpEnd> {
    const socket = createSocket('udp4');
    socket.bind(0, HOST);
    await once(socket, 'listening');
    return new RtpEnd(socket);
  }

  description(): string {
    return [
      ...['v=0', `o=- ${this.port} 1 IN IP4 ${HOST}`, 's=-', `c=IN IP4 ${HOST}`, 't=0 0', `m=audio ${this.port} RTP/AVP 0 101`],
      ...['a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=sendrecv', ''],
    ].join('\r\n');
  }

  /** Speaks from now on to where that description says. */
  speakTo(description: string): void {
    this.#to = Number(/^m=audio (\d+) /m.exec(description)?.[1] ?? 0);
    clearInterval(this.#talk);
    this.#talk = setInterval(() => this.#send(0, this.#sequence * SAMPLES, Buffer.alloc(SAMPLES, 0xff)), PACKET_MS);
  }

  silence(): void {
    clearInterval(this.#talk);
  }

  /** Presses keys for 100 ms each, 100 ms apart (RFC 4733 §2.5). */
  async press(digits: string, payloadType: number): Promise<void> {
    for (const digit of digits) {
      const time = this.#sequence * SAMPLES;
      for (let part = 1; part <= 8; part += 1) {
        const isEnd = part > 5;
        const event = Buffer.alloc(4);
        event.writeUInt8(KEYS.indexOf(digit), 0);
        event.writeUInt8((isEnd ? 0x80 : 0) | 10, 1);
        event.writeUInt16BE(Math.min(part, 5) * SAMPLES, 2);
        this.#send(payloadType | (part === 1 ? 0x80 : 0), time, event);
        await sleep(isEnd ? 1 : PACKET_MS);
      }
      await sleep(100);
    }
  }

  /** Packets of audio heard of that source. */
  count(ssrc: number): number {
    return this.#heard.get(ssrc)?.length ?? 0;
  }

  /** Packets of audio heard. */
  get total(): number {
    let packets = 0;
    for (const of of this.#heard.values()) packets += of.length;
    return packets;
  }

  /** Audio of all other sources. */
  others(ssrc: number): Buffer[] {
    return [...this.#heard].flatMap(([source, packets]) => (source === ssrc ? [] : packets));
  }

  close(): Promise<void> {
    clearInterval(this.#talk);
    return new Promise((closed) => this.#socket.close(() => closed()));
  }

  #send(markedType: number, time: number, payload: Buffer): void {
    this.#sequence += 1;
    this.sent += 1;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(0x80, 0);
    header.writeUInt8(markedType, 1);
    header.writeUInt16BE(this.#sequence & 0xffff, 2);
    header.writeUInt32BE(time >>> 0, 4);
    header.writeUInt32BE(this.ssrc, 8);
    this.#socket.send(Buffer.concat([header, payload]), this.#to, HOST);
  }

  #received(packet: Buffer): void {
    if (packet.length < HEADER_BYTES || packet.readUInt8(0) >> 6 !== 2) return;
    const ssrc = packet.readUInt32BE(8);
    const payload = packet.subarray(HEADER_BYTES);
    if ((packet.readUInt8(1) & 0x7f) === 101) {
      const time = packet.readUInt32BE(4);
      if (!this.#keyTimes.has(time)) this.keys.push(payload.readUInt8(0));
      this.#keyTimes.add(time);
      return;
    }
    const kept = this.#heard.get(ssrc) ?? [];
    this.#heard.set(ssrc, kept);
    if (kept.length < MAX_KEPT) kept.push(payload);
  }
}
