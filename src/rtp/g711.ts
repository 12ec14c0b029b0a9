/** G.711: A-law and µ-law to 16-bit linear audio and back, by tables. */

/** The two companding laws, by their names in session descriptions (RFC 3551 §4.5.14). */
export type Law = 'PCMU' | 'PCMA';

const BIAS = 0x84;
const MU_CLIP = 32_635;

function muToLinear(code: number): number {
  const inverted = ~code & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + BIAS) << ((inverted & 0x70) >> 4);
  return (inverted & 0x80) !== 0 ? BIAS - magnitude : magnitude - BIAS;
}

function linearToMu(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MU_CLIP) + BIAS;
  const exponent = 24 - Math.clz32(magnitude);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

function aToLinear(code: number): number {
  const toggled = code ^ 0x55;
  const exponent = (toggled & 0x70) >> 4;
  const mantissa = ((toggled & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (toggled & 0x80) !== 0 ? magnitude : -magnitude;
}

function linearToA(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  // The lowest step of the negative side is -1 to -16, as of the positive one 0 to 15.
  const magnitude = sample >= 0 ? sample : -sample - 1;
  const exponent = magnitude < 0x100 ? 0 : 24 - Math.clz32(magnitude);
  const mantissa = (exponent === 0 ? magnitude >> 4 : magnitude >> (exponent + 3)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}

const linear = (of: (code: number) => number): Int16Array => Int16Array.from({ length: 256 }, (_, code) => of(code));
const codes = (of: (sample: number) => number): Uint8Array => {
  // 14 bits tell everything that either law keeps; a step is asked for by its middle.
  const table = new Uint8Array(1 << 14);
  for (let n = 0; n < table.length; n += 1) table[n] = of((n << 2) - 32_768 + 2);
  return table;
};

/** From a code to its sample. */
export const LINEAR: Readonly<Record<Law, Int16Array>> = { PCMU: linear(muToLinear), PCMA: linear(aToLinear) };
const CODES: Readonly<Record<Law, Uint8Array>> = { PCMU: codes(linearToMu), PCMA: codes(linearToA) };

/** The code of nothing at all. */
export const SILENCE: Readonly<Record<Law, number>> = { PCMU: 0xff, PCMA: 0xd5 };

/** The code of one sample, -32768 to 32767. */
export const encodeSample = (law: Law, sample: number): number => CODES[law][(sample + 32_768) >> 2] ?? 0;

/** Samples as codes. */
export function encode(law: Law, samples: Int16Array): Buffer {
  const table = CODES[law];
  const bytes = Buffer.allocUnsafe(samples.length);
  for (let n = 0; n < samples.length; n += 1) bytes[n] = table[((samples[n] ?? 0) + 32_768) >> 2] ?? 0;
  return bytes;
}

/** The codes of `bytes` from `start` to `end` as samples. */
export function decode(law: Law, bytes: Uint8Array, start = 0, end = bytes.length): Int16Array {
  const table = LINEAR[law];
  const samples = new Int16Array(Math.max(end - start, 0));
  for (let n = 0; n < samples.length; n += 1) samples[n] = table[bytes[start + n] ?? 0] ?? 0;
  return samples;
}
