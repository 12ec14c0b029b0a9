/** All that faces one party in one session: an end for each m-line of it. */
import type { MediaLine, Placed } from '../sip/sdp-media.ts';
import type { TimerQueue } from '../timers.ts';
import type { RtpSockets } from '../transport/rtp.ts';
import { LineEnd } from './line-end.ts';
import type { MediaParty, Undescribed } from './media.ts';

export interface SideParts {
  readonly sockets: RtpSockets;
  readonly timers: TimerQueue;
  /** The address that media is asked for at, by where it is bound. */
  readonly named: (local: string) => string;
}

export const NO_PORTS: Undescribed = { status: 503, reason: 'No Media Ports Left' };

export class PartySide {
  readonly party: MediaParty;
  /** By m-line. */
  readonly ends: (LineEnd | undefined)[] = [];
  readonly #parts: SideParts;

  constructor(party: MediaParty, parts: SideParts) {
    this.party = party;
    this.#parts = parts;
  }

  /** The end of an m-line, with sockets from now on; `undefined`: there are none left. */
  open(index: number): LineEnd | undefined {
    const known = this.ends[index];
    if (known !== undefined) return known;
    const { sockets, timers, named } = this.#parts;
    const { local, host } = this.party;
    const pair = sockets.take(local);
    if (pair === undefined) return undefined;
    const end = new LineEnd(pair, host, named(local), timers);
    this.ends[index] = end;
    return end;
  }

  drop(index: number): void {
    this.ends[index]?.close();
    this.ends[index] = undefined;
  }

  /** Takes what the party says of itself. */
  hear(lines: readonly MediaLine[]): void {
    for (const [index, end] of this.ends.entries()) {
      const line = lines[index];
      if (line !== undefined) end?.describe(line);
    }
  }

  /** Where the party is told that each of these lines is; a refused one is nowhere, and names nobody else's address. */
  place(lines: readonly MediaLine[]): (Placed | undefined)[] {
    const refused = { host: this.#parts.named(this.party.local), port: 0 };
    return lines.map((line, index) => (line.port === 0 ? refused : this.ends[index]?.placed));
  }

  /** The end of its audio: the first line of that kind that is not refused. */
  get audio(): LineEnd | undefined {
    return this.ends.find((end) => end?.said?.kind === 'audio' && end.said.port !== 0);
  }

  close(): void {
    for (const end of this.ends) end?.close();
    this.ends.length = 0;
  }
}
