/** Audio as test peers make it and judge it; shares no code with `src/rtp`. */
import { readFileSync, writeFileSync } from 'node:fs';

export type Law = 'PCMU' | 'PCMA';

/** G.711 by its definition: the segment's size doubles from one to the next. */
function expand(law: Law, code: number): number {
  const bits = law === 'PCMU' ? code ^ 0xff : code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = bits & 0x0f;
  if (law === 'PCMU') {
    const size = (2 * step + 33) * 2 ** segment - 33;
    return (bits & 0x80 ? -size : size) * 4;
  }
  const size = segment === 0 ? 2 * step + 1 : (2 * step + 33) * 2 ** (segment - 1);
  return (bits & 0x80 ? size : -size) * 8;
}

const EXPANDED: Readonly<Record<Law, readonly number[]>> = {
  PCMU: Array.from({ length: 256 }, (_, code) => expand('PCMU', code)),
  PCMA: Array.from({ length: 256 }, (_, code) => expand('PCMA', code)),
};

export const fromLaw = (law: Law, codes: Uint8Array): Int16Array => Int16Array.from(codes, (code) => EXPANDED[law][code] ?? 0);

const nearest = new Map<Law, Uint8Array>();
/** The code whose sample is the nearest. */
export function toLaw(law: Law, samples: Int16Array): Uint8Array {
  let table = nearest.get(law);
  if (table === undefined) {
    const byLevel = EXPANDED[law].map((level, code) => ({ level, code })).toSorted((a, b) => a.level - b.level);
    table = new Uint8Array(65_536);
    for (let sample = -32_768, n = 0; sample < 32_768; sample += 1) {
      while (n < 255 && Math.abs((byLevel[n + 1]?.level ?? 0) - sample) <= Math.abs((byLevel[n]?.level ?? 0) - sample)) n += 1;
      table[sample + 32_768] = byLevel[n]?.code ?? 0;
    }
    nearest.set(law, table);
  }
  const codes = table;
  return Uint8Array.from(samples, (sample) => codes[sample + 32_768] ?? 0);
}

/** A tone that glides from `fromHz` to `toHz`: like itself at one place alone, and it tries the whole band of a telephone. */
export function glide(fromHz: number, toHz: number, durationMs: number, rate = 8000): Int16Array {
  const seconds = durationMs / 1000;
  return Int16Array.from({ length: Math.round(rate * seconds) }, (_, n) => {
    const t = n / rate;
    return Math.round(8000 * Math.sin(2 * Math.PI * (fromHz * t + ((toHz - fromHz) * t * t) / (2 * seconds))));
  });
}

/** Writes a file of 16-bit PCM. */
export function writePcm(path: string, samples: Int16Array, rate: number): void {
  const head = Buffer.from('RIFF....WAVEfmt ................data....................', 'latin1').subarray(0, 44);
  head.writeUInt32LE(36 + samples.length * 2, 4);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.length * 2, 40);
  const body = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, n) => {
    body.writeInt16LE(sample, n * 2);
  });
  writeFileSync(path, Buffer.concat([head, body]));
}

/** Reads the samples of a file of 16-bit PCM, of one channel or the first of two; whatever stands behind its first 36 bytes up to `data`. */
export function readPcm(path: string): { readonly samples: Int16Array; readonly rate: number; readonly channels: number } {
  const bytes = readFileSync(path);
  const data = bytes.indexOf('data', 36, 'latin1');
  if (data === -1 || bytes.readUInt16LE(20) !== 1 || bytes.readUInt16LE(34) !== 16) throw new Error(`${path} is no 16-bit PCM`);
  const channels = bytes.readUInt16LE(22);
  const body = bytes.subarray(data + 8);
  const count = Math.floor(body.length / (2 * channels));
  const samples = Int16Array.from({ length: count }, (_, n) => body.readInt16LE(n * 2 * channels));
  return { samples, rate: bytes.readUInt32LE(24), channels };
}

/** How like each other two pieces of audio are: 1 for the same, at whatever level; 0 for strangers. */
function likeness(heard: Int16Array, at: number, wanted: Int16Array, length: number): number {
  let [product, heardEnergy, wantedEnergy] = [0, 1e-9, 1e-9];
  for (let n = 0; n < length; n += 1) {
    const [a, b] = [heard[at + n] ?? 0, wanted[n] ?? 0];
    product += a * b;
    heardEnergy += a * a;
    wantedEnergy += b * b;
  }
  return product / Math.sqrt(heardEnergy * wantedEnergy);
}

const PROBE = 400;

/** The place in what was heard that is most like all of `wanted`, and how like; found by its first samples. */
export function bestMatch(heard: Int16Array, wanted: Int16Array): { readonly at: number; readonly likeness: number } {
  const probe = Math.min(PROBE, wanted.length);
  const places: { readonly at: number; readonly likeness: number }[] = [];
  for (let at = 0; at + probe <= heard.length; at += 1) places.push({ at, likeness: likeness(heard, at, wanted, probe) });
  const best = places.toSorted((a, b) => b.likeness - a.likeness).slice(0, 20);
  return best
    .map(({ at }) => ({ at, likeness: likeness(heard, at, wanted, wanted.length) }))
    .reduce((a, b) => (b.likeness > a.likeness ? b : a), { at: -1, likeness: 0 });
}
