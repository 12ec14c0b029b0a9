import { describe, expect, it } from 'vitest';
import { Overload } from '../src/overload.ts';
import { SeededRandom } from '../src/testing/seeded-random.ts';
import { VirtualTime } from '../src/testing/virtual-time.ts';
import { TimerHeap } from '../src/timer-heap.ts';

/** A process whose share of busy time is set by the test. */
function machine() {
  const time = new VirtualTime();
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  let busyMs = 0;
  const overload = new Overload({ timers, random: new SeededRandom(1), busyMs: () => busyMs, lagLimitMs: 100 });
  overload.start();
  return {
    overload,
    run: (ms: number, share: number) => {
      for (let passed = 0; passed < ms; passed += 10) {
        busyMs += 10 * share;
        time.advance(10);
      }
    },
  };
}

describe('overload control', () => {
  it('refuses nobody while there is room', () => {
    const { overload, run } = machine();
    run(10_000, 0.9);
    expect(overload.refusing).toBe(0);
    expect(overload.refuses('INVITE')).toBe(false);
  });

  it('refuses nobody for bursts at three quarters of its power', () => {
    const { overload, run } = machine();
    run(10_000, 0.75);
    for (let burst = 0; burst < 10; burst++) {
      run(500, 1);
      run(500, 0.5);
    }
    expect(overload.refusing).toBe(0);
  });

  it('refuses more and more calls while the process is never idle, but not all', () => {
    const { overload, run } = machine();
    run(5000, 1);
    const soon = overload.refusing;
    expect(soon).toBeGreaterThan(0);
    run(1000, 1);
    expect(overload.refusing).toBeGreaterThan(soon);
    run(10_000, 1);
    expect(overload.refusing).toBe(0.95);
    const refused = Array.from({ length: 1000 }, () => overload.refuses('INVITE')).filter(Boolean).length;
    expect(refused).toBeGreaterThan(900);
    expect(refused).toBeLessThan(1000);
  });

  it('holds its share between full and room, and lets go when there is room', () => {
    const { overload, run } = machine();
    run(6000, 1);
    run(3000, 0.95);
    const held = overload.refusing;
    expect(held).toBeGreaterThan(0);
    run(5000, 0.95);
    expect(overload.refusing).toBe(held);
    run(10_000, 0.5);
    expect(overload.refusing).toBe(0);
  });

  it('takes REGISTERs as long as timers are not far behind, since running calls wait for some of them', () => {
    const { overload, run } = machine();
    run(5000, 1);
    expect(overload.refuses('REGISTER')).toBe(false);
  });
});
