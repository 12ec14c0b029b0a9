/** A party that the service itself talks to: answered with PCMU or PCMA and telephone-events, and nothing else. */
import type { Origin } from '../sip/sdp.ts';
import { answering, audioDescription } from '../sip/sdp-audio.ts';
import { type MediaLine, type Payload, readMedia } from '../sip/sdp-media.ts';
import { audioOf, eventsOf } from './formats.ts';
import type { Attended, Told, Undescribed } from './media.ts';
import type { PartyLeg } from './party-leg.ts';
import { NO_PORTS, type PartySide, type SideParts } from './party-side.ts';

export interface AttendanceParts extends SideParts {
  readonly hex: (bytes: number) => string;
}

const NOT_ACCEPTABLE = 488;
const UNREADABLE: Undescribed = { status: NOT_ACCEPTABLE, reason: 'Session Description Too Long' };
const NO_AUDIO: Undescribed = { status: NOT_ACCEPTABLE, reason: 'No Audio With PCMU Or PCMA Offered' };
const ENCRYPTED: Undescribed = { status: NOT_ACCEPTABLE, reason: 'Encrypted Media Is Not Served Here' };

/** What we offer, to who has offered nothing. */
const OFFERED: readonly Payload[] = [
  { payloadType: 8, encoding: 'PCMA', clockRate: 8000 },
  { payloadType: 0, encoding: 'PCMU', clockRate: 8000 },
  { payloadType: 101, encoding: 'TELEPHONE-EVENT', clockRate: 8000 },
];

const isTalk = ({ kind, port, protocol }: MediaLine): boolean =>
  kind === 'audio' && port !== 0 && (protocol === 'RTP/AVP' || protocol === 'RTP/AVPF');

export class Attendance implements Attended {
  readonly side: PartySide;
  readonly leg: PartyLeg;
  readonly #hex: AttendanceParts['hex'];
  readonly #gone: () => void;
  #origin: Origin | undefined;
  /** What we said last, without its o= line, whose version counts its changes. */
  #sent = '';
  /** The m-lines of the session, and which of them is the audio. */
  #lines: readonly MediaLine[] = [];
  #index = 0;
  #isOpen = true;

  constructor(side: PartySide, leg: PartyLeg, hex: AttendanceParts['hex'], gone: () => void) {
    this.side = side;
    this.leg = leg;
    this.#hex = hex;
    this.#gone = gone;
    leg.face(side);
  }

  /** What was agreed with the party: one audio, and telephone-events if it knows them. */
  get agreed(): readonly Payload[] {
    return this.side.audio?.told ?? [];
  }

  /** The m-lines of its session, the audio's index among them. */
  get shape(): { readonly lines: readonly MediaLine[]; readonly index: number } {
    return { lines: this.#lines, index: this.#index };
  }

  answer(offer: string | undefined, told: Told): void {
    told(offer === undefined ? this.#offer() : this.#answer(offer));
  }

  accept(answer: string): Undescribed | undefined {
    const lines = readMedia(answer);
    if (lines === undefined) return UNREADABLE;
    const line = lines[this.#index];
    const payloads = line === undefined || !isTalk(line) ? undefined : chosenFrom(line);
    if (payloads === undefined) return NO_AUDIO;
    this.#take(lines, payloads);
    return undefined;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.leg.leave(this.side);
    this.side.close();
    this.#gone();
  }

  #offer(): string | Undescribed {
    const end = this.side.open(this.#index);
    if (end === undefined) return NO_PORTS;
    end.told = OFFERED;
    return this.#describe({ placed: end.placed, payloads: OFFERED, direction: 'sendrecv' });
  }

  #answer(offer: string): string | Undescribed {
    const lines = readMedia(offer);
    if (lines === undefined) return UNREADABLE;
    const index = lines.findIndex((line) => isTalk(line) && line.protection === 'none' && chosenFrom(line) !== undefined);
    const line = lines[index];
    const payloads = line && chosenFrom(line);
    if (line === undefined || payloads === undefined)
      return lines.some(({ kind, port, protection }) => kind === 'audio' && port !== 0 && protection !== 'none')
        ? ENCRYPTED
        : NO_AUDIO;
    if (index !== this.#index) this.side.drop(this.#index);
    this.#index = index;
    const end = this.side.open(index);
    if (end === undefined) return NO_PORTS;
    this.#take(lines, payloads);
    return this.#describe({ placed: end.placed, payloads, direction: answering(line.direction) });
  }

  #take(lines: readonly MediaLine[], payloads: readonly Payload[]): void {
    this.#lines = lines;
    const end = this.side.ends[this.#index];
    if (end !== undefined) end.told = payloads;
    this.side.hear(lines);
    this.leg.refresh();
  }

  #describe(audio: Parameters<typeof audioDescription>[3]): string {
    const { host } = audio.placed;
    this.#origin ??= originAt(host, this.#hex);
    const body = audioDescription(this.#origin, this.#lines, this.#index, audio);
    const said = withoutOrigin(body);
    // RFC 3264 §8: one more for each change.
    if (this.#sent !== '' && this.#sent !== said)
      this.#origin = { ...this.#origin, version: String(Number(this.#origin.version) + 1) };
    this.#sent = said;
    return audioDescription(this.#origin, this.#lines, this.#index, audio);
  }
}

const withoutOrigin = (sdp: string): string => sdp.replace(/^o=.*$/m, '');

/** A session of ours: its number is drawn, so that it is no other's. */
export const originAt = (host: string, hex: (bytes: number) => string): Origin => ({
  username: '-',
  sessionId: String(Number.parseInt(hex(4), 16)),
  version: '1',
  addressType: host.includes(':') ? 'IP6' : 'IP4',
  address: host,
});

/** One audio of those that are offered, the first that we know, so that whoever talks to the party later needs no other; and keys. */
function chosenFrom(line: MediaLine): readonly Payload[] | undefined {
  const audio = audioOf(line);
  if (audio === undefined) return undefined;
  const chosen: Payload = { payloadType: audio.payloadType, encoding: audio.law, clockRate: 8000 };
  const events = eventsOf(line.payloads);
  return events === undefined ? [chosen] : [chosen, events];
}
