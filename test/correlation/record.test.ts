import { describe, expect, it } from 'vitest';
import { Histories } from '../../src/correlation/history.ts';
import { type CallRecord, recordOf } from '../../src/correlation/record.ts';

type Folded = Parameters<Histories['fold']>[0];

/** The record after these facts, each with its instant in milliseconds. */
function recorded(...facts: readonly (readonly [atMs: number, type: string, more?: object])[]): CallRecord | undefined {
  const records: CallRecord[] = [];
  const view = new Histories((history) => records.push(recordOf(history)));
  for (const [at, type, more] of [[0, 'invite.received', { leg: 'leg:7/0' }] as const, ...facts])
    view.fold({ type, call: 'call:7', caller: 'sip:alice@x', callee: 'sip:bob@x', at, ...more } as unknown as Folded);
  view.close(9000);
  expect(records).toHaveLength(1);
  expect(view.size).toBe(0);
  return records[0];
}
const fork = (leg: string, device: string) => ({ leg, device, callId: `id-${device}`, case: '' });

describe('the record', () => {
  it('has where the call was sent on to', () => {
    const record = recorded(
      [10, 'route.found', { callee: 'sip:carol@x' }],
      [20, 'route.failed', { status: 404, reason: 'No Such User' }],
    );
    expect(record?.diversions).toEqual([
      { at: '1970-01-01T00:00:00.010Z', to: 'sip:carol@x', status: 0, reason: '' },
      { at: '1970-01-01T00:00:00.020Z', to: '', status: 404, reason: 'No Such User' },
    ]);
  });

  it.each([
    ['before its answer', [], { outcome: 'failed', status: 0, talkMs: 0 }],
    ['while its parties talk', [[100, 'call.answered', { device: 'desk' }]], { outcome: 'answered', status: 200, talkMs: 8900 }],
  ] as const)('of a call that is open as the service stops, %s', (_name, facts, expected) => {
    expect(recorded([1, 'fork.started', fork('leg:7/1', 'desk')], ...facts)).toMatchObject({
      ...expected,
      endedBy: 'service',
      how: 'ordered',
      forks: [{ callId: 'id-desk' }],
    });
  });

  it('says what first ended the call, not what crossed it', () => {
    expect(
      recorded(
        [100, 'call.answered', { device: 'desk' }],
        [200, 'leg.hungUp', { leg: 'leg:7/1', how: 'bye' }],
        [201, 'leg.hungUp', { leg: 'leg:7/0', how: 'bye' }],
        [300, 'call.ended', { outcome: 'answered', status: 200 }],
      ),
    ).toMatchObject({ endedBy: 'callee', how: 'bye', endAt: '1970-01-01T00:00:00.300Z' });
  });

  it('stays bounded, and keeps what ended the call after a flood of provisionals', () => {
    const flood = Array.from(
      { length: 2000 },
      (_, n) => [n, 'leg.ringing', { leg: 'leg:7/1', device: 'desk', status: 180 }] as const,
    );
    const record = recorded([0, 'fork.started', fork('leg:7/1', 'desk')], ...flood, [
      3000,
      'leg.failed',
      { leg: 'leg:7/1', device: 'desk', status: 486, reason: 'Busy Here', message: 3 },
    ]);
    expect(record?.forks).toMatchObject([{ why: 'busy', status: 486 }]);
    expect(JSON.stringify(record).length).toBeLessThan(2000);
  });
});
