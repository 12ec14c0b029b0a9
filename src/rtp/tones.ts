/** Tones that the service makes itself, as 16-bit samples of 8 kHz. */
import { TELEPHONE_RATE } from './resample.ts';

/** The tones that `tone:NAME` plays. */
export const TONES = ['ringing', 'busy', 'congestion', 'beep', 'hold'] as const;
export type Tone = (typeof TONES)[number];

/** The peak of a sine of 0 dBm0 (ITU-T G.711: a sine of full scale has 3.17 dBm0 in µ-law). */
const PEAK_0_DBM0 = 22_300;
const TONE_DBM0 = -13;
/** Rise and fall, so that no tone clicks. */
const RAMP_SAMPLES = 40;

/** So many samples of a time. */
export const samplesIn = (durationMs: number): number => Math.round((durationMs * TELEPHONE_RATE) / 1000);

const peakOf = (dbm0: number): number => PEAK_0_DBM0 * 10 ** (dbm0 / 20);

/** Adds a sine to `samples` from `startMs` on; `decays`: it dies away as a plucked string does. */
function addSine(samples: Int16Array, hz: number, dbm0: number, startMs: number, durationMs: number, decays = false): void {
  const start = samplesIn(startMs);
  const count = Math.min(samplesIn(durationMs), samples.length - start);
  const peak = peakOf(dbm0);
  for (let n = 0; n < count; n += 1) {
    const ramp = Math.min(1, (n + 1) / RAMP_SAMPLES, (count - n) / RAMP_SAMPLES);
    const level = decays ? ramp * Math.exp((-3 * n) / count) : ramp;
    const sum = (samples[start + n] ?? 0) + level * peak * Math.sin((2 * Math.PI * hz * n) / TELEPHONE_RATE);
    samples[start + n] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
}

/** One period of a tone that is on and off: what is said of the European ones in ETSI TR 101 041-2. */
function cadence(hz: number, onMs: number, offMs: number): Int16Array {
  const samples = new Int16Array(samplesIn(onMs + offMs));
  addSine(samples, hz, TONE_DBM0, 0, onMs);
  return samples;
}

/** Notes of the hold tune, a bar a line: broken chords of C, A minor, F and G. */
const TUNE = [
  [261.63, 329.63, 392, 523.25, 392, 329.63],
  [220, 261.63, 329.63, 440, 329.63, 261.63],
  [174.61, 220, 261.63, 349.23, 261.63, 220],
  [196, 246.94, 293.66, 392, 293.66, 246.94],
];
const NOTE_MS = 300;

/** Not to be taken for keys by those who listen to the audio: all of it lies below their high group. */
function holdTune(): Int16Array {
  const notes = TUNE.flat();
  const samples = new Int16Array(samplesIn(notes.length * NOTE_MS));
  // Each note rings on into the next.
  notes.forEach((hz, n) => {
    addSine(samples, hz, -20, n * NOTE_MS, 2 * NOTE_MS, true);
    addSine(samples, hz * 2, -30, n * NOTE_MS, NOTE_MS, true);
  });
  return samples;
}

const MADE: Readonly<Record<Tone, () => Int16Array>> = {
  ringing: () => cadence(425, 1000, 4000),
  busy: () => cadence(425, 500, 500),
  congestion: () => cadence(425, 250, 250),
  beep: () => cadence(1000, 400, 100),
  hold: holdTune,
};

const made = new Map<Tone, Int16Array>();

/** One period of a tone; it goes on without a seam where it is repeated. Made once, not to be changed. */
export function toneSamples(tone: Tone): Int16Array {
  const samples = made.get(tone) ?? MADE[tone]();
  made.set(tone, samples);
  return samples;
}

export const isTone = (name: string): name is Tone => TONES.some((tone) => tone === name);

/** ITU-T Q.23. */
const LOW_HZ = [697, 770, 852, 941];
const HIGH_HZ = [1209, 1336, 1477, 1633];
const KEYPAD = '123A456B789C*0#D';

/** How a key sounds. */
export interface KeySound {
  /** Of each of the two tones. */
  readonly dbm0?: number;
  /** How much louder the high one is. */
  readonly twistDb?: number;
  /** How far off the frequencies are, as a share. */
  readonly detuned?: number;
}

/** The two tones of a key; nothing for what is none. */
export function keySamples(
  digit: string,
  durationMs: number,
  { dbm0 = -10, twistDb = 2, detuned = 0 }: KeySound = {},
): Int16Array {
  const samples = new Int16Array(samplesIn(durationMs));
  const key = digit.length === 1 ? KEYPAD.indexOf(digit.toUpperCase()) : -1;
  if (key === -1) return samples;
  addSine(samples, (LOW_HZ[key >> 2] ?? 0) * (1 + detuned), dbm0 - twistDb / 2, 0, durationMs);
  addSine(samples, (HIGH_HZ[key & 3] ?? 0) * (1 + detuned), dbm0 + twistDb / 2, 0, durationMs);
  return samples;
}
