import type { TimerQueue } from '../timers.ts';
import type { Endpoint } from '../transport/transport.ts';
import type { MediaSocket, RtpNetwork } from './simulated-rtp.ts';

/** What a phone has heard of one stream, its latest packets kept. */
export interface HeardStream {
  readonly ssrc: number;
  readonly from: Endpoint;
  packets: number;
  readonly payloadTypes: Set<number>;
  readonly latest: HeardPacket[];
}
export interface HeardPacket {
  readonly atMs: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly payload: Buffer;
}

export interface PhoneMediaParts {
  readonly network: Pick<RtpNetwork, 'bind'>;
  readonly timers: TimerQueue;
  readonly local: Endpoint;
  readonly ssrc?: number;
  /** What it calls telephone-event; 101 as its descriptions have it. */
  readonly eventType?: number;
}

const FRAME_MS = 20;
const FRAME = 160;
const KEYS = '0123456789*#ABCD';
const MAX_STREAMS = 64;
const MAX_LATEST = 2000;
const MAX_KEYS = 1000;
/** RFC 4733 §2.5.1.4: the last packet of an event is sent three times. */
const ENDS = 3;

/** What a phone does with its media: it is silent until it is told to talk, and counts what it hears. No code of the service's. */
export class PhoneMedia {
  readonly local: Endpoint;
  /** Where its packets go: set by `reach`, or by hand. */
  remote: Endpoint | undefined;
  readonly streams: HeardStream[] = [];
  /** Keys that it heard as telephone-events, once each. */
  keys = '';
  /** Packets that it was sent, and those of RTCP. */
  packets = 0;
  rtcp = 0;
  onRtcp: (bytes: Buffer) => void = () => {};
  /** What it says, one byte a sample. */
  voice = 0x55;
  readonly #timers: TimerQueue;
  readonly #socket: MediaSocket;
  readonly #control: MediaSocket;
  readonly #ssrc: number;
  readonly #eventType: number;
  readonly #events = new Set<string>();
  #sequence = 1000;
  #timestamp = 160_000;
  #isOpen = true;
  /** The latest order to talk: an older one ends. */
  #turn = 0;

  constructor({ network, timers, local, ssrc = 0x5151_0000 + local.port, eventType = 101 }: PhoneMediaParts) {
    this.local = local;
    this.#timers = timers;
    this.#ssrc = ssrc;
    this.#eventType = eventType;
    this.#socket = network.bind(local, (bytes, from) => this.#heard(bytes, from));
    this.#control = network.bind({ host: local.host, port: local.port + 1 }, (bytes) => {
      this.rtcp++;
      this.onRtcp(bytes);
    });
  }

  /** Sends to where a description says. */
  reach(sdp: string): void {
    const media = sdp.slice(sdp.search(/^m=audio/m));
    const port = Number(/^m=audio (\d+)/m.exec(media)?.[1] ?? 0);
    const host = /^c=IN IP[46] (\S+)/m.exec(media)?.[1] ?? /^c=IN IP[46] (\S+)/m.exec(sdp)?.[1];
    this.remote = host === undefined || port === 0 || host === '0.0.0.0' ? undefined : { host, port };
  }

  /** Talks for so long, a packet every 20 ms. */
  talk(forMs: number, payloadType = 0): void {
    this.#turn++;
    this.#say(this.#turn, this.#timers.now() + forMs, payloadType, true);
  }

  /** Is silent from now on. */
  hush(): void {
    this.#turn++;
  }

  /** Presses keys one after the other, each for so long. What it said before ends. */
  press(keys: string, { durationMs = 100, pauseMs = 60 } = {}): void {
    this.#turn++;
    const turn = this.#turn;
    let atMs = 0;
    for (const key of keys) {
      this.#timers.set(atMs, () => {
        if (turn === this.#turn) this.#press(KEYS.indexOf(key), durationMs);
      });
      atMs += durationMs + ENDS * FRAME_MS + pauseMs;
    }
  }

  /** One packet of RTP with that payload, as it is. */
  send(payload: Uint8Array, payloadType: number, { marker = false, ssrc = this.#ssrc } = {}): void {
    const packet = Buffer.alloc(12 + payload.length);
    packet[0] = 0x80;
    packet[1] = (marker ? 0x80 : 0) | payloadType;
    packet.writeUInt16BE(this.#sequence & 0xffff, 2);
    packet.writeUInt32BE(this.#timestamp >>> 0, 4);
    packet.writeUInt32BE(ssrc >>> 0, 8);
    packet.set(payload, 12);
    this.#sequence++;
    this.raw(packet);
  }

  /** Any datagram. */
  raw(bytes: Uint8Array): void {
    if (this.#isOpen && this.remote !== undefined) this.#socket.send(bytes, this.remote);
  }

  sendRtcp(bytes: Uint8Array): void {
    if (this.#isOpen && this.remote !== undefined)
      this.#control.send(bytes, { host: this.remote.host, port: this.remote.port + 1 });
  }

  close(): void {
    this.#isOpen = false;
    this.#turn++;
    this.#socket.close();
    this.#control.close();
  }

  #say(turn: number, endsMs: number, payloadType: number, marker: boolean): void {
    if (turn !== this.#turn || this.#timers.now() >= endsMs) return;
    this.send(Buffer.alloc(FRAME, this.voice), payloadType, { marker });
    this.#timestamp += FRAME;
    this.#timers.set(FRAME_MS, () => this.#say(turn, endsMs, payloadType, false));
  }

  #press(event: number, durationMs: number): void {
    const steps = Math.max(1, Math.round(durationMs / FRAME_MS));
    const turn = this.#turn;
    const said = Buffer.alloc(4);
    for (let step = 0; step < steps + ENDS; step++) {
      this.#timers.set(step * FRAME_MS, () => {
        if (turn !== this.#turn) return;
        const hasEnded = step >= steps - 1;
        said[0] = event;
        said[1] = (hasEnded ? 0x80 : 0) | 10;
        said.writeUInt16BE(Math.min(step + 1, steps) * FRAME, 2);
        this.send(said, this.#eventType, { marker: step === 0 });
        if (step === steps + ENDS - 1) this.#timestamp += (steps + ENDS) * FRAME;
      });
    }
  }

  #heard(bytes: Buffer, from: Endpoint): void {
    this.packets++;
    if (bytes.length < 12 || (bytes[0] ?? 0) >> 6 !== 2) return;
    const payloadType = (bytes[1] ?? 0) & 0x7f;
    const timestamp = bytes.readUInt32BE(4);
    const ssrc = bytes.readUInt32BE(8);
    const payload = bytes.subarray(12);
    let stream = this.streams.find((one) => one.ssrc === ssrc);
    if (stream === undefined) {
      if (this.streams.length >= MAX_STREAMS) return;
      stream = { ssrc, from, packets: 0, payloadTypes: new Set(), latest: [] };
      this.streams.push(stream);
    }
    stream.packets++;
    stream.payloadTypes.add(payloadType);
    const marker = ((bytes[1] ?? 0) & 0x80) !== 0;
    stream.latest.push({ atMs: this.#timers.now(), sequence: bytes.readUInt16BE(2), timestamp, marker, payloadType, payload });
    if (stream.latest.length > MAX_LATEST) stream.latest.splice(0, MAX_LATEST / 2);
    if (payloadType === this.#eventType) this.#heardKey(`${ssrc} ${timestamp}`, payload[0] ?? 0);
  }

  #heardKey(event: string, key: number): void {
    if (this.#events.has(event) || this.#events.size >= MAX_KEYS) return;
    this.#events.add(event);
    this.keys += KEYS[key] ?? '?';
  }
}
