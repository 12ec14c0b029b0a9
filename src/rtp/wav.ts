/** WAV files: prompts are read (PCM of 8 or 16 bit, A-law, µ-law; 8 to 48 kHz; one or two channels), recordings are written. */
import { type Law, LINEAR } from './g711.ts';
import { TELEPHONE_RATE, toTelephoneRate } from './resample.ts';

/** Twenty minutes of 8 kHz, three of 48 kHz: more is no prompt. */
export const MAX_WAV_BYTES = 20 * 1024 * 1024;
const LOWEST_RATE = 8000;
const HIGHEST_RATE = 48_000;
const MAX_CHUNKS = 64;

/** `wFormatTag`: what the samples are. */
const PCM = 1;
const FLOAT = 3;
const A_LAW = 6;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;
const NAMES: Readonly<Record<number, string>> = { 2: 'ADPCM', [FLOAT]: 'floating point', 17: 'IMA ADPCM', 49: 'GSM', 85: 'MP3' };
const LAWS: Readonly<Record<number, Law>> = { [A_LAW]: 'PCMA', [MU_LAW]: 'PCMU' };
const WANTED = 'convert it to 16-bit PCM, 8 to 48 kHz, mono';

/** How the samples of a file are written. */
interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

/** The audio of a WAV file at 8 kHz, one channel, or one line that says why it cannot be had. Never throws. */
export function readWav(bytes: Buffer): Int16Array | string {
  if (bytes.length > MAX_WAV_BYTES) return `it has ${bytes.length} bytes: at most ${MAX_WAV_BYTES} can be played`;
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    return `it is no WAV file: ${WANTED}`;
  let format: Format | string | undefined;
  let at = 12;
  for (let chunks = 0; chunks < MAX_CHUNKS && at + 8 <= bytes.length; chunks += 1) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    if (name === 'fmt ') format = readFormat(bytes, start, size);
    if (typeof format === 'string') return format;
    if (name === 'data' && format !== undefined) return samplesOf(bytes, start, lengthOf(bytes, start, size), format);
    // Chunks begin at even places.
    at = start + size + (size & 1);
  }
  return `it has no ${format === undefined ? 'format' : 'audio'}: ${WANTED}`;
}

/** A recorder that never came to its end leaves 0 or the highest number there: all that follows is audio. */
const lengthOf = (bytes: Buffer, start: number, size: number): number =>
  size === 0 || start + size > bytes.length ? bytes.length - start : size;

function readFormat(bytes: Buffer, start: number, size: number): Format | string {
  if (size < 16 || start + size > bytes.length) return `its format is cut off: ${WANTED}`;
  let tag = bytes.readUInt16LE(start);
  // The first two bytes of its sub-format are the tag.
  if (tag === EXTENSIBLE && size >= 26) tag = bytes.readUInt16LE(start + 24);
  const channels = bytes.readUInt16LE(start + 2);
  const rate = bytes.readUInt32LE(start + 4);
  const bits = bytes.readUInt16LE(start + 14);
  if (tag !== PCM && LAWS[tag] === undefined) return `its audio is ${NAMES[tag] ?? `of format ${tag}`}: ${WANTED}`;
  if (channels !== 1 && channels !== 2) return `it has ${channels} channels: ${WANTED}`;
  if (rate < LOWEST_RATE || rate > HIGHEST_RATE) return `it has ${rate} samples a second: ${WANTED}`;
  if (bits !== 8 && (bits !== 16 || tag !== PCM)) return `its samples have ${bits} bits: ${WANTED}`;
  return { tag, channels, rate, bits };
}

function samplesOf(bytes: Buffer, start: number, length: number, { tag, channels, rate, bits }: Format): Int16Array {
  const width = bits / 8;
  const law = LAWS[tag];
  const table = law === undefined ? undefined : LINEAR[law];
  const sampleAt = (at: number): number => {
    if (width === 2) return bytes.readInt16LE(at);
    const byte = bytes[at] ?? 0;
    // 8-bit PCM has its zero at 128.
    return table === undefined ? (byte - 128) << 8 : (table[byte] ?? 0);
  };
  const samples = new Int16Array(Math.floor(length / (width * channels)));
  for (let n = 0; n < samples.length; n += 1) {
    const at = start + n * width * channels;
    samples[n] = channels === 1 ? sampleAt(at) : (sampleAt(at) + sampleAt(at + width)) >> 1;
  }
  return toTelephoneRate(samples, rate);
}

/** How a recording is written. */
export type Recorded = 'PCM' | Law;

const TAGS: Readonly<Record<Recorded, number>> = { PCM, PCMA: A_LAW, PCMU: MU_LAW };

/**
 * The header of a recording of 8 kHz with so many bytes of audio. Its length does not depend on them: it is written first, with
 * none, and once more over itself at the end.
 */
export function wavHeader(recorded: Recorded, channels: 1 | 2, audioBytes: number): Buffer {
  const bits = recorded === 'PCM' ? 16 : 8;
  const frame = (channels * bits) / 8;
  // What is not PCM has to have an extension, empty here, and tell its number of samples.
  const formatBytes = recorded === 'PCM' ? 16 : 18;
  const factBytes = recorded === 'PCM' ? 0 : 12;
  const header = Buffer.alloc(20 + formatBytes + factBytes + 8);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(header.length - 8 + audioBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(formatBytes, 16);
  header.writeUInt16LE(TAGS[recorded], 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(TELEPHONE_RATE, 24);
  header.writeUInt32LE(TELEPHONE_RATE * frame, 28);
  header.writeUInt16LE(frame, 32);
  header.writeUInt16LE(bits, 34);
  if (factBytes > 0) {
    header.write('fact', 38, 'latin1');
    header.writeUInt32LE(4, 42);
    header.writeUInt32LE(Math.floor(audioBytes / frame), 46);
  }
  header.write('data', header.length - 8, 'latin1');
  header.writeUInt32LE(audioBytes, header.length - 4);
  return header;
}
