import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cargo } from './talk.ts';
import { sdp } from './talk.ts';

const HOST = '127.0.0.1';
const PACKET_MS = 20;
const POLL_MS = 5;
const HEARD_LIMIT_MS = 10_000;
const HEADER_BYTES = 12;
const SAMPLES = 160;

/** One end of an audio stream: speaks RTP (RFC 3550 §5.1) to where a session description says, and knows whom it hears. */
export class MediaEnd {
  readonly port: number;
  readonly ssrc: number;
  readonly #socket: Socket;
  /** When the first packet of each source came. */
  readonly #heardMs = new Map<number, number>();
  #talk: NodeJS.Timeout | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    this.ssrc = 0x5eed0000 + this.port;
    socket.on('message', (packet) => {
      if (packet.length < HEADER_BYTES || packet.readUInt8(0) >> 6 !== 2) return;
      const ssrc = packet.readUInt32BE(8);
      if (!this.#heardMs.has(ssrc)) this.#heardMs.set(ssrc, performance.now());
    });
  }

  static async open(): Promise<MediaEnd> {
    const socket = createSocket('udp4');
    socket.bind(0, HOST);
    await once(socket, 'listening');
    return new MediaEnd(socket);
  }

  /** A session whose one stream is this end. */
  session(id: number, version: number): Cargo {
    return { type: 'application/sdp', body: sdp(id, version, `m=audio ${this.port} RTP/AVP 0\na=rtpmap:0 PCMU/8000`) };
  }

  /** Speaks from now on to where that description says. */
  speakTo(description: string): void {
    const port = Number(/^m=audio (\d+) /m.exec(description)?.[1] ?? 0);
    const host = /^c=IN IP4 (\S+)/m.exec(description)?.[1];
    if (port === 0 || host === undefined) throw new Error(`nobody to speak to in ${description}`);
    let sequence = 0;
    const packet = Buffer.alloc(HEADER_BYTES + SAMPLES, 0xff);
    packet.writeUInt16BE(0x8000, 0);
    packet.writeUInt32BE(this.ssrc, 8);
    clearInterval(this.#talk);
    this.#talk = setInterval(() => {
      sequence += 1;
      packet.writeUInt16BE(sequence & 0xffff, 2);
      packet.writeUInt32BE((sequence * SAMPLES) >>> 0, 4);
      this.#socket.send(packet, port, host);
    }, PACKET_MS);
  }

  /** Resolves with the instant of the first packet of that end. */
  async hears({ ssrc }: MediaEnd): Promise<number> {
    const until = performance.now() + HEARD_LIMIT_MS;
    for (;;) {
      const heardMs = this.#heardMs.get(ssrc);
      if (heardMs !== undefined) return heardMs;
      if (performance.now() > until) throw new Error(`no RTP of ${ssrc} on port ${this.port}`);
      await sleep(POLL_MS);
    }
  }

  /** How many others were heard. */
  get sources(): number {
    return this.#heardMs.size;
  }

  stop(): Promise<void> {
    clearInterval(this.#talk);
    return new Promise((closed) => this.#socket.close(() => closed()));
  }
}
