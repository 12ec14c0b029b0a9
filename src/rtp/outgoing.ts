/** An RTP stream of ours: packets, tones and telephone-events share its sequence numbers and its timestamps. */
import { RTP_HEADER_BYTES, writeRtpHeader } from './packet.ts';
import { type PressPacket, TELEPHONE_EVENT_BYTES, writeTelephoneEvent } from './telephone-event.ts';

/** Where a stream begins: unpredictable, all three (RFC 3550 §5.1). */
export interface StreamStart {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
}

/** Draws the start of a stream; `hex` gives that many random bytes as hexadecimal. */
export function streamStart(hex: (bytes: number) => string): StreamStart {
  const drawn = hex(10);
  return {
    ssrc: Number.parseInt(drawn.slice(0, 8), 16),
    timestamp: Number.parseInt(drawn.slice(8, 16), 16),
    // RFC 3711 §3.3.1 asks for a start below 2^15, so that an early loss is not taken for a wrap.
    sequence: Number.parseInt(drawn.slice(16, 20), 16) & 0x7fff,
  };
}

/** What one stream of ours has sent. The clock goes on with `advance`, whether or not anything is sent. */
export class OutgoingStream {
  readonly ssrc: number;
  /** Of the next packet. */
  sequence: number;
  /** Of the audio that is due now. */
  timestamp: number;
  packets = 0;
  /** Of payload. */
  bytes = 0;

  constructor({ ssrc, sequence, timestamp }: StreamStart) {
    this.ssrc = ssrc >>> 0;
    this.sequence = sequence & 0xffff;
    this.timestamp = timestamp >>> 0;
  }

  advance(ticks: number): void {
    this.timestamp = (this.timestamp + ticks) >>> 0;
  }

  /** Writes the header before `payloadBytes` of audio that is due now; returns the length of the packet. */
  writeAudio(packet: Buffer, payloadType: number, marker: boolean, payloadBytes: number): number {
    return this.#write(packet, payloadType, marker, this.timestamp, payloadBytes);
  }

  /** Writes one packet of a key press that began at `pressedAt`, the stream's timestamp at that time. */
  writePress(packet: Buffer, payloadType: number, pressedAt: number, press: PressPacket, event: number): number {
    writeTelephoneEvent(packet, RTP_HEADER_BYTES, event, press.isEnd, press.durationTicks);
    return this.#write(packet, payloadType, press.marker, pressedAt + press.offsetTicks, TELEPHONE_EVENT_BYTES);
  }

  #write(packet: Buffer, payloadType: number, marker: boolean, timestamp: number, payloadBytes: number): number {
    writeRtpHeader(packet, payloadType, marker, this.sequence, timestamp, this.ssrc);
    this.sequence = (this.sequence + 1) & 0xffff;
    this.packets += 1;
    this.bytes += payloadBytes;
    return RTP_HEADER_BYTES + payloadBytes;
  }
}
