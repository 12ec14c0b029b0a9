/** Phones of a bench: each sends a packet of 20 ms of G.711 every 20 ms, and notes when it hears one. */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { Samples } from '../load/samples.ts';
import { type Address, HOST } from './relay.ts';

const FRAME_MS = 20;
const PACKET_BYTES = 172;

interface Phone {
  readonly socket: Socket;
  readonly port: number;
  readonly packet: Buffer;
  to: Address | undefined;
  nextMs: number;
  heardMs: number;
}

const noLookup = (address: string, _options: object, found: (error: null, address: string, family: number) => void): void =>
  found(null, address, 4);

export class Phones {
  readonly all: Phone[] = [];
  /** From sending to hearing. */
  delays = new Samples();
  /** How far from 20 ms two packets of one stream came. */
  jitter = new Samples();
  sent = 0;
  heard = 0;
  /** How late the load itself was, at worst. */
  latestMs = 0;
  #isRunning = false;

  constructor(count: number) {
    for (let n = 0; n < count; n++) {
      const socket = createSocket({ type: 'udp4', lookup: noLookup });
      socket.bind(0, HOST);
      const packet = Buffer.alloc(PACKET_BYTES);
      packet[0] = 0x80;
      packet.writeUInt32BE(n + 1, 8);
      const phone: Phone = { socket, port: socket.address().port, packet, to: undefined, nextMs: 0, heardMs: 0 };
      socket.on('message', (bytes) => this.#hear(phone, bytes));
      this.all.push(phone);
    }
  }

  /** Sends from each phone that knows where to, for so long. */
  async run(forMs: number): Promise<void> {
    this.delays = new Samples();
    this.jitter = new Samples();
    this.sent = 0;
    this.heard = 0;
    this.latestMs = 0;
    const beganMs = performance.now();
    for (const [n, phone] of this.all.entries()) {
      // Spread over the 20 ms, and within one stream without any jitter.
      phone.nextMs = beganMs + (n * FRAME_MS) / this.all.length;
      phone.heardMs = 0;
    }
    this.#isRunning = true;
    while (performance.now() - beganMs < forMs) {
      const dueMs = performance.now();
      for (const phone of this.all) if (phone.nextMs <= dueMs) this.#send(phone, dueMs);
      await sleep(1);
    }
    await sleep(100);
    this.#isRunning = false;
  }

  close(): void {
    for (const { socket } of this.all) socket.close();
  }

  #send(phone: Phone, nowMs: number): void {
    const { packet, to } = phone;
    this.latestMs = Math.max(this.latestMs, nowMs - phone.nextMs);
    phone.nextMs += FRAME_MS;
    if (to === undefined) return;
    packet.writeUInt16BE((packet.readUInt16BE(2) + 1) & 0xffff, 2);
    packet.writeUInt32BE((packet.readUInt32BE(4) + 160) >>> 0, 4);
    packet.writeDoubleBE(performance.now(), 12);
    this.sent++;
    phone.socket.send(Buffer.from(packet), to.port, to.host);
  }

  #hear(phone: Phone, bytes: Buffer): void {
    if (!this.#isRunning || bytes.length < PACKET_BYTES) return;
    const nowMs = performance.now();
    this.heard++;
    if (phone.to !== undefined) this.delays.add(nowMs - bytes.readDoubleBE(12));
    if (phone.heardMs !== 0) this.jitter.add(Math.abs(nowMs - phone.heardMs - FRAME_MS));
    phone.heardMs = nowMs;
  }
}
