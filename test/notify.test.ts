import { describe, expect, it } from 'vitest';
import { silentLog } from '../src/log.ts';
import { openNotifier, type Say } from '../src/notify.ts';
import { VirtualTime } from '../src/testing/virtual-time.ts';
import { TimerHeap } from '../src/timer-heap.ts';

function scene(env: Record<string, string>, say?: Say) {
  const time = new VirtualTime(0);
  const timers = new TimerHeap(time, (error) => {
    throw error;
  });
  const said: string[] = [];
  const errors: string[] = [];
  const log = { ...silentLog, error: (_fields: object, message: string) => void errors.push(message) };
  const record: Say = (assignments) => void said.push(`${time.now()} ${assignments.join(' ')}`);
  const notifier = openNotifier({ env, pid: 7, timers, log, status: () => '2 calls', say: say ?? record });
  return { time, timers, said, errors, notifier };
}

describe('what systemd is told', () => {
  it('is nothing where it does not ask', () => {
    const { notifier, said, time } = scene({ WATCHDOG_USEC: '3000000' });
    notifier.ready();
    time.advance(10_000);
    expect(said).toEqual([]);
  });

  it('is ready, alive three times within its patience, stopping, and then nothing more', () => {
    const { notifier, said, time } = scene({ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' });
    notifier.ready();
    time.advance(20_000);
    notifier.stopping();
    notifier.close();
    time.advance(60_000);
    expect(said).toEqual([
      '0 READY=1 STATUS=2 calls',
      '10000 WATCHDOG=1 STATUS=2 calls',
      '20000 WATCHDOG=1 STATUS=2 calls',
      '20000 STOPPING=1 STATUS=2 calls',
    ]);
  });

  it('is no sign of life while the engine does not come to its timers', () => {
    const { notifier, said, time, timers } = scene({ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '30000000' });
    timers.gate(() => false);
    notifier.ready();
    time.advance(60_000);
    expect(said).toEqual(['0 READY=1 STATUS=2 calls']);
  });

  it('is not the watchdog of another process', () => {
    const { notifier, said, time } = scene({ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' });
    notifier.ready();
    time.advance(60_000);
    expect(said).toHaveLength(1);
  });

  it('is said in one line of the log where it cannot be told', () => {
    const { notifier, errors, time } = scene({ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '3000000' }, (_, failed) => failed('gone'));
    notifier.ready();
    time.advance(10_000);
    expect(errors).toEqual(['systemd cannot be told']);
  });
});
