import { describe, expect, it } from 'vitest';
import { encode, type Law } from '../../src/rtp/g711.ts';
import { MAX_WAV_BYTES, readWav, wavHeader } from '../../src/rtp/wav.ts';

interface Shape {
  readonly tag?: number;
  readonly channels?: number;
  readonly rate?: number;
  readonly bits?: number;
  /** Chunks before the audio. */
  readonly before?: Buffer;
  /** What stands as the length of the audio. */
  readonly told?: number;
  readonly extension?: Buffer;
}

const chunk = (name: string, body: Buffer, told = body.length): Buffer => {
  const head = Buffer.from(`${name}\0\0\0\0`, 'latin1');
  head.writeUInt32LE(told, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
};

function wav(audio: Buffer, { tag = 1, channels = 1, rate = 8000, bits = 16, before, told, extension }: Shape = {}): Buffer {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(tag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(rate, 4);
  format.writeUInt16LE(bits, 14);
  const parts = [chunk('fmt ', Buffer.concat([format, extension ?? Buffer.alloc(0)])), before ?? Buffer.alloc(0)];
  const body = Buffer.concat([Buffer.from('WAVE'), ...parts, chunk('data', audio, told ?? audio.length)]);
  return chunk('RIFF', body);
}

const pcm = (samples: ArrayLike<number>): Buffer => {
  const bytes = Buffer.alloc(samples.length * 2);
  for (let n = 0; n < samples.length; n += 1) bytes.writeInt16LE(samples[n] ?? 0, n * 2);
  return bytes;
};
const sine = (hz: number, rate: number, durationMs = 200, peak = 10_000): number[] =>
  Array.from({ length: (rate * durationMs) / 1000 }, (_, n) => Math.round(peak * Math.sin((2 * Math.PI * hz * n) / rate)));
const read = (bytes: Buffer): Int16Array => {
  const samples = readWav(bytes);
  if (typeof samples === 'string') throw new Error(samples);
  return samples;
};
/** Root of the mean square, without the ends, where a filter sees nothing. */
const level = (samples: ArrayLike<number>): number => {
  const inner = Array.from(samples).slice(100, -100);
  return Math.sqrt(inner.reduce((sum, each) => sum + each * each, 0) / inner.length);
};

describe('a WAV file', () => {
  it('of 16-bit PCM at 8 kHz is read as it is', () => {
    expect(read(wav(pcm([0, 1, -1, 32_767, -32_768])))).toEqual(Int16Array.of(0, 1, -1, 32_767, -32_768));
  });

  it('of 8-bit PCM has its zero at 128', () => {
    expect(read(wav(Buffer.of(128, 0, 255), { bits: 8 }))).toEqual(Int16Array.of(0, -32_768, 32_512));
  });

  it('of two channels is mixed', () => {
    expect(read(wav(pcm([100, 200, -100, -300]), { channels: 2 }))).toEqual(Int16Array.of(150, -200));
  });

  it.each<[number, Law]>([
    [6, 'PCMA'],
    [7, 'PCMU'],
  ])('of format %d is %s', (tag, law) => {
    const codes = encode(law, Int16Array.from(sine(400, 8000)));
    expect(encode(law, read(wav(codes, { tag, bits: 8 })))).toEqual(codes);
  });

  it('of the extensible format is known by its sub-format', () => {
    const extension = Buffer.concat([Buffer.from('16001000000000000700', 'hex'), Buffer.alloc(14)]);
    expect(read(wav(Buffer.of(0x80), { tag: 0xfffe, bits: 8, extension }))).toEqual(Int16Array.of(32_124));
  });

  it('may have other chunks of odd length before its audio', () => {
    expect(read(wav(pcm([5]), { before: chunk('LIST', Buffer.from('odd')) }))).toEqual(Int16Array.of(5));
  });

  it.each([0, 0xffffffff])('whose recorder never ended (%d) is read to its end', (told) => {
    expect(read(wav(pcm([5, 6]), { told }))).toEqual(Int16Array.of(5, 6));
  });

  it.each([11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])('of %d Hz comes down to 8 kHz', (rate) => {
    const heard = read(wav(pcm(sine(1000, rate)), { rate }));
    expect(heard.length).toBe(Math.floor((200 * 8000) / 1000));
    const wanted = sine(1000, 8000);
    const off = heard.map((sample, n) => sample - (wanted[n] ?? 0));
    expect(level(off)).toBeLessThan(30);
    // 3.3 kHz is speech still; what no telephone can carry would come back as a whistle.
    expect(level(read(wav(pcm(sine(3300, rate)), { rate })))).toBeGreaterThan(0.97 * level(sine(3300, 8000)));
    if (rate / 2 > 4700) expect(level(read(wav(pcm(sine(4700, rate)), { rate })))).toBeLessThan(10);
    if (rate / 2 > 7000) expect(level(read(wav(pcm(sine(7000, rate)), { rate })))).toBeLessThan(10);
  });

  it('does not run over at its peaks', () => {
    const heard = read(
      wav(
        pcm(
          sine(1000, 16_000, 200, 32_767)
            .map(Math.sign)
            .map((sign) => sign * 32_767),
        ),
        { rate: 16_000 },
      ),
    );
    expect(Math.max(...heard)).toBe(32_767);
    expect(Math.min(...heard)).toBe(-32_768);
  });

  it.each([
    ['it is no WAV file', Buffer.from('ID3 a song that is long enough')],
    ['it has no format', Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), chunk('data', pcm([1]))])],
    ['it has no audio', chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), wav(Buffer.alloc(0)).subarray(12, 36)]))],
    ['its format is cut off', Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), chunk('fmt ', Buffer.alloc(4))])],
    ['its audio is floating point', wav(Buffer.alloc(8), { tag: 3, bits: 32 })],
    ['its audio is of format 4660', wav(Buffer.alloc(8), { tag: 0x1234 })],
    ['it has 6 channels', wav(Buffer.alloc(8), { channels: 6 })],
    ['it has 0 channels', wav(Buffer.alloc(8), { channels: 0 })],
    ['it has 96000 samples a second', wav(Buffer.alloc(8), { rate: 96_000 })],
    ['its samples have 24 bits', wav(Buffer.alloc(8), { bits: 24 })],
    ['at most', Buffer.alloc(MAX_WAV_BYTES + 1)],
  ])('that cannot be played says why in one line: %s', (why, bytes) => {
    const said = readWav(bytes);
    expect(said).toContain(why);
    expect(String(said)).not.toMatch(/\n/);
  });
});

describe('a recording', () => {
  it.each(['PCM', 'PCMU', 'PCMA'] as const)('in %s has a header that is patched at its end', (recorded) => {
    const samples = Int16Array.from(sine(400, 8000));
    const audio = recorded === 'PCM' ? pcm(samples) : encode(recorded, samples);
    const header = wavHeader(recorded, 1, audio.length);
    expect(wavHeader(recorded, 1, 0)).toHaveLength(header.length);
    expect(header.readUInt32LE(4)).toBe(header.length + audio.length - 8);
    const heard = read(Buffer.concat([header, audio]));
    expect(recorded === 'PCM' ? pcm(heard) : encode(recorded, heard)).toEqual(audio);
    // One that was cut off by a crash can be heard all the same.
    expect(read(Buffer.concat([wavHeader(recorded, 1, 0), audio]))).toEqual(heard);
  });

  it('has the parties in a channel each', () => {
    expect(read(Buffer.concat([wavHeader('PCM', 2, 8), pcm([100, 200, 300, 500])]))).toEqual(Int16Array.of(150, 400));
  });
});
