/** Our end of one m-line towards one party: a pair of sockets, where its packets come from, and whom they go to. */
import { RtpHeader, rewritePayloadType } from '../rtp/packet.ts';
import { isMute, type MediaLine, type Payload, type Placed } from '../sip/sdp-media.ts';
import type { TimerQueue } from '../timers.ts';
import type { RtpHearer, RtpPair } from '../transport/rtp.ts';
import { Latch, NO_SSRC } from './latch.ts';

/** Hears the audio of a party: every packet that is the party's. False: it goes no further. */
export interface AudioHearer {
  packet(end: LineEnd, header: RtpHeader, bytes: Buffer, nowMs: number): boolean;
  /** RTCP of a party that has no peer. */
  control(bytes: Buffer, nowMs: number): void;
  /** What is sent to the party, whoever said it. */
  readonly told: ((end: LineEnd, bytes: Buffer, nowMs: number) => void) | undefined;
}

/** One header for all packets: each is read and done with before the next. */
const header = new RtpHeader();

/** RFC 5761 §4: second bytes of RTCP, where it shares a port with RTP. */
const isRtcp = (second: number): boolean => second >= 192 && second <= 223;
const VERSION_2 = 2;

export class LineEnd implements RtpHearer {
  /** Whom what comes here goes to; undefined: nobody. */
  peer: LineEnd | undefined;
  /** Who listens, on lines of audio. */
  hearer: AudioHearer | undefined;
  /** Something of ours is sent to the party instead of what its peer says. */
  isTaken = false;
  /** What the party said of itself, and the payload types that it was told, which it sends. */
  said: MediaLine | undefined;
  told: readonly Payload[] = [];
  /** What is different for the peer; undefined: nothing. */
  payloadTypes: Uint8Array | undefined;
  readonly pair: RtpPair;
  readonly #placed: Placed;
  readonly #timers: TimerQueue;
  readonly #rtp: Latch;
  readonly #rtcp: Latch;
  #isRtp = true;

  /** `signalling`: the host that the party's messages come from; `named`: the address that it is told of. */
  constructor(pair: RtpPair, signalling: string, named: string, timers: TimerQueue) {
    this.pair = pair;
    this.#placed = { host: named, port: pair.port };
    this.#timers = timers;
    this.#rtp = new Latch(signalling);
    this.#rtcp = new Latch(signalling);
    pair.hearer = this;
  }

  /** Where the party is told to send to. */
  get placed(): Placed {
    return this.#placed;
  }

  /** Takes what the party says of this line. */
  describe(line: MediaLine): void {
    this.said = line;
    this.#isRtp = line.protocol.includes('RTP');
    if (line.port === 0) return;
    this.#rtp.describe(line.address, line.port);
    if (line.rtcp === undefined) this.#rtcp.describe(line.address, line.port + 1);
    else this.#rtcp.describe(line.rtcp.host || line.address, line.rtcp.port);
  }

  /** Whether packets of the party are to be expected. */
  get isExpected(): boolean {
    return this.said !== undefined && !isMute(this.said);
  }

  rtp(bytes: Buffer, host: string, port: number): void {
    const nowMs = this.#timers.now();
    if (!this.#isRtp) {
      if (this.#rtp.admits(host, port, NO_SSRC, nowMs)) this.peer?.pass(bytes, nowMs);
      return;
    }
    if (isRtcp(bytes[1] ?? 0)) {
      if (this.#rtp.admits(host, port, ssrcOf(bytes), nowMs)) this.peer?.passMuxed(bytes);
      return;
    }
    if (!header.read(bytes) || !this.#rtp.admits(host, port, header.ssrc, nowMs)) return;
    if (this.hearer !== undefined && !this.hearer.packet(this, header, bytes, nowMs)) return;
    const { peer } = this;
    if (peer === undefined) return;
    const mapped = this.payloadTypes?.[header.payloadType];
    if (mapped !== undefined) rewritePayloadType(bytes, mapped);
    peer.pass(bytes, nowMs);
  }

  rtcp(bytes: Buffer, host: string, port: number): void {
    const isReport = bytes.length >= 8 && (bytes[0] ?? 0) >> 6 === VERSION_2 && isRtcp(bytes[1] ?? 0);
    if (isReport && this.#rtcp.admits(host, port, ssrcOf(bytes), this.#timers.now())) this.#control(bytes);
  }

  #control(bytes: Buffer): void {
    if (this.peer !== undefined) this.peer.passRtcp(bytes);
    else this.hearer?.control(bytes, this.#timers.now());
  }

  /** To the party, from its peer. */
  pass(bytes: Buffer, nowMs: number): void {
    if (!this.isTaken) this.send(bytes, nowMs);
  }

  passMuxed(bytes: Buffer): void {
    const { host, port } = this.#rtp;
    if (port !== 0 && !this.isTaken) this.pair.sendRtp(bytes, host, port);
  }

  /** `isOurs`: it is of what the service says itself. */
  passRtcp(bytes: Buffer, isOurs = false): void {
    const { host, port } = this.#rtcp;
    if (port !== 0 && (isOurs || !this.isTaken)) this.pair.sendRtcp(bytes, host, port);
  }

  /** To the party, from whoever it may hear now. */
  send(bytes: Buffer, nowMs: number): void {
    const { host, port } = this.#rtp;
    if (port === 0) return;
    this.hearer?.told?.(this, bytes, nowMs);
    this.pair.sendRtp(bytes, host, port);
  }

  close(): void {
    this.peer = undefined;
    this.pair.close();
  }
}

/** Of the sender, in RTCP and where that stands in no RTP (RFC 3550 §6.4.1). */
const ssrcOf = (bytes: Buffer): number => (bytes.length >= 8 ? bytes.readUInt32BE(4) : NO_SSRC);

/**
 * The payload types of a party's packets as its peer wants them, by encoding and clock; `undefined` where they are the same.
 * What the peer does not know keeps its number.
 */
export function payloadTypesFor(sent: readonly Payload[], wanted: readonly Payload[]): Uint8Array | undefined {
  let map: Uint8Array | undefined;
  for (const { payloadType, encoding, clockRate } of sent) {
    const same = wanted.filter((one) => one.encoding === encoding && one.clockRate === clockRate);
    const [first] = same;
    if (first === undefined || same.some((one) => one.payloadType === payloadType)) continue;
    map ??= Uint8Array.from({ length: 128 }, (_, n) => n);
    map[payloadType] = first.payloadType;
  }
  return map;
}
