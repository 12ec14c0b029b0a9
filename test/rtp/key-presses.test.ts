import { describe, expect, it } from 'vitest';
import { KeyPresses, RELEASE_LIMIT_MS } from '../../src/rtp/key-presses.ts';
import { digitOf, eventOf, pressPackets, writeTelephoneEvent } from '../../src/rtp/telephone-event.ts';

/** One line of a timetable: when, sequence, timestamp, key, duration, and M and E as letters. */
type Line = readonly [
  atMs: number,
  sequence: number,
  timestamp: number,
  key: string,
  ticks: number,
  flags?: string,
  ssrc?: number,
];

class Ear {
  readonly heard: string[] = [];
  readonly keys: KeyPresses;
  #atMs = 0;

  constructor(clockRate = 8000) {
    const note = (text: string): void => {
      this.heard.push(`${this.#atMs} ${text}`);
    };
    const pressed = (digit: string): void => note(`${digit} down`);
    this.keys = new KeyPresses({ pressed, released: (digit, durationMs) => note(`${digit} ${durationMs} ms`) }, clockRate);
  }

  hear(...lines: readonly Line[]): this {
    for (const [atMs, sequence, timestamp, key, ticks, flags = '', ssrc = 1] of lines) {
      const bytes = Buffer.alloc(16);
      writeTelephoneEvent(bytes, 12, eventOf(key), flags.includes('E'), ticks);
      this.take(atMs, sequence, timestamp, bytes, flags.includes('M'), ssrc);
    }
    return this;
  }

  take(atMs: number, sequence: number, timestamp: number, bytes: Buffer, marker = false, ssrc = 1): void {
    this.#atMs = atMs;
    this.keys.hear({ marker, sequence, timestamp, ssrc, payloadStart: 12, payloadEnd: bytes.length }, bytes, atMs);
  }

  expire(atMs: number): this {
    this.#atMs = atMs;
    this.keys.expire(atMs);
    return this;
  }
}

const hear = (...lines: readonly Line[]): string[] => new Ear().hear(...lines).heard;

describe('a key press (RFC 4733)', () => {
  const WHOLE: readonly Line[] = [
    [0, 1, 1000, '5', 160, 'M'],
    [20, 2, 1000, '5', 320],
    [40, 3, 1000, '5', 480],
    [60, 4, 1000, '5', 640, 'E'],
    [80, 5, 1000, '5', 640, 'E'],
    [100, 6, 1000, '5', 640, 'E'],
  ];

  it('is told at its first packet, and how long it was at its end', () => {
    expect(hear(...WHOLE)).toEqual(['0 5 down', '60 5 80 ms']);
  });

  it.each(WHOLE.map((line, n) => [n, line] as const))('is one through its packet %d alone', (_, line) => {
    const ear = new Ear().hear(line).expire(line[0] + RELEASE_LIMIT_MS);
    expect(ear.heard.map((told) => told.replace(/^\d+ /, ''))).toEqual(['5 down', `5 ${line[4] / 8} ms`]);
  });

  it('is one without its marker, and in any order', () => {
    expect(hear(...WHOLE.slice(1))).toEqual(['20 5 down', '60 5 80 ms']);
    expect(hear(...WHOLE.toReversed()).map((told) => told.replace(/^\d+ /, ''))).toEqual(['5 down', '5 80 ms']);
  });

  it('is released when nothing more is heard of it, or the next one is', () => {
    const ear = new Ear().hear(...WHOLE.slice(0, 3));
    expect(ear.keys.releaseAtMs).toBe(40 + RELEASE_LIMIT_MS);
    expect(ear.expire(39 + RELEASE_LIMIT_MS).heard).toHaveLength(1);
    expect(ear.expire(40 + RELEASE_LIMIT_MS).heard).toEqual(['0 5 down', '340 5 60 ms']);
    expect(ear.keys.releaseAtMs).toBeUndefined();
    // What comes of it after all is nothing new.
    expect(ear.hear(...WHOLE.slice(3)).heard).toHaveLength(2);
    expect(hear(...WHOLE.slice(0, 3), [60, 9, 1900, '5', 160], [80, 10, 1900, '5', 320, 'E'])).toEqual([
      '0 5 down',
      '60 5 60 ms',
      '60 5 down',
      '80 5 40 ms',
    ]);
  });

  it('that comes after the next one has begun is not told behind it', () => {
    const ear = new Ear().hear(WHOLE[0] ?? [0, 0, 0, '', 0], [120, 9, 2600, '7', 160, 'M'], ...WHOLE.slice(3));
    expect(ear.heard).toEqual(['0 5 down', '120 5 20 ms', '120 7 down']);
    expect(ear.keys.ignored).toBe(3);
  });

  it('is heard though its source counts its timestamps anew', () => {
    expect(hear([0, 500, 80_000, '1', 800, 'E'], [900, 545, 160, '1', 800, 'E'])).toHaveLength(4);
    expect(hear([0, 50_000, 80_000, '1', 800, 'E'], [900, 3, 160, '1', 800, 'E'])).toHaveLength(4);
  });

  it('is another one where a recorded one is played again, or one from before it', () => {
    const played = (atMs: number): Line[] => WHOLE.map(([after, ...rest]) => [atMs + after, ...rest]);
    expect(hear(...played(0), ...played(350), ...played(700)).filter((told) => told.endsWith('down'))).toHaveLength(3);
    expect(hear([0, 67, 9900, '2', 160, 'M'], [20, 68, 9900, '2', 320, 'E'], ...played(300))).toHaveLength(4);
    // Its packets come twice, but at once.
    expect(hear(...[...played(0), ...played(30)].toSorted(([a], [b]) => a - b))).toHaveLength(2);
  });

  it('crosses the wrap of timestamp and sequence', () => {
    expect(
      hear([0, 65_535, 0xffffffe0, '9', 160, 'M'], [20, 0, 0xffffffe0, '9', 320, 'E'], [90, 1, 0x300, '9', 160, 'ME']),
    ).toEqual(['0 9 down', '20 9 40 ms', '90 9 down', '90 9 20 ms']);
  });

  it.each([
    [8000, 20_000],
    [16_000, 20_000],
    [48_000, 5000],
  ])('at %d Hz of %d ms is one over all its segments (§2.5.1.3)', (clockRate, pressMs) => {
    const ear = new Ear(clockRate);
    let sequence = 65_500;
    const lines = [...pressPackets(pressMs, clockRate)].map(({ atMs, offsetTicks, durationTicks, marker, isEnd }): Line => {
      sequence = (sequence + 1) & 0xffff;
      return [atMs, sequence, (0xffff0000 + offsetTicks) >>> 0, 'B', durationTicks, `${marker ? 'M' : ''}${isEnd ? 'E' : ''}`];
    });
    expect(new Set(lines.map(([, , timestamp]) => timestamp)).size).toBeGreaterThan(2);
    expect(ear.hear(...lines).heard).toEqual(['0 B down', `${pressMs - 20} B ${pressMs} ms`]);
    // One packet in seven comes.
    const sparse = new Ear(clockRate).hear(...lines.filter((_, n) => n % 7 === 3)).expire(99_000);
    expect(sparse.heard.filter((told) => told.endsWith('down'))).toHaveLength(1);
  });

  it('of a gateway that counts the timestamp on within it is one', () => {
    expect(
      hear([0, 1, 1000, '3', 160, 'M'], [20, 2, 1160, '3', 320], [40, 3, 1320, '3', 480], [60, 4, 1480, '3', 640, 'E']),
    ).toEqual(['0 3 down', '60 3 80 ms']);
  });

  it('is another one where it is another key at the same time', () => {
    expect(hear([0, 1, 1000, '3', 160, 'E'], [20, 2, 1000, '4', 160, 'E'])).toHaveLength(4);
  });

  it('is another one of another source', () => {
    const told = hear([0, 1, 1000, '3', 160, 'M', 7], [20, 2, 1000, '3', 160, 'M', 8], [40, 2, 1000, '3', 320, 'E', 7]);
    expect(told).toEqual(['0 3 down', '20 3 20 ms', '20 3 down']);
  });

  it('is one of several in a packet', () => {
    const ear = new Ear();
    const bytes = Buffer.alloc(12 + 12);
    ['1', '2', '2'].forEach((key, n) => {
      writeTelephoneEvent(bytes, 12 + 4 * n, eventOf(key), n < 2, 400);
    });
    ear.take(0, 1, 5000, bytes, true);
    ear.hear([20, 2, 5800, '2', 560, 'E']);
    expect(ear.heard).toEqual(['0 1 down', '0 1 50 ms', '0 2 down', '0 2 50 ms', '0 2 down', '20 2 70 ms']);
  });

  it('is none for other events and for what is cut off', () => {
    const ear = new Ear();
    ear.take(0, 1, 0, Buffer.from('000000000000000000000000100a00a0', 'hex'));
    ear.take(0, 2, 0, Buffer.from('000000000000000000000000050a00', 'hex'));
    ear.take(0, 3, 0, Buffer.alloc(12));
    expect([ear.heard, ear.keys.ignored]).toEqual([[], 3]);
  });
});

describe('the packets of a press', () => {
  const lines = (pressMs: number, clockRate = 8000): unknown[] =>
    [...pressPackets(pressMs, clockRate)].map(({ atMs, marker, isEnd, offsetTicks, durationTicks }) =>
      [atMs, offsetTicks, durationTicks, marker ? 'M' : '', isEnd ? 'E' : ''].join(' ').trimEnd(),
    );

  it('go out every 20 ms, the last one three times', () => {
    expect(lines(60)).toEqual(['0 0 160 M', '20 0 320', '40 0 480  E', '60 0 480  E', '80 0 480  E']);
  });

  it('are at least as many as a receiver needs', () => expect(lines(1)).toEqual(lines(40)));

  it('are counted by the clock of the payload type', () => {
    expect(lines(40, 48_000)).toEqual(['0 0 960 M', '20 0 1920  E', '40 0 1920  E', '60 0 1920  E']);
  });

  it('go on in a new segment', () => {
    expect(lines(1400, 48_000).slice(67)).toEqual([
      '1340 0 65280',
      '1360 0 65535',
      '1360 65535 705',
      '1380 65535 1665  E',
      '1400 65535 1665  E',
      '1420 65535 1665  E',
    ]);
  });

  it('stand for 16 keys', () => {
    expect([...'0123456789*#ABCDd'].map(eventOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15]);
    expect([eventOf(''), eventOf('12'), eventOf('x'), digitOf(16), digitOf(-1)]).toEqual([-1, -1, -1, undefined, undefined]);
  });
});
