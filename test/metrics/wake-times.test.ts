import { describe, expect, it } from 'vitest';
import type { Raw } from '../../machines/vocabulary/descriptor.ts';
import { actorEnded, callEnded, callOffered, forkStarted, legRinging } from '../../machines/vocabulary/facts.ts';
import { WakeTimes } from '../../src/metrics/wake-times.ts';

const WAKER = 'push-notification:3';
const aor = 'sip:bob@example.com';

function scene() {
  const heard: unknown[] = [];
  const times = new WakeTimes({
    registered: (afterMs) => heard.push(['registered', afterMs]),
    rang: (afterPushMs, afterRegisterMs) => heard.push(['rang', afterPushMs, afterRegisterMs]),
  });
  const fold = (
    at: number,
    fact: Raw<typeof callOffered | typeof forkStarted | typeof legRinging | typeof callEnded | typeof actorEnded>,
  ) => times.fold({ ...fact, seq: at, at, by: '', cause: 0 } as never);
  const target = { contact: '', path: [], flow: '', stream: false };
  return {
    times,
    heard,
    offered: (at: number, callee = aor, wakeable = true, call = 'call:1') => {
      const push = { provider: '', prid: '', param: '' };
      const dialled = { code: '', argument: '', placedBy: '', pickable: true };
      const who = { call, caller: 'sip:alice@example.com', callerName: '', callee, callIdStem: '' };
      fold(at, callOffered({ ...who, wakeable, accountPush: push, ...dialled }));
    },
    forked: (at: number, leg: string, by = WAKER, of = aor) =>
      fold(at, forkStarted({ call: 'call:1', leg, callee: of, aor: of, device: leg, callId: '', case: by, target })),
    rang: (at: number, leg: string) => fold(at, legRinging({ call: 'call:1', leg, device: leg, status: 180, message: 0 })),
    ended: (at: number) =>
      fold(at, callEnded({ call: 'call:1', caller: '', callee: '', answeredBy: '', outcome: 'failed', status: 480 })),
    crashed: (at: number) => fold(at, actorEnded({ address: 'call:1', of: '', how: 'failed' })),
  };
}

describe('the times of those who are woken', () => {
  it('run from the push, once for each phone', () => {
    const { times, heard, offered, forked, rang, ended } = scene();
    offered(1_000);
    forked(3_000, 'leg:1/2');
    forked(4_000, 'leg:1/3');
    rang(3_500, 'leg:1/2');
    rang(3_600, 'leg:1/2');
    ended(9_000);
    rang(9_100, 'leg:1/3');
    expect(heard).toEqual([
      ['registered', 2_000],
      ['registered', 3_000],
      ['rang', 2_500, 500],
    ]);
    expect(times.size).toBe(0);
  });

  it('run anew for whom the call goes on to', () => {
    const { heard, offered, forked } = scene();
    offered(1_000);
    offered(21_000, 'sip:carol@example.com');
    forked(22_500, 'leg:1/2', WAKER, 'sip:carol@example.com');
    expect(heard).toEqual([['registered', 1_500]]);
  });

  it('leave out phones that were awake, and calls that wake nobody', () => {
    const { times, heard, offered, forked, rang } = scene();
    offered(1_000, aor, false);
    expect(times.size).toBe(0);
    offered(1_000);
    forked(1_000, 'leg:1/2', '');
    forked(1_000, 'leg:1/3', 'ring-group:1');
    rang(1_100, 'leg:1/2');
    expect(heard).toEqual([]);
  });

  it('are forgotten with a call that crashed, and bounded in a large one', () => {
    const { times, heard, offered, forked, crashed } = scene();
    for (let n = 0; n < 500; n++) offered(n, `sip:user${n}@example.com`);
    forked(1_000, 'leg:1/2', WAKER, 'sip:user63@example.com');
    forked(1_000, 'leg:1/3', WAKER, 'sip:user64@example.com');
    expect(heard).toEqual([['registered', 937]]);
    crashed(2_000);
    expect(times.size).toBe(0);
  });
});
