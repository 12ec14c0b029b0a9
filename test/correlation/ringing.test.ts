import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyOf } from '../../machines/vocabulary/descriptor.ts';
import { callOffered, pickupBegan } from '../../machines/vocabulary/facts.ts';
import { Ringing } from '../../src/correlation/ringing.ts';

interface Said {
  readonly type: string;
  readonly call: string;
  readonly callee: string;
  readonly from: string;
  readonly address: string;
  readonly how: string;
  readonly by: string;
  readonly seq: number;
}
const CALLS = ['call:1', 'call:2', 'call:3'];
const CASES = ['case:1', 'case:2', ...CALLS];
const CALLEES = ['bob', 'carol', 'dan'];
const OVER = ['call.diverted', 'call.answered', 'call.failed', 'call.cancelled', 'call.ended'];

const said: fc.Arbitrary<readonly Said[]> = fc
  .array(
    fc.record({
      type: fc.oneof(
        { weight: 3, arbitrary: fc.constant('call.offered') },
        { weight: 2, arbitrary: fc.constantFrom('pickup.began', 'pickup.won', 'pickup.lost', 'callee.dropped', 'actor.ended') },
        { weight: 1, arbitrary: fc.constantFrom(...OVER) },
      ),
      call: fc.constantFrom(...CALLS),
      callee: fc.constantFrom(...CALLEES),
      from: fc.constantFrom(...CALLEES),
      address: fc.constantFrom(...CASES),
      how: fc.constantFrom('done', 'failed'),
      by: fc.constantFrom(...CASES),
    }),
    { maxLength: 40 },
  )
  .map((facts) => facts.map((fact, seq) => ({ ...fact, seq })));

/** Reads all that was said, from the beginning, for each question. */
function ringsNow(all: readonly Said[], callees: readonly string[]): readonly Said[] {
  const isOver = ({ call, callee, seq }: Said): boolean =>
    all.some(
      (later) =>
        later.seq > seq &&
        ((OVER.includes(later.type) && later.call === call) ||
          (later.type === 'callee.dropped' && later.call === call && later.callee === callee) ||
          (later.type === 'actor.ended' && later.how === 'failed' && later.address === call)),
    );
  const open = all.filter((one) => one.type === 'call.offered' && !isOver(one));
  const isFirst = (one: Said): boolean => open.find(({ call, callee }) => call === one.call && callee === one.callee) === one;
  return open.filter((one) => callees.includes(one.callee) && isFirst(one));
}

function pickedNow(all: readonly Said[], callees: readonly string[]): readonly Said[] {
  const isOver = ({ by, seq }: Said): boolean =>
    all.some(
      (later) =>
        later.seq > seq &&
        (((later.type === 'pickup.won' || later.type === 'pickup.lost') && later.by === by) ||
          (later.type === 'actor.ended' && later.how === 'failed' && later.address === by)),
    );
  const open = all.filter((one) => one.type === 'pickup.began' && !isOver(one));
  const isFirst = (one: Said): boolean => open.find(({ by, callee }) => by === one.by && callee === one.callee) === one;
  return open.filter((one) => callees.includes(one.callee) && isFirst(one));
}

describe('what rings now', () => {
  it('property: is what reading everything again for each question says, oldest first', () => {
    fc.assert(
      fc.property(said, fc.uniqueArray(fc.constantFrom(...CALLEES)), (all, callees) => {
        const view = new Ringing();
        for (const fact of all) view.fold(fact as never);
        const asked = { callee: anyOf(...callees) };
        expect(view.current(callOffered.where(asked, { current: true }))).toEqual(ringsNow(all, callees));
        expect(view.current(pickupBegan.where(asked, { current: true }))).toEqual(pickedNow(all, callees));
      }),
      { numRuns: 300 },
    );
  });

  it('is nothing once all is over', () => {
    fc.assert(
      fc.property(said, (all) => {
        const view = new Ringing();
        for (const fact of all) view.fold(fact as never);
        for (const address of CASES) view.fold({ type: 'actor.ended', how: 'failed', address } as never);
        expect(view.size).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('is asked of callees that are named', () => {
    const view = new Ringing();
    expect(() => view.current(callOffered.where({ call: 'call:1' }, { current: true }))).toThrow('ask for one callee');
  });
});
