/** Audio of any rate down to the 8 kHz of telephony. Done once, when a prompt is loaded. */

export const TELEPHONE_RATE = 8000;
/** What a telephone passes ends at 3.4 kHz; at 4.2 kHz nothing must be left that would fold back into that. */
const CUTOFF_HZ = 3800;
/** Length of the filter to either side, in samples of 8 kHz. */
const HALF_WIDTH = 28;
/** Kaiser's window: 70 dB of stop band. */
const BETA = 7;

/** The modified Bessel function of order 0, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let n = 1; term > sum * 1e-9; n += 1) {
    term *= (x / (2 * n)) ** 2;
    sum += term;
  }
  return sum;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The low-pass for every position that a sample of 8 kHz can have between two of the source. */
function phases(rate: number, count: number): { taps: number; filters: Float32Array } {
  const half = Math.ceil((HALF_WIDTH * rate) / TELEPHONE_RATE);
  const taps = 2 * half;
  const filters = new Float32Array(count * taps);
  const cutoff = CUTOFF_HZ / rate;
  const atBeta = bessel(BETA);
  for (let phase = 0; phase < count; phase += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const x = tap - half + 1 - phase / count;
      const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
      const value = sinc * (bessel(BETA * Math.sqrt(Math.max(1 - (x / half) ** 2, 0))) / atBeta);
      filters[phase * taps + tap] = value;
      sum += value;
    }
    // Each phase passes a constant unchanged, or there would be a tone of its own.
    for (let tap = 0; tap < taps; tap += 1) filters[phase * taps + tap] = (filters[phase * taps + tap] ?? 0) / sum;
  }
  return { taps, filters };
}

/** The samples, of `rate` Hz (8000 or more), at 8 kHz: a polyphase low-pass. */
export function toTelephoneRate(samples: Int16Array, rate: number): Int16Array {
  if (rate === TELEPHONE_RATE) return samples;
  const common = gcd(rate, TELEPHONE_RATE);
  const count = TELEPHONE_RATE / common;
  const step = rate / common;
  const { taps, filters } = phases(rate, count);
  const out = new Int16Array(Math.floor((samples.length * count) / step));
  for (let n = 0; n < out.length; n += 1) {
    const filter = ((n * step) % count) * taps;
    const from = Math.floor((n * step) / count) - taps / 2 + 1;
    let sum = 0;
    const last = Math.min(taps, samples.length - from);
    for (let tap = Math.max(0, -from); tap < last; tap += 1) sum += (samples[from + tap] ?? 0) * (filters[filter + tap] ?? 0);
    out[n] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return out;
}
