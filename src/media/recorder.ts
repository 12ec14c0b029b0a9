/** Records a party and whom it hears to a WAV file: it is on the left, and what it hears on the right. */
import { join } from 'node:path';
import { isProblem } from '../errors.ts';
import { RtpHeader } from '../rtp/packet.ts';
import { wavHeader } from '../rtp/wav.ts';
import type { MediaFiles, SoundFile } from './files.ts';
import { lawOf } from './formats.ts';
import type { LineEnd } from './line-end.ts';
import { Tape } from './tape.ts';

const NAME = /^[\w][\w.-]{0,127}$/;
/** Beyond that somebody has forgotten it: 900 MB. */
const LONGEST_MS = 8 * 3600 * 1000;

export type RecordingEnded = (durationMs: number, why: string) => void;

/** What a recording that cannot be is answered with. */
export interface RecordingOrder {
  /** Absolute; undefined: nothing is recorded. */
  readonly folder: string | undefined;
  readonly files: MediaFiles;
  readonly name: string;
  readonly nowMs: number;
}

const header = new RtpHeader();

export class Recorder {
  readonly #file: SoundFile;
  readonly #tape: Tape;
  readonly #beganMs: number;
  readonly #ended: RecordingEnded;
  #isOpen = true;
  /** Why it cannot go on. */
  #failure = '';

  private constructor(order: RecordingOrder, file: SoundFile, ended: RecordingEnded) {
    this.#file = file;
    this.#beganMs = order.nowMs;
    this.#tape = new Tape(order.nowMs, (chunk) => file.write(chunk));
    this.#ended = ended;
    file.write(wavHeader('PCM', 2, 0));
  }

  /** Begins one, or says why not. */
  static open(order: RecordingOrder, ended: RecordingEnded): Recorder | string {
    const { folder, files, name } = order;
    if (folder === undefined) return 'nothing is recorded; set media.recordings to a folder';
    // No way out of the folder.
    if (!NAME.test(name)) return 'the name of a recording is of letters, digits, dots and dashes';
    let opened: Recorder | undefined;
    const file = files.create(join(folder, `${name}.wav`), ({ problem }) => opened?.fail(problem));
    if (isProblem(file)) return file.problem;
    opened = new Recorder(order, file, ended);
    return opened;
  }

  /** What the party said, of whom `end` faces. */
  said({ said, told }: LineEnd, packet: RtpHeader, bytes: Buffer, nowMs: number): void {
    const law = lawOf(packet.payloadType, told) ?? lawOf(packet.payloadType, said?.payloads ?? []);
    if (law !== undefined) this.#tape.put(0, law, bytes, packet.payloadStart, packet.payloadEnd, nowMs);
  }

  /** What the party hears, as it is sent. */
  heard({ said }: LineEnd, bytes: Buffer, nowMs: number): void {
    if (!header.read(bytes)) return;
    const law = lawOf(header.payloadType, said?.payloads ?? []);
    if (law !== undefined) this.#tape.put(1, law, bytes, header.payloadStart, header.payloadEnd, nowMs);
  }

  /** To be called now and then. False: it has ended. */
  settle(nowMs: number): boolean {
    if (this.#failure !== '') this.end(nowMs, this.#failure);
    else if (nowMs - this.#beganMs >= LONGEST_MS) this.end(nowMs, `it is ${LONGEST_MS / 3_600_000} hours long`);
    else this.#tape.settle(nowMs);
    return this.#isOpen;
  }

  end(nowMs: number, why = ''): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#tape.end(nowMs);
    this.#file.close(wavHeader('PCM', 2, this.#tape.bytes));
    this.#ended(Math.round(nowMs - this.#beganMs), why);
  }

  /** It is told of at the next look: never from within a packet. */
  fail(why: string): void {
    this.#failure ||= why;
  }
}
