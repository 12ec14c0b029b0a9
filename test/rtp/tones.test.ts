import { describe, expect, it } from 'vitest';
import { isTone, keySamples, samplesIn, TONES, toneSamples } from '../../src/rtp/tones.ts';

/** How strong a frequency is in some samples: the amplitude of its sine. */
function amplitude(samples: Int16Array, hz: number): number {
  let [re, im] = [0, 0];
  samples.forEach((sample, n) => {
    re += sample * Math.cos((2 * Math.PI * hz * n) / 8000);
    im += sample * Math.sin((2 * Math.PI * hz * n) / 8000);
  });
  return (2 * Math.hypot(re, im)) / samples.length;
}
const part = (samples: Int16Array, fromMs: number, toMs: number): Int16Array =>
  samples.subarray(samplesIn(fromMs), samplesIn(toMs));

describe('a tone', () => {
  it.each(TONES)('%s is heard, does not run over, and is repeated without a click', (name) => {
    const samples = toneSamples(name);
    expect(isTone(name)).toBe(true);
    expect(Math.max(...samples.map(Math.abs))).toBeGreaterThan(2000);
    expect(Math.max(...samples.map(Math.abs))).toBeLessThan(16_000);
    expect(Math.abs((samples[0] ?? 0) - (samples.at(-1) ?? 0))).toBeLessThan(300);
    expect(toneSamples(name)).toBe(samples);
  });

  it('of ringing is on for a second and off for four', () => {
    const samples = toneSamples('ringing');
    expect(samples).toHaveLength(40_000);
    expect(amplitude(part(samples, 100, 900), 425)).toBeCloseTo(22_300 * 10 ** (-13 / 20), -2);
    expect(Math.max(...part(samples, 1000, 5000))).toBe(0);
  });

  it('is none by another name', () => expect(['', 'toString', 'Ringing'].map(isTone)).toEqual([false, false, false]));
});

describe('the sound of a key (ITU-T Q.23)', () => {
  it.each([
    ['1', 697, 1209],
    ['6', 770, 1477],
    ['#', 941, 1477],
    ['*', 941, 1209],
    ['d', 941, 1633],
  ])('%s is %d and %d Hz', (digit, low, high) => {
    const samples = keySamples(digit, 1000, { dbm0: -10, twistDb: 4 });
    expect(20 * Math.log10(amplitude(samples, low) / 22_300)).toBeCloseTo(-12, 0);
    expect(20 * Math.log10(amplitude(samples, high) / 22_300)).toBeCloseTo(-8, 0);
  });

  it('of what is no key is silence', () => expect(Math.max(...keySamples('x', 40))).toBe(0));
});
