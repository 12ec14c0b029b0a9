import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emit, setup } from 'xstate';
import type { AnyFact, View } from '../../src/engine/port.ts';
import {
  appeared,
  type Context,
  KINDS,
  notifiedMachine,
  opened,
  scenario,
  userAppeared,
  userLeft,
} from '../support/engine-charts.ts';
import { engineWorld } from '../support/engine-world.ts';

/** Everything that ever appeared. */
function appearances(): View {
  const all: AnyFact[] = [];
  return {
    folds: [userAppeared.fact],
    fold: (fact) => void all.push(fact),
    answers: [userAppeared.fact],
    current: () => all as never,
  };
}

interface Post {
  readonly opens: boolean;
  readonly who: string;
}
const post: fc.Arbitrary<Post> = fc.record({ opens: fc.boolean(), who: fc.constantFrom('bob', 'carol') });

/** An actor whose one command makes the port post a whole batch, so that all of it lies in the mailbox at once. */
const pump = setup({}).createMachine({
  initial: 'over',
  states: { over: { type: 'final', entry: emit({ type: 'pump.out', to: 'port:out' } as never) } },
});

/** Posts each batch at once, and tells what each waiter was born with and heard, by the number of its opening. */
function play(batches: readonly (readonly Post[])[]) {
  const numbered = batches.map((batch) => [...batch]);
  let n = 0;
  const world = engineWorld(KINDS, [appearances()], {}, (engine) => ({
    address: 'port:out',
    take: ({ type }) => {
      if (type === 'pump.out')
        for (const { opens, who } of numbered.shift() ?? []) engine.post(opens ? opened(who, ++n) : appeared(who, ++n));
      return undefined;
    },
    close: () => {},
  }));
  world.engine.install(
    scenario('pump', pump, () => [], { startsOn: [userLeft.where({})] }),
    undefined,
  );
  const address = ({ n: number }: { n: number }) => `wait:${number}`;
  const listensTo = ({ who }: { who: string }) => [
    userAppeared.where({ who }, { current: true }),
    userAppeared.where({ who, fresh: true }, { current: true }),
  ];
  world.engine.install(scenario('wait', notifiedMachine, listensTo, { address: address as never }), undefined);
  for (const _ of batches) world.engine.post(userLeft({ who: '' }));
  expect(world.problems).toEqual([]);
  return new Map(world.engine.actors().map(({ address: at, context }) => [at, context as Context]));
}

describe('check and wait in one step', () => {
  it('what was true before a birth is told at birth and what comes after is heard: nothing lost, nothing twice', () => {
    let told = 0;
    fc.assert(
      fc.property(fc.array(fc.array(post, { maxLength: 6 }), { maxLength: 6 }), (batches) => {
        const waiters = play(batches);
        const posts = batches.flat().map((one, i) => ({ ...one, n: i + 1 }));
        for (const { opens, who, n } of posts) {
          if (!opens) continue;
          const numbers = posts.filter((other) => !other.opens && other.who === who).map((other) => other.n);
          const { current, heard } = waiters.get(`wait:${n}`) as Context;
          expect(current).toEqual(numbers.filter((other) => other < n));
          expect(heard).toEqual(numbers.filter((other) => other > n));
          told += current.length * heard.length;
        }
      }),
      { numRuns: 500 },
    );
    expect(told).toBeGreaterThan(50);
  });
});
