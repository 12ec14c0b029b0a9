import { afterAll, describe, expect, it } from 'vitest';
import { stream as scenario, streamMachine } from '../../machines/stream.ts';
import { legAddress, streamAddress } from '../../machines/vocabulary/identity.ts';
import { Chart, Coverage, expectTold } from './chart.ts';

const coverage = new Coverage(streamMachine);
afterAll(() => expect(coverage.missed, 'transitions of the chart that no case went through').toEqual([]));

const named = { call: 'call:1', leg: legAddress('call:1', 0), stream: streamAddress(legAddress('call:1', 0)) };
const opened = (endsCallAfterMs = 0): Chart =>
  new Chart(
    streamMachine,
    {
      fact: { type: 'stream.opened', ...named, user: '' },
      self: named.stream,
      current: [],
      settings: { endsCallAfterMs },
    },
    coverage,
  );
const heard = { type: 'rtp.heard', ...named, ssrc: 7, payloadType: 0 };
const heardAnew = { ...heard, ssrc: 8 };
const stopped = { type: 'rtp.stopped', ...named };
const counted = { packets: 500, lost: 3, jitterMs: 2 };
const closed = { type: 'stream.closed', ...named, ...counted };
const told = (type: string, more: object = {}) => ({ type, ...named, ...more });
const end = { type: 'call.end', to: 'call:1', status: 408, reason: 'Media Stopped' };

describe('a stream', () => {
  it('flows once something comes, whatever number it has, and tells how it was when it ends', () => {
    const chart = opened();
    expect([chart.told, chart.state]).toEqual([[], 'silent']);
    expectTold(chart.give(heard), [told('stream.flowing')]);
    expect(chart.give(heardAnew)).toEqual([]);
    expectTold(chart.give(closed), [told('stream.ended', counted)]);
    expect(chart.state).toBe('ended');
  });

  it('that stops has stalled until it comes again, and ends no call by preset', () => {
    const chart = opened();
    chart.give(heard);
    expectTold(chart.give(stopped), [told('stream.stalled')]);
    expect(chart.give(stopped, 86_400_000)).toEqual([]);
    expectTold(chart.give(heard), [told('stream.flowing')]);
    expectTold(chart.give(stopped, closed), [told('stream.stalled'), told('stream.ended', counted)]);
  });

  it('that never begins stalls as well, and one that nothing comes of may end unheard', () => {
    expectTold(opened().give(stopped), [told('stream.stalled')]);
    expectTold(opened().give(closed), [told('stream.ended', counted)]);
  });

  it('ends its call, once, when it has been stalled for as long as the config says', () => {
    const chart = opened(30_000);
    chart.give(heard);
    expectTold(chart.give(stopped, 29_999), [told('stream.stalled')]);
    expectTold(chart.give(heard, stopped, 29_999), [told('stream.flowing'), told('stream.stalled')]);
    expectTold(chart.give(1), [end]);
    expect(chart.give(86_400_000)).toEqual([]);
    expectTold(chart.give(closed), [told('stream.ended', counted)]);
  });

  it('is found under the name of its leg, and belongs to it', () => {
    const fact = { type: 'stream.opened', ...named, user: '' } as never;
    expect([scenario.address?.(fact), scenario.of?.(fact)]).toEqual(['stream:1/0', 'leg:1/0']);
  });
});
