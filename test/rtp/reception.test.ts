import { describe, expect, it } from 'vitest';
import { Reception, type Sequenced } from '../../src/rtp/reception.ts';

const counted = (reception: Reception, ...sequences: number[]): Sequenced[] => sequences.map((each) => reception.count(each));
const believed = (first: number): Reception => {
  const reception = new Reception(1, first);
  expect(counted(reception, first, first + 1)).toEqual(['probation', 'valid']);
  return reception;
};

describe('the sequence of a source (RFC 3550 A.1)', () => {
  it('is believed after two packets in a row', () => {
    const reception = new Reception(1, 10);
    expect(counted(reception, 10, 500, 12, 13, 14)).toEqual(['probation', 'probation', 'probation', 'valid', 'valid']);
    expect([reception.packets, reception.lost]).toEqual([2, 0]);
  });

  it('wraps around', () => {
    const reception = believed(65_533);
    expect(counted(reception, 65_535, 0, 1)).toEqual(['valid', 'valid', 'valid']);
    expect([reception.highestSequence, reception.lost]).toEqual([0x10001, 0]);
  });

  it('counts what is missing (A.3), and takes back what came late', () => {
    const reception = believed(100);
    expect(counted(reception, 105)).toEqual(['valid']);
    expect(reception.lost).toBe(3);
    expect(counted(reception, 103, 102, 104)).toEqual(['late', 'late', 'late']);
    expect(reception.lost).toBe(0);
    expect(counted(reception, 104, 105)).toEqual(['late', 'late']);
    expect(reception.lost).toBe(-2);
  });

  it('is late across the wrap', () => {
    const reception = believed(65_534);
    expect(counted(reception, 1, 65_535, 0)).toEqual(['valid', 'late', 'late']);
    expect([reception.highestSequence, reception.lost]).toEqual([0x10001, -1]);
  });

  it('begins anew after a leap that a second packet confirms, and keeps what was lost before', () => {
    const reception = believed(100);
    counted(reception, 104);
    expect(counted(reception, 30_000, 105, 40_000, 40_001, 40_002)).toEqual(['bad', 'valid', 'bad', 'restarted', 'valid']);
    expect([reception.packets, reception.lost]).toEqual([5, 2]);
  });
});

describe('a report block (RFC 3550 §6.4.1)', () => {
  it('tells the share that was lost since the one before', () => {
    const reception = believed(0);
    counted(reception, 4, 5, 6);
    // 1 to 6 were expected, two of them did not come.
    expect(reception.report(8000)).toEqual({ ssrc: 1, fractionLost: 85, lost: 2, highestSequence: 6, jitterTicks: 0 });
    counted(reception, 7, 8);
    expect(reception.report(8000)).toMatchObject({ fractionLost: 0, lost: 2 });
    expect(reception.report(8000)).toMatchObject({ fractionLost: 0 });
    counted(reception, 8, 8, 8);
    expect(reception.report(8000)).toMatchObject({ fractionLost: 0, lost: -1 });
  });
});

describe('jitter (RFC 3550 A.8)', () => {
  const fed = (clockRate: number, arrivals: readonly number[]): number => {
    const reception = new Reception(1, 0);
    arrivals.forEach((atMs, n) => {
      reception.time((0xfffffff0 + n * (clockRate / 50)) >>> 0, atMs, clockRate);
    });
    return reception.jitterMs;
  };

  it('is nothing for packets that come as they were sent', () => {
    for (const rate of [8000, 16_000, 48_000]) expect(fed(rate, [1000, 1020, 1040, 1060])).toBe(0);
  });

  it('is the sixteenth of each change of the way, at any clock rate', () => {
    const first = 8 / 16;
    const second = first + (8 - first) / 16;
    for (const rate of [8000, 16_000, 48_000]) expect(fed(rate, [1000, 1028, 1040])).toBeCloseTo(second, 9);
  });

  it('is measured in ticks of the rate that is reported', () => {
    const reception = new Reception(1, 0);
    reception.time(0, 0, 8000);
    reception.time(160, 36, 8000);
    expect(reception.report(8000).jitterTicks).toBe(8);
    expect(reception.report(48_000).jitterTicks).toBe(48);
  });

  it('does not compare timestamps of two clocks (RFC 7160), nor across a new beginning', () => {
    const reception = new Reception(1, 0);
    reception.time(0, 0, 8000);
    reception.time(320, 20, 16_000);
    reception.time(640, 40, 16_000);
    reception.time(3_000_000_000, 60, 16_000);
    reception.time(3_000_000_320, 80, 16_000);
    expect(reception.jitterMs).toBe(0);
  });
});
