import { describe, expect, it } from 'vitest';
import { encode, type Law, LINEAR } from '../../src/rtp/g711.ts';
import { ToneKeys } from '../../src/rtp/goertzel.ts';
import { type KeySound, keySamples, samplesIn, TONES, toneSamples } from '../../src/rtp/tones.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const silence = (durationMs: number): Int16Array => new Int16Array(samplesIn(durationMs));

/** What is heard in the audio, in packets of 20 ms. */
function heard(parts: readonly Int16Array[], law: Law = 'PCMU'): { readonly digits: string; readonly durationsMs: number[] } {
  let digits = '';
  const durationsMs: number[] = [];
  const keys = new ToneKeys({
    pressed: (digit) => {
      digits += digit;
    },
    released: (_, durationMs) => durationsMs.push(durationMs),
  });
  const bytes = Buffer.concat(parts.map((part) => encode(law, part)));
  for (let at = 0; at < bytes.length; at += 160) keys.hear(bytes, at, Math.min(at + 160, bytes.length), LINEAR[law]);
  keys.end();
  return { digits, durationsMs };
}
const pressed = (digits: string, pressMs: number, pauseMs: number, sound: KeySound = {}, offset = 0): Int16Array[] => [
  new Int16Array(offset),
  ...[...digits].flatMap((digit) => [keySamples(digit, pressMs, sound), silence(pauseMs)]),
];
/** Adds noise of a level below full scale. */
function noisy(samples: Int16Array, peak: number, random: SeededRandom): Int16Array {
  return samples.map((sample) => Math.max(-32_768, Math.min(32_767, sample + (random.fraction() * 2 - 1) * peak)));
}

const ALL = '0123456789*#ABCD';
/** Where a tone begins within a block, none of which is to matter. */
const OFFSETS = [0, 17, 34, 51, 68, 85, 101];

describe('keys in the audio (ITU-T Q.24)', () => {
  it.each<Law>(['PCMU', 'PCMA'])('are all heard in %s, and how long each was', (law) => {
    const { digits, durationsMs } = heard(pressed(ALL, 100, 100), law);
    expect(digits).toBe(ALL);
    for (const durationMs of durationsMs) expect(Math.abs(durationMs - 100)).toBeLessThanOrEqual(26);
  });

  it.each(OFFSETS)('are heard of 40 ms with pauses of 40 ms, at any place (%d)', (offset) => {
    expect(heard(pressed('1122334455667788990', 40, 40, {}, offset)).digits).toBe('1122334455667788990');
  });

  it.each(OFFSETS)('are none of 20 ms (%d)', (offset) => expect(heard(pressed(ALL, 20, 60, {}, offset)).digits).toBe(''));

  it.each([0, -10, -20, -24])('are heard at %d dBm0 a tone', (dbm0) => {
    expect(heard(pressed(ALL, 60, 60, { dbm0, twistDb: 0 })).digits).toBe(ALL);
  });

  it.each([-30, -40, -55])('are none at %d dBm0 a tone', (dbm0) => {
    expect(heard(pressed(ALL, 60, 60, { dbm0, twistDb: 0 })).digits).toBe('');
  });

  it.each([-8, -5, 0, 4])('are heard with a twist of %d dB', (twistDb) => {
    expect(heard(pressed(ALL, 60, 60, { twistDb })).digits).toBe(ALL);
  });

  it.each([-11, -20, 7, 12])('are none with a twist of %d dB', (twistDb) => {
    expect(heard(pressed(ALL, 60, 60, { twistDb })).digits).toBe('');
  });

  it.each([-0.015, -0.01, 0.01, 0.015])('are heard off by %d of the frequency', (detuned) => {
    for (const offset of OFFSETS) expect(heard(pressed(ALL, 60, 60, { detuned }, offset)).digits).toBe(ALL);
  });

  it.each([-0.05, -0.035, 0.035, 0.05])('are none off by %d of the frequency', (detuned) => {
    for (const offset of OFFSETS) expect(heard(pressed(ALL, 60, 60, { detuned }, offset)).digits).toBe('');
  });

  it('are one across an interruption of 10 ms, and two across a pause of 40 ms', () => {
    const half = keySamples('5', 60);
    for (const offset of OFFSETS) {
      expect(heard([new Int16Array(offset), half, silence(10), half, silence(60)]).digits).toBe('5');
      expect(heard([new Int16Array(offset), half, silence(40), half, silence(60)]).digits).toBe('55');
    }
  });

  it('are one though a packet in the middle is lost', () => {
    const press = keySamples('8', 140);
    for (const lost of [20, 40, 60, 80])
      expect(heard([press.subarray(0, samplesIn(lost)), press.subarray(samplesIn(lost + 20)), silence(60)]).digits).toBe('8');
  });

  it('are two without a pause between them, where they are two keys', () => {
    expect(heard([keySamples('5', 60), keySamples('6', 60), silence(60)]).digits).toBe('56');
  });

  it('are heard in noise 15 dB below them', () => {
    const random = new SeededRandom(3);
    const parts = pressed(ALL.repeat(4), 60, 60, { twistDb: 0 }).map((part) => noisy(part, 2100, random));
    expect(heard(parts).digits).toBe(ALL.repeat(4));
  });

  it('are not heard in the tones of telephony and the tune of hold', () => {
    for (const tone of TONES) expect(heard([toneSamples(tone), toneSamples(tone)]).digits).toBe('');
  });

  it('are not heard in noise, and hardly ever in half a minute of sustained vowels', () => {
    const random = new SeededRandom(11);
    expect(heard(Array.from({ length: 100 }, () => noisy(silence(200), 15_000, random))).digits).toBe('');
    expect(heard(Array.from({ length: 120 }, () => vowel(random))).digits.length).toBeLessThanOrEqual(1);
  });
});

/** A quarter of a second of a voice: harmonics of a pitch that glides, formants as of some vowel. */
function vowel(random: SeededRandom): Int16Array {
  const pitch = 90 + 200 * random.fraction();
  const glide = (random.fraction() - 0.5) * 60;
  const formants = [300 + 600 * random.fraction(), 900 + 1400 * random.fraction(), 2400 + 800 * random.fraction()];
  const harmonics = Array.from({ length: 24 }, (_, n) => (n + 1) * pitch).filter((hz) => hz < 3500);
  const levels = harmonics.map((hz) =>
    formants.reduce((sum, formant, n) => sum + Math.exp(-(((hz - formant) / 120) ** 2)) / (n + 1), 0.02),
  );
  return silence(250).map((_, n) => {
    const turns = (n / 8000) * (1 + (glide * n) / 8000 / 2 / pitch);
    return harmonics.reduce((sum, hz, h) => sum + 6000 * (levels[h] ?? 0) * Math.sin(2 * Math.PI * hz * turns), 0);
  });
}
