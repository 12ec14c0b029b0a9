import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import type { Timer } from '../../src/timers.ts';

type Step = { readonly do: 'set'; readonly delayMs: number } | { readonly do: 'clear' | 'advance'; readonly n: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('set' as const), delayMs: fc.nat(50) }),
    fc.record({ do: fc.constant('clear' as const), n: fc.nat(200) }),
    fc.record({ do: fc.constant('advance' as const), n: fc.nat(20) }),
  ),
  { maxLength: 200 },
);

/** The oracle: a list that is searched and sorted each time. */
class List {
  waiting: { id: number; dueMs: number }[] = [];
  fired: string[] = [];
  nowMs = 0;

  advance(ms: number): void {
    this.nowMs += ms;
    const due = this.waiting.filter((timer) => timer.dueMs <= this.nowMs).sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
    this.waiting = this.waiting.filter((timer) => timer.dueMs > this.nowMs);
    for (const timer of due) this.fired.push(`${timer.id}@${timer.dueMs}`);
  }
}

const both = (script: readonly Step[]) => {
  const time = new VirtualTime();
  const heap = new TimerHeap(time, () => {});
  const list = new List();
  const fired: string[] = [];
  const timers: Timer[] = [];
  for (const step of script) {
    if (step.do === 'set') {
      const id = timers.length;
      timers.push(heap.set(step.delayMs, () => fired.push(`${id}@${heap.now()}`)));
      list.waiting.push({ id, dueMs: list.nowMs + step.delayMs });
    } else if (step.do === 'clear') {
      const id = timers.length === 0 ? 0 : step.n % timers.length;
      heap.clear(timers[id]);
      list.waiting = list.waiting.filter((timer) => timer.id !== id);
    } else {
      time.advance(step.n);
      list.advance(step.n);
    }
    expect(heap.size).toBe(list.waiting.length);
  }
  time.runUntilIdle(1000);
  list.advance(1000);
  return { heap, fired, expected: list.fired };
};

test.prop([steps])('a heap fires what a sorted list would, at the same instants, and ends empty', (script) => {
  const { heap, fired, expected } = both(script);
  expect(fired).toEqual(expected);
  expect(heap.size).toBe(0);
});
