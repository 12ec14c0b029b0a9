import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import type { EventObject } from 'xstate';
import { subscriptionMachine } from '../../machines/subscription.ts';
import type { SipNotify } from '../../machines/vocabulary/commands.ts';
import { MAX_WATCHED_DIALOGS } from '../../machines/vocabulary/watching.ts';
import { Chart, Coverage } from './chart.ts';

const coverage = new Coverage(subscriptionMachine);
afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

const BOB = 'sip:bob@x';
const ALICE = 'sip:alice@x';
const SELF = 'subscription:1';
const expiresMs = 3_600_000;

const of = (how: object = {}, current: readonly object[] = []): Chart =>
  new Chart(
    subscriptionMachine,
    {
      fact: { type: 'watch.asked', subscription: SELF, watcher: 'sip:carol@x', watched: BOB, expiresMs, seq: 1, at: 0, ...how },
      self: SELF,
      current,
      settings: {},
    },
    coverage,
  );
const offered = (call: string, how: object = {}) => ({
  type: 'call.offered',
  call,
  caller: ALICE,
  callerName: 'Alice',
  callee: BOB,
  code: '',
  placedBy: '',
  ...how,
});
const answered = (call: string, how: object = {}) => ({
  type: 'call.answered',
  call,
  caller: ALICE,
  callee: BOB,
  device: 'd',
  answeredBy: BOB,
  shown: ALICE,
  callerName: 'Alice',
  ...how,
});
const ended = (call: string) => ({ type: 'call.ended', call, caller: ALICE, callee: BOB, answeredBy: BOB });
const notified = (how: 'taken' | 'missed' | 'gone') => ({ type: 'watch.notified', subscription: SELF, how });
const taken = notified('taken');
const refreshed = (ms: number) => ({ type: 'watch.refreshed', subscription: SELF, expiresMs: ms });
const notices = (told: readonly object[]): SipNotify[] => told as SipNotify[];
const said = (told: readonly object[]): unknown[] =>
  notices(told).map(({ version, isFull, dialogs }) => [
    version,
    isFull,
    ...dialogs.map(({ call, direction, state, event }) => `${call} ${direction} ${state} ${event}`.trim()),
  ]);

describe('a subscription', () => {
  it('tells all at first, then what changed, and waits for the answer and a second in between', () => {
    const chart = of();
    expect(said(chart.told)).toEqual([[0, true]]);
    expect(said(chart.give(taken, offered('c1'), 999))).toEqual([]);
    expect(said(chart.give(1))).toEqual([[1, false, 'c1 recipient early']]);
    expect(said(chart.give(answered('c1'), 1_000, 5_000))).toEqual([]);
    expect(said(chart.give(taken))).toEqual([[2, false, 'c1 recipient confirmed']]);
    expect(said(chart.give(taken, 60_000, ended('c1')))).toEqual([[3, false, 'c1 recipient terminated']]);
  });

  it('knows what was true at its birth', () => {
    const stamped = (fact: object, seq: number) => ({ ...fact, seq, at: 0 });
    const ringing = { type: 'call.ringing', call: 'c2', caller: BOB, callee: ALICE, device: 'd' };
    const chart = of({}, [
      stamped(answered('c1'), 9),
      stamped(ringing, 8),
      stamped(offered('c2', { caller: BOB, callee: ALICE }), 7),
      stamped(offered('c3'), 6),
    ]);
    expect(said(chart.told)).toEqual([[0, true, 'c3 recipient early', 'c2 initiator early', 'c1 recipient confirmed']]);
  });

  const ENDS: readonly (readonly [object, string])[] = [
    [{ type: 'call.cancelled', call: 'c1' }, 'cancelled'],
    [{ type: 'call.failed', call: 'c1', status: 486 }, 'rejected'],
    [{ type: 'call.failed', call: 'c1', status: 408 }, 'timeout'],
    [{ type: 'call.failed', call: 'c1', status: 500 }, 'error'],
    [{ type: 'call.diverted', call: 'c1', from: BOB, why: 'noAnswer' }, 'cancelled'],
    [{ type: 'call.diverted', call: 'c1', from: BOB, why: 'pickedUp' }, 'replaced'],
    [{ type: 'callee.dropped', call: 'c1', callee: BOB }, 'cancelled'],
    [answered('c1', { answeredBy: 'sip:dave@x' }), 'replaced'],
    [{ type: 'dialog.ended', call: 'c1', watched: BOB }, 'error'],
  ];
  it.each(ENDS)('says why a call rings no more: %o', (fact, event) => {
    const chart = of();
    chart.give(taken, 1_000, offered('c1'), taken, 1_000);
    expect(said(chart.give(fact as EventObject))).toEqual([[2, false, `c1 recipient terminated ${event}`]]);
  });

  it('says nothing of what ended before it was told', () => {
    const chart = of();
    const cancelled = { type: 'call.cancelled', call: 'c1' };
    chart.give(taken, offered('c1'), cancelled);
    expect(said(chart.give(5_000))).toEqual([]);
    expect(chart.state).toBe('idle');
  });

  it('tells all after a refresh, and lasts as long as that says', () => {
    const chart = of();
    chart.give(taken, 1_000, offered('c1'), taken, 1_000);
    expect(said(chart.give(refreshed(60_000)))).toEqual([[2, true, 'c1 recipient early']]);
    chart.give(taken);
    expect(chart.give(59_999)).toEqual([]);
    expect(notices(chart.give(1))).toMatchObject([{ isLast: true, isFull: true, version: 3 }]);
    expect(chart.status).toBe('done');
  });

  it('ends when it is taken back, or asks for nothing but now, or its watcher is gone', () => {
    const chart = of();
    expect(notices(chart.give(refreshed(0)))).toMatchObject([{ isLast: true, version: 1 }]);
    expect(chart.status).toBe('done');
    const fetched = of({ expiresMs: 0 }, [{ ...offered('c1'), seq: 1, at: 0 }]);
    expect(notices(fetched.told)).toMatchObject([{ isLast: true, isFull: true, dialogs: [{ state: 'early' }] }]);
    expect(fetched.status).toBe('done');
    const gone = of();
    expect(gone.give(notified('gone'))).toEqual([]);
    expect(gone.status).toBe('done');
  });

  it('tells all again to who could not be reached, four times', () => {
    const chart = of();
    for (let n = 1; n < 4; n++) {
      expect(chart.give(notified('missed'), 1_000, 9_999)).toEqual([]);
      expect(said(chart.give(1))).toEqual([[n, true]]);
    }
    chart.give(notified('missed'), 11_000);
    expect(chart.status).toBe('done');
    const late = of();
    late.give(1_000);
    expect(late.state).toBe('late');
    expect(said(late.give(notified('missed'), 10_000))).toEqual([[1, true]]);
    expect(said(late.give(taken, 1_000, offered('c1')))).toEqual([[2, false, 'c1 recipient early']]);
    late.give(65_000);
    expect(late.status, 'without any answer').toBe('done');
  });

  it('holds no more dialogs than anybody looks at', () => {
    const chart = of();
    for (let n = 0; n < 40; n++) chart.give(offered(`c${n}`));
    const [notice] = notices(chart.give(taken, 1_000));
    expect(notice?.dialogs).toHaveLength(MAX_WATCHED_DIALOGS);
  });

  /** What a watcher believes; the order and the pace of what it was told are held on the way. */
  function fold(told: readonly SipNotify[]): ReadonlyMap<string, string> {
    const believed = new Map<string, string>();
    let previousMs = Number.NEGATIVE_INFINITY;
    for (const [n, notice] of told.entries()) {
      const { atMs } = notice as SipNotify & { readonly atMs: number };
      expect(notice.version).toBe(n);
      expect(atMs - previousMs).toBeGreaterThanOrEqual(1_000);
      previousMs = atMs;
      if (notice.isFull) believed.clear();
      for (const { call: one, direction, state } of notice.dialogs)
        if (state === 'terminated') believed.delete(`${one} ${direction}`);
        else believed.set(`${one} ${direction}`, state);
    }
    return believed;
  }

  const call = fc.constantFrom('c1', 'c2', 'c3');
  const anything = fc.oneof(
    call.map((one) => offered(one)),
    call.map((one) => offered(one, { caller: BOB, callee: ALICE })),
    call.map((one) => ({ type: 'call.ringing', call: one, caller: BOB, callee: ALICE, device: 'd' })),
    call.map((one) => answered(one)),
    call.map((one) => answered(one, { answeredBy: ALICE })),
    call.map((one) => ended(one)),
    call.map((one) => ({ type: 'call.cancelled', call: one })),
    call.map((one) => ({ type: 'callee.dropped', call: one, callee: BOB })),
    fc.constant(refreshed(600_000)),
    fc.constant(taken),
    fc.constant(notified('missed')),
    fc.constantFrom(0, 1, 400, 1_000, 12_000),
  );

  test.prop([fc.array(anything, { maxLength: 60 })], { numRuns: 500 })(
    'lets its watcher believe what is true, version after version, one a second',
    (stimuli) => {
      const chart = of();
      for (const stimulus of stimuli) if (chart.status === 'active') chart.give(stimulus as EventObject | number);
      for (let n = 0; n < 4 && chart.status === 'active'; n++) chart.give(taken, 12_000);
      const believed = fold(notices(chart.told));
      if (chart.status !== 'active') return;
      const { dialogs } = chart.context as { readonly dialogs: readonly { call: string; direction: string; state: string }[] };
      const truth = dialogs.map(({ call: one, direction, state }) => [`${one} ${direction}`, state] as const);
      expect([...believed].sort()).toEqual(truth.sort());
    },
  );
});
