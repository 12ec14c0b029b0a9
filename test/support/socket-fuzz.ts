/** Bytes that are nearly SIP, thrown at real sockets in every manner: whole, in pieces, slowly, and left half said. */
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { realMessages } from './real-messages.ts';

/** Where the service listens on the loopback. */
export interface Targets {
  readonly udp: number;
  readonly tcp: number;
  readonly ws?: number;
}

const HOST = '127.0.0.1';
const PIECES = [
  '\r\n',
  '\0',
  ';',
  ',',
  '"',
  '<',
  '>',
  ':',
  '@',
  '[',
  ']',
  '%',
  ' ',
  ';tag=',
  'Via: ',
  'l: 9\r\n',
  '\r\n\r\n',
  'sip:',
];

/** One storm: `sent` messages, from as many sockets as they needed. */
export class SocketFuzz {
  sent = 0;
  /** What the service said to it. */
  heard = 0;
  readonly #random: SeededRandom;
  readonly #targets: Targets;
  readonly #real = realMessages();
  readonly #open = new Set<Socket>();
  readonly #pages = new Set<WebSocket>();
  readonly #udp: Datagrams = createSocket('udp4');

  constructor(seed: number, targets: Targets) {
    this.#random = new SeededRandom(seed);
    this.#targets = targets;
    this.#udp.on('message', () => void this.heard++);
  }

  /** Goes on for so long, then closes everything. */
  async run(forMs: number): Promise<void> {
    this.#udp.bind(0, HOST);
    await once(this.#udp, 'listening');
    const untilMs = performance.now() + forMs;
    while (performance.now() < untilMs) {
      for (let n = 0; n < 40; n++) this.#say(this.#mutated());
      // The service and its sockets have their turn.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#udp.close();
    for (const socket of this.#open) socket.destroy();
    for (const page of this.#pages) page.terminate();
  }

  #below(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }

  #one<T>(from: readonly T[], preset: T): T {
    return from[this.#below(from.length)] ?? preset;
  }

  /** A real message, changed in up to three places; one in five not at all, one in ten of noise alone. */
  #mutated(): Buffer {
    if (this.#below(10) === 0) return Buffer.from(Array.from({ length: this.#below(400) }, () => this.#below(256)));
    let text = this.#one(this.#real, '').replace(/branch=z9hG4bK/, () => `branch=z9hG4bK${this.#below(1e9)}`);
    for (let changes = this.#below(5) === 0 ? 0 : 1 + this.#below(3); changes > 0; changes--) {
      const at = this.#below(text.length + 1);
      const kind = this.#below(4);
      if (kind === 0) text = text.slice(0, at);
      else if (kind === 1) text = text.slice(0, at) + this.#one(PIECES, '') + text.slice(at + this.#below(8));
      else if (kind === 2) text = text.slice(0, at) + String.fromCharCode(this.#below(256)) + text.slice(at + 1);
      else text = text.slice(0, at) + this.#one(this.#real, '').slice(at);
    }
    return Buffer.from(text, 'latin1');
  }

  #say(bytes: Buffer): void {
    this.sent++;
    const how = this.#below(10);
    if (how < 5) this.#udp.send(bytes, this.#targets.udp, HOST);
    else if (how === 9 && this.#targets.ws !== undefined) this.#overWebSocket(bytes, this.#targets.ws);
    else this.#overTcp(bytes);
  }

  /** On a connection of its own now and then, else on one that is open. */
  #overTcp(bytes: Buffer): void {
    const known = [...this.#open][this.#below(this.#open.size)];
    const socket = known === undefined || this.#open.size < 8 || this.#below(20) === 0 ? this.#connected() : known;
    if (this.#below(3) > 0) socket.write(bytes);
    else this.#inPieces(socket, bytes);
    const end = this.#below(30);
    if (end === 0) socket.end();
    else if (end === 1) socket.resetAndDestroy();
  }

  /** One after the other, now and then with a pause between. */
  #inPieces(socket: Socket, bytes: Buffer): void {
    const length = 1 + this.#below(200);
    const [first, rest] = [bytes.subarray(0, length), bytes.subarray(length)];
    if (!socket.writable) return;
    socket.write(first);
    if (rest.length === 0) return;
    if (this.#below(4) === 0) setTimeout(() => this.#inPieces(socket, rest), 1 + this.#below(30)).unref();
    else this.#inPieces(socket, rest);
  }

  #connected(): Socket {
    const socket = connect(this.#targets.tcp, HOST);
    this.#open.add(socket);
    socket.on('error', () => {});
    // One in four reads nothing of what it is told.
    if (this.#below(4) > 0) socket.on('data', () => void this.heard++);
    socket.on('close', () => this.#open.delete(socket));
    return socket;
  }

  #overWebSocket(bytes: Buffer, port: number): void {
    const known = [...this.#pages].filter(({ readyState }) => readyState === WebSocket.OPEN);
    const page = known[this.#below(known.length)];
    if (page !== undefined && this.#below(10) > 0) page.send(this.#below(2) === 0 ? bytes : bytes.toString('latin1'));
    else if (this.#pages.size < 20) this.#browse(port);
  }

  #browse(port: number): void {
    const page = new WebSocket(`ws://${HOST}:${port}/`, 'sip');
    this.#pages.add(page);
    page.on('error', () => {});
    page.on('message', () => void this.heard++);
    page.on('close', () => this.#pages.delete(page));
  }
}
