import { describe, expect, it } from 'vitest';
import { Ticker, type Ticking } from '../../src/media/ticker.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';

function pace() {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const ticker = new Ticker(timers);
  const voice = (onTick: (n: number) => void = () => {}) => {
    const at: number[] = [];
    const skipped: number[] = [];
    const one: Ticking = {
      tick: (missed) => {
        at.push(time.now());
        if (missed > 0) skipped.push(missed);
        onTick(at.length);
      },
    };
    return { one, at, skipped };
  };
  return { time, timers, ticker, voice };
}

describe('the pace of prompts', () => {
  it('is 20 ms for each, and spread over them for many', () => {
    const { time, ticker, voice } = pace();
    const voices = [voice(), voice(), voice(), voice(), voice()];
    for (const { one } of voices) {
      ticker.add(one);
      ticker.add(one);
    }
    time.advance(60);
    expect(voices.map(({ at }) => at)).toEqual([
      [0, 20, 40, 60],
      [5, 25, 45],
      [10, 30, 50],
      [15, 35, 55],
      [0, 20, 40, 60],
    ]);
  });

  it('does not drift, however late each tick was', () => {
    const { time, timers, ticker, voice } = pace();
    const { one, at } = voice();
    ticker.add(one);
    time.advance(0);
    // Nothing fires while the gate is shut: as a busy process.
    let isOpen = true;
    timers.gate(() => isOpen);
    for (let n = 1; n <= 20; n++) {
      isOpen = false;
      time.advance(n % 7);
      isOpen = true;
      timers.resume();
      time.advance(20 - (n % 7));
    }
    expect(at.length).toBe(21);
    expect(time.now() - (at.at(-1) ?? 0)).toBeLessThan(20);
  });

  it('makes up for a short stop, and leaves out what a long one cost', () => {
    const { time, timers, ticker, voice } = pace();
    const { one, at, skipped } = voice();
    ticker.add(one);
    let isOpen = true;
    timers.gate(() => isOpen);
    const stop = (ms: number): number => {
      const before = at.length;
      isOpen = false;
      time.advance(ms);
      isOpen = true;
      timers.resume();
      return at.length - before;
    };
    time.advance(10);
    expect(stop(70)).toBe(4);
    time.advance(20);
    expect(at.at(-1)).toBe(100);
    expect(stop(1000)).toBe(6);
    expect(skipped).toEqual([44]);
    time.advance(20);
    expect(at.at(-1)).toBe(1120);
  });

  it('costs nothing where nobody ticks, and goes on with who begins anew in its own tick', () => {
    const { time, timers, ticker, voice } = pace();
    const { one, at } = voice((n) => {
      ticker.remove(one);
      if (n < 3) ticker.add(one);
    });
    ticker.add(one);
    time.advance(1000);
    expect(at).toHaveLength(3);
    expect(new Set(at).size).toBe(3);
    expect([ticker.size, timers.size]).toEqual([0, 0]);
    ticker.remove(one);
    ticker.add(one);
    time.advance(10);
    expect(at).toHaveLength(4);
  });
});
