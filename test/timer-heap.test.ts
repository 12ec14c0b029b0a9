import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../src/testing/virtual-time.ts';
import { TimerHeap } from '../src/timer-heap.ts';

const world = () => {
  const time = new VirtualTime(1000);
  const errors: unknown[] = [];
  const heap = new TimerHeap(time, (error) => errors.push(error));
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name}@${heap.now()}`);
  return { time, heap, errors, fired, note };
};

describe('TimerHeap', () => {
  it('fires by due instant, then by order of setting, at the due instant exactly', () => {
    const { time, heap, fired, note } = world();
    heap.set(20, note('late'));
    heap.set(10, note('first'));
    heap.set(10, note('second'));
    heap.set(-5, note('now'));
    time.advance(100);
    expect(fired).toEqual(['now@1000', 'first@1010', 'second@1010', 'late@1020']);
    expect(heap.size).toBe(0);
    expect(time.now()).toBe(1100);
  });

  it('does not jump: a timer that sets itself again fires at each instant of one advance', () => {
    const { time, heap, fired, note } = world();
    const resend = (intervalMs: number) => () => {
      note('invite')();
      if (intervalMs < 32_000) heap.set(intervalMs * 2, resend(intervalMs * 2));
    };
    heap.set(500, resend(500));
    time.advance(32_000);
    expect(fired).toEqual([500, 1500, 3500, 7500, 15_500, 31_500].map((ms) => `invite@${1000 + ms}`));
  });

  it('forgets a cleared timer, and clearing again does nothing', () => {
    const { time, heap, fired, note } = world();
    const gone = heap.set(5, note('gone'));
    heap.set(6, note('kept'));
    heap.clear(gone);
    heap.clear(gone);
    heap.clear(undefined);
    expect(heap.size).toBe(1);
    time.advance(10);
    heap.clear(gone);
    expect(fired).toEqual(['kept@1006']);
  });

  it('lets a callback clear a timer that is due at the same instant', () => {
    const { time, heap, fired, note } = world();
    heap.set(5, () => heap.clear(other));
    const other = heap.set(5, note('other'));
    time.advance(10);
    expect(fired).toEqual([]);
  });

  it('holds one alarm, for the earliest timer, and none when empty', () => {
    const alarms: (number | undefined)[] = [];
    const clock = { now: () => 0, alarm: (atMs: number | undefined) => alarms.push(atMs), yield: () => {} };
    const heap = new TimerHeap(clock, () => {});
    const a = heap.set(10, () => {});
    const b = heap.set(20, () => {});
    const c = heap.set(5, () => {});
    for (const timer of [a, b, c]) heap.clear(timer);
    expect(alarms).toEqual([10, 5, undefined]);
  });

  it('fires nothing while the gate is closed and goes on at resume', () => {
    const { time, heap, fired, note } = world();
    let open = true;
    heap.gate(() => open);
    heap.set(10, () => {
      note('a')();
      open = false;
    });
    heap.set(10, note('b'));
    time.advance(30);
    expect(fired).toEqual(['a@1010']);
    heap.set(0, note('c'));
    time.advance(5);
    expect(fired).toEqual(['a@1010']);
    open = true;
    heap.resume();
    expect(fired).toEqual(['a@1010', 'b@1035', 'c@1035']);
  });

  it('does not nest when a callback resumes it', () => {
    const { time, heap, fired, note } = world();
    heap.set(10, () => {
      heap.resume();
      note('a')();
    });
    heap.set(10, note('b'));
    time.advance(10);
    expect(fired).toEqual(['a@1010', 'b@1010']);
  });

  it('reports what a callback throws and fires the others', () => {
    const { time, heap, errors, fired, note } = world();
    const mistake = new Error('mistake');
    heap.set(1, () => {
      throw mistake;
    });
    heap.set(1, note('other'));
    heap.set(2, note('later'));
    time.advance(5);
    expect(errors).toEqual([mistake]);
    expect(fired).toEqual(['other@1001', 'later@1002']);
  });

  it('gives way to I/O after 5 ms of firing', () => {
    let nowMs = 0;
    let wake = () => {};
    const tasks: (() => void)[] = [];
    const clock = {
      now: () => nowMs,
      alarm: (_atMs: number | undefined, then: () => void) => {
        wake = then;
      },
      yield: (task: () => void) => tasks.push(task),
    };
    const heap = new TimerHeap(clock, () => {});
    let fired = 0;
    for (let index = 0; index < 10; index++) {
      heap.set(1, () => {
        fired += 1;
        nowMs += 2;
      });
    }
    nowMs = 1;
    wake();
    expect([fired, tasks.length]).toEqual([3, 1]);
    heap.resume();
    expect(fired).toBe(3);
    tasks.shift()?.();
    expect([fired, tasks.length]).toEqual([6, 1]);
  });

  it('refuses a delay that is not finite', () => {
    const { heap } = world();
    expect(() => heap.set(Number.NaN, () => {})).toThrow(RangeError);
    expect(() => heap.set(Number.POSITIVE_INFINITY, () => {})).toThrow(RangeError);
  });
});

describe('VirtualTime', () => {
  it('runs yielded tasks before time goes on', () => {
    const { time, heap, fired, note } = world();
    heap.set(1, note('timer'));
    time.yield(() => {
      note('task')();
      time.yield(note('next'));
    });
    time.advance(1);
    expect(fired).toEqual(['task@1000', 'next@1000', 'timer@1001']);
  });

  it('runs until idle within a limit, and says whether it got there', () => {
    const { time, heap, fired, note } = world();
    heap.set(10, note('a'));
    heap.set(500, note('b'));
    expect(time.runUntilIdle(100)).toBe(false);
    expect(fired).toEqual(['a@1010']);
    expect(time.runUntilIdle(1000)).toBe(true);
    expect(time.now()).toBe(1500);
  });

  it('stops something that sets timers of 0 ms for ever', () => {
    const { time, heap } = world();
    const again = () => {
      heap.set(0, again);
    };
    again();
    expect(() => time.advance(1)).toThrow('stands still');
  });
});
