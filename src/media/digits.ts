/** The keys of one party, by whatever way they come, each press once. */
import type { DigitWay } from '../../machines/vocabulary/media.ts';
import { type Law, LINEAR } from '../rtp/g711.ts';
import { ToneKeys } from '../rtp/goertzel.ts';
import { KeyPresses, RELEASE_LIMIT_MS } from '../rtp/key-presses.ts';
import type { RtpHeader } from '../rtp/packet.ts';
import type { Timer, TimerQueue } from '../timers.ts';
import { DigitLock } from './digit-lock.ts';

export type ToldDigit = (digit: string, durationMs: number, way: DigitWay) => void;

/** A press is told as the key is up again, with how long it was down. */
export class Digits {
  readonly #timers: TimerQueue;
  readonly #told: ToldDigit;
  readonly #lock = new DigitLock();
  #events: KeyPresses | undefined;
  #clockRate = 0;
  #tones: ToneKeys | undefined;
  #expiry: Timer | undefined;
  /** The key that is down, by way, is a digit: no better way tells of it. */
  readonly #isTaken: Record<'rtp' | 'inband', boolean> = { rtp: false, inband: false };

  constructor(timers: TimerQueue, told: ToldDigit) {
    this.#timers = timers;
    this.#told = told;
  }

  /** A packet of telephone-events. */
  hearEvents(header: RtpHeader, bytes: Buffer, nowMs: number, clockRate: number): void {
    if (this.#events === undefined || clockRate !== this.#clockRate) {
      this.#clockRate = clockRate;
      this.#events = new KeyPresses(this.#listener('rtp'), clockRate);
    }
    this.#events.hear(header, bytes, nowMs);
    // The end of a press may be lost.
    if (this.#events.releaseAtMs !== undefined) this.#expiry ??= this.#timers.set(RELEASE_LIMIT_MS, () => this.#expire());
  }

  /** A packet of audio. */
  hearTones({ payloadStart, payloadEnd }: RtpHeader, bytes: Buffer, law: Law): void {
    this.#tones ??= new ToneKeys(this.#listener('inband'));
    this.#tones.hear(bytes, payloadStart, payloadEnd, LINEAR[law]);
  }

  /** A key that came by SIP INFO. */
  hearInfo(digit: string, durationMs: number): void {
    if (this.#lock.pressed('info', digit, durationMs, this.#timers.now())) this.#told(digit, durationMs, 'info');
  }

  close(): void {
    this.#timers.clear(this.#expiry);
  }

  #listener(way: 'rtp' | 'inband') {
    return {
      pressed: (digit: string): void => {
        this.#isTaken[way] = this.#lock.pressed(way, digit, undefined, this.#timers.now());
      },
      released: (digit: string, durationMs: number): void => {
        if (!this.#isTaken[way]) return;
        this.#isTaken[way] = false;
        this.#lock.released(way, this.#timers.now());
        this.#told(digit, durationMs, way);
      },
    };
  }

  #expire(): void {
    const nowMs = this.#timers.now();
    this.#events?.expire(nowMs);
    const atMs = this.#events?.releaseAtMs;
    this.#expiry = atMs === undefined ? undefined : this.#timers.set(atMs - nowMs, () => this.#expire());
  }
}
