import { describe, expect, it } from 'vitest';
import type { DigitWay } from '../../machines/vocabulary/media.ts';
import { DigitLock } from '../../src/media/digit-lock.ts';

/** `WAY DIGIT at`, or `WAY up at`; INFO tells how long it was. */
function delivered(lines: readonly string[]): { readonly digits: string[]; readonly lock: DigitLock } {
  const lock = new DigitLock();
  const digits: string[] = [];
  for (const line of lines) {
    const [way, what = '', at, durationMs] = line.split(' ');
    const isWay = (name: string | undefined): name is DigitWay => name === 'rtp' || name === 'info' || name === 'inband';
    if (!isWay(way)) throw new Error(line);
    if (what === 'up') lock.released(way, Number(at));
    else if (lock.pressed(way, what, way === 'info' ? Number(durationMs ?? 100) : undefined, Number(at)))
      digits.push(`${what} ${way}`);
  }
  return { digits, lock };
}

describe('the digits of a party', () => {
  it.each<[string, string[], string[]]>([
    ['RTP, INFO behind it', ['rtp 1 0', 'rtp up 100', 'info 1 130'], ['1 rtp']],
    ['INFO, RTP behind it', ['info 1 0', 'rtp 1 20', 'rtp up 120'], ['1 info']],
    ['a tone, RTP behind it', ['inband 1 30', 'rtp 1 45', 'inband up 130', 'rtp up 120'], ['1 inband']],
    ['RTP, a tone behind it', ['rtp 1 0', 'inband 1 35', 'rtp up 100', 'inband up 120'], ['1 rtp']],
    ['a tone, INFO at its end', ['inband 1 30', 'inband up 1030', 'info 1 1180 1000'], ['1 inband']],
    ['a tone, INFO at its end, the end not yet heard', ['inband 1 30', 'info 1 1180 1000'], ['1 inband']],
    ['all three ways, the best one last', ['inband 1 30', 'info 1 60', 'rtp 1 70'], ['1 inband']],
    ['a press of two seconds', ['info 1 0 2000', 'rtp 1 2190'], ['1 info']],
  ])('are one for one press by %s', (_, lines, digits) => expect(delivered(lines).digits).toEqual(digits));

  it.each<[DigitWay]>([['rtp'], ['info'], ['inband']])('are two for "11" within 150 ms by %s', (way) => {
    expect(delivered([`${way} 1 0 50`, `${way} up 50`, `${way} 1 140 50`, `${way} up 190`]).digits).toEqual([
      `1 ${way}`,
      `1 ${way}`,
    ]);
  });

  it('are two for "11" by INFO and RTP, whichever comes first', () => {
    expect(delivered(['info 1 0 50', 'info 1 150 50', 'rtp 1 160', 'rtp up 200', 'rtp 1 310']).digits).toEqual([
      '1 info',
      '1 info',
    ]);
    expect(delivered(['info 1 0 50', 'rtp 1 10', 'rtp up 60', 'rtp 1 150', 'info 1 160 50']).digits).toEqual(['1 info', '1 rtp']);
    expect(delivered(['rtp 1 0', 'info 1 60 50', 'rtp up 50', 'rtp 1 150', 'info 1 210 50']).digits).toEqual(['1 rtp', '1 rtp']);
  });

  it('are two where the better way tells of it later than any press', () => {
    expect(delivered(['info 1 0 100', 'rtp 1 301']).digits).toEqual(['1 info', '1 rtp']);
  });

  it('are another one where the better way tells of another key', () => {
    expect(delivered(['info 1 0', 'rtp 2 20', 'rtp 1 150']).digits).toEqual(['1 info', '2 rtp', '1 rtp']);
    // It missed the first one.
    expect(delivered(['info 1 0', 'info 2 100', 'rtp 2 110', 'rtp 1 290']).digits).toEqual(['1 info', '2 info', '1 rtp']);
  });

  it('come by the best way from then on; the others are counted', () => {
    const { digits, lock } = delivered([
      'inband 1 0',
      'inband up 50',
      'info 2 1000',
      'inband 3 2000',
      'rtp 4 3000',
      'info 4 3100',
      'info 5 4000',
    ]);
    expect(digits).toEqual(['1 inband', '2 info', '4 rtp']);
    expect(lock.way).toBe('rtp');
    expect(lock.doubled).toEqual({ rtp: 0, info: 2, inband: 1 });
    expect(new DigitLock().way).toBeUndefined();
  });

  it('are all delivered by a way that is never bettered', () => {
    const lines = Array.from({ length: 100 }, (_, n) => [`inband ${n % 10} ${n * 100}`, `inband up ${n * 100 + 50}`]).flat();
    expect(delivered(lines).digits).toHaveLength(100);
  });
});
