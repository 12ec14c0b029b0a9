/** What came of one party's audio, all its sources together (RFC 3550 A.1, A.3, A.8). */
import type { RtpHeader } from '../rtp/packet.ts';
import { Reception, type ReceptionReport } from '../rtp/reception.ts';

/** Sources at a time that are told apart, as where keys have a source of their own. */
const MAX_SOURCES = 4;

export class Heard {
  readonly #sources: Reception[] = [];
  #current: Reception | undefined;
  /** Of sources that are forgotten. */
  #packets = 0;
  #lost = 0;

  /** Counts a packet; `clockRate` 0: its timestamp tells nothing of when it was sent. */
  count(header: RtpHeader, nowMs: number, clockRate: number): void {
    const source = this.#current?.ssrc === header.ssrc ? this.#current : this.#sourceOf(header);
    source.count(header.sequence);
    if (clockRate > 0) source.time(header.timestamp, nowMs, clockRate);
  }

  /** Lost is never below 0; the jitter is that of the latest source. */
  get counted(): { packets: number; lost: number; jitterMs: number } {
    let packets = this.#packets;
    let lost = this.#lost;
    for (const source of this.#sources) {
      packets += source.packets;
      lost += source.lost;
    }
    return { packets, lost: Math.max(0, lost), jitterMs: Math.round(this.#current?.jitterMs ?? 0) };
  }

  /** For a report of the latest source; the next one counts from here. */
  report(clockRate: number): ReceptionReport | undefined {
    return this.#current === undefined || this.#current.packets === 0 ? undefined : this.#current.report(clockRate);
  }

  #sourceOf({ ssrc, sequence }: RtpHeader): Reception {
    let source = this.#sources.find((one) => one.ssrc === ssrc);
    if (source === undefined) {
      source = new Reception(ssrc, sequence);
      this.#sources.push(source);
      if (this.#sources.length > MAX_SOURCES) this.#forget(this.#sources.shift());
    }
    this.#current = source;
    return source;
  }

  #forget(source: Reception | undefined): void {
    this.#packets += source?.packets ?? 0;
    this.#lost += source?.lost ?? 0;
  }
}
