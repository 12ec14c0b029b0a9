/** Key presses as packets that a network loses, repeats and reorders. */

import { type KeyListener, KeyPresses } from '../../src/rtp/key-presses.ts';
import type { OutgoingStream } from '../../src/rtp/outgoing.ts';
import { RtpHeader } from '../../src/rtp/packet.ts';
import { eventOf, pressPackets } from '../../src/rtp/telephone-event.ts';

/** A packet and when it comes. */
export interface Sent {
  readonly atMs: number;
  readonly bytes: Buffer;
}

const HEADER_AND_EVENT = 16;

/** Writes presses and the audio between them, as one stream; `packets` are those of the presses alone. */
export class PressWriter {
  readonly packets: Sent[] = [];
  readonly #stream: OutgoingStream;
  readonly #clockRate: number;
  #atMs = 0;

  constructor(stream: OutgoingStream, clockRate: number) {
    this.#stream = stream;
    this.#clockRate = clockRate;
  }

  press(digit: string, pressMs: number, pauseMs: number): this {
    const began = this.#stream.timestamp;
    let lastMs = 0;
    for (const packet of pressPackets(pressMs, this.#clockRate)) {
      const bytes = Buffer.alloc(HEADER_AND_EVENT);
      this.#stream.writePress(bytes, 101, began, packet, eventOf(digit));
      this.packets.push({ atMs: this.#atMs + packet.atMs, bytes });
      lastMs = packet.atMs;
    }
    const untilMs = lastMs + 20 + pauseMs;
    this.#stream.advance((untilMs * this.#clockRate) / 1000);
    // Packets of audio have numbers too.
    this.#stream.sequence = (this.#stream.sequence + Math.ceil(pauseMs / 20)) & 0xffff;
    this.#atMs += untilMs;
    return this;
  }
}

/** Hears packets, in the order in which they are given; what is released late is released at the end. */
export function hearPresses(
  packets: readonly Sent[],
  clockRate: number,
): { readonly digits: string; readonly durationsMs: number[] } {
  let digits = '';
  const durationsMs: number[] = [];
  const listener: KeyListener = {
    pressed: (digit) => {
      digits += digit;
    },
    released: (_, durationMs) => durationsMs.push(durationMs),
  };
  const keys = new KeyPresses(listener, clockRate);
  const header = new RtpHeader();
  for (const { atMs, bytes } of packets) {
    keys.expire(atMs);
    if (header.read(bytes)) keys.hear(header, bytes, atMs);
  }
  keys.expire(Number.POSITIVE_INFINITY);
  return { digits, durationsMs };
}
