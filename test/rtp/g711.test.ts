import { describe, expect, it } from 'vitest';
import { decode, encode, encodeSample, type Law, LINEAR, SILENCE } from '../../src/rtp/g711.ts';

const LAWS: readonly Law[] = ['PCMU', 'PCMA'];

describe('G.711', () => {
  it.each(LAWS)('%s gives back each code', (law) => {
    const codes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
    const back = encode(law, decode(law, codes));
    // µ-law has a zero of either sign.
    const same = codes.filter((code, n) => back[n] === code || (law === 'PCMU' && code === 0x7f && back[n] === 0xff));
    expect(same).toHaveLength(256);
  });

  it('has the values of the tables of the recommendation', () => {
    // Table 2a and 2b, outputs at the ends and the beginning of segments, as 16 bits.
    expect([0x80, 0x8f, 0x90, 0xfe, 0xff, 0x00].map((code) => LINEAR.PCMU[code])).toEqual([
      32_124, 16_764, 15_996, 8, 0, -32_124,
    ]);
    expect([0xaa, 0xd5, 0x55, 0x2a, 0x80].map((code) => LINEAR.PCMA[code])).toEqual([32_256, 8, -8, -32_256, 5504]);
    expect(LAWS.map((law) => encodeSample(law, 0))).toEqual([SILENCE.PCMU, SILENCE.PCMA]);
    expect([-32_768, 32_767].map((sample) => encodeSample('PCMU', sample))).toEqual([0x00, 0x80]);
    expect([-32_768, 32_767].map((sample) => encodeSample('PCMA', sample))).toEqual([0x2a, 0xaa]);
  });

  it.each(LAWS)('%s loses no more than half a step, a sixteenth of the sample', (law) => {
    let worst = 0;
    for (let sample = -32_000; sample < 32_000; sample += 7) {
      const off = Math.abs((LINEAR[law][encodeSample(law, sample)] ?? 0) - sample);
      worst = Math.max(worst, off / Math.max(Math.abs(sample) / 16, 16));
    }
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('reads a part', () => expect(decode('PCMU', Buffer.from('00ff8000', 'hex'), 1, 3)).toEqual(Int16Array.of(0, 32_124)));
});
