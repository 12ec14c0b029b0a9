import fc from 'fast-check';
import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { type AnyStateMachine, assign, cancel, emit, enqueueActions, raise, setup } from 'xstate';
import type { Message } from '../../src/engine/entry.ts';
import { expectSame, type Step } from '../support/engine-runs.ts';

type Event = { readonly type: 'a' | 'b' | 'c' | 'd'; readonly n: number };
interface Context {
  readonly log: readonly string[];
  readonly sum: number;
}

const base = setup({
  types: {
    context: {} as Context,
    input: {} as { n: number },
    events: {} as Event | { type: 'own.raised' | 'own.late' },
    emitted: {} as Message,
  },
  delays: { short: 10, byContext: ({ context }) => 5 + (context.sum % 7) },
  guards: {
    isOdd: ({ event }) => 'n' in event && event.n % 2 === 1,
    isBig: ({ context }) => context.sum > 12,
    throws: ({ event }) => {
      if ('n' in event && event.n === 9) throw new Error('nine');
      return false;
    },
  },
  actions: {
    add: assign({ sum: ({ context, event }) => context.sum + ('n' in event ? event.n : 1) }),
    log: assign({ log: ({ context, event }) => [...context.log, event.type] }),
    tell: emit(({ context, event }) => ({ type: `told.${event.type}.${context.sum}` })),
    entered: emit({ type: 'told.entered' }),
    left: emit({ type: 'told.left' }),
    raiseNow: raise({ type: 'own.raised' }),
    raiseLate: raise({ type: 'own.late' }, { delay: 12, id: 'late' }),
    raiseNameless: raise({ type: 'own.late' }, { delay: 7 }),
    forget: cancel('late'),
    explode: () => {
      throw new Error('bang');
    },
    several: enqueueActions(({ enqueue, check, event }) => {
      enqueue.emit({ type: 'told.first' });
      if (check(({ event }) => 'n' in event && event.n % 2 === 1)) enqueue('add');
      enqueue.raise({ type: 'own.late' }, { delay: 3, id: 'three' });
      if ('n' in event && event.n === 4) enqueue.cancel('three');
      enqueue.emit({ type: 'told.second' });
    }),
  },
});
const context = ({ input }: { input: { n: number } }): Context => ({ log: [], sum: input.n });

const CHARTS: Readonly<Record<string, AnyStateMachine>> = {
  delays: base.createMachine({
    context,
    entry: ['tell', 'raiseLate'],
    initial: 'one',
    states: {
      one: {
        after: { short: { target: 'two', actions: 'tell' }, 25: 'three' },
        on: { a: { target: 'one', reenter: true } },
        exit: 'left',
      },
      two: { entry: ['entered', 'raiseLate'], after: { byContext: 'one' }, on: { b: { actions: ['add', 'raiseLate'] } } },
      three: { on: { c: { actions: ['forget', 'tell'] }, d: 'over' }, after: { 40: 'one' } },
      over: { type: 'final', entry: 'tell' },
    },
    on: { 'own.late': { actions: ['log', 'tell'] }, c: { actions: ['raiseNameless', 'forget'] }, d: '.three' },
    exit: 'left',
  }),
  parallel: base.createMachine({
    context,
    type: 'parallel',
    states: {
      left: {
        initial: 'off',
        states: {
          off: { on: { a: { target: 'on', actions: 'tell' } } },
          on: { after: { 8: 'off' }, on: { a: { guard: 'isOdd', target: 'done' }, b: { actions: 'raiseNow' } } },
          done: { type: 'final' },
        },
        onDone: { actions: 'tell' },
      },
      right: {
        initial: 'low',
        states: {
          low: {
            always: { guard: 'isBig', target: 'high' },
            on: { b: { actions: 'add' }, 'own.raised': { actions: ['log', 'add'] } },
          },
          high: { entry: 'tell', tags: 'loud', on: { c: 'done', b: { guard: 'throws', actions: 'log' } } },
          done: { type: 'final' },
        },
      },
    },
    on: { d: { actions: 'several' }, 'own.late': { actions: 'tell' } },
  }),
  history: base.createMachine({
    context,
    initial: 'work',
    states: {
      work: {
        initial: 'x',
        on: { c: 'pause' },
        states: {
          x: { on: { a: 'y' } },
          y: { initial: 'y1', on: { a: 'x' }, states: { y1: { on: { b: 'y2' } }, y2: { after: { 6: 'y1' }, entry: 'tell' } } },
          shallow: { type: 'history' },
          deep: { type: 'history', history: 'deep' },
        },
      },
      pause: {
        entry: 'several',
        on: { a: 'work.shallow', b: 'work.deep', d: [{ guard: 'isOdd', actions: 'explode' }, 'end'] },
        after: { 30: 'work.deep' },
      },
      end: { type: 'final' },
    },
    on: { 'own.late': { actions: 'log' }, '*': { actions: 'tell' } },
  }),
  atOnce: base.createMachine({
    context,
    initial: 'first',
    states: {
      first: { entry: ['raiseNow', 'tell'], always: { guard: 'isBig', target: 'over' }, on: { 'own.raised': 'second' } },
      second: { after: { 0: 'over' }, on: { a: {} } },
      over: { type: 'final', entry: 'tell' },
    },
  }),
  explodesAtBirth: base.createMachine({ context, entry: ['tell', 'raiseLate', 'explode'], initial: 'a', states: { a: {} } }),
};

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ type: fc.constantFrom('a', 'b', 'c', 'd'), n: fc.integer({ min: 0, max: 9 }) })
      .map((event) => () => event),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 30 }) },
);

describe('the runner against createActor', () => {
  // createActor leaves timers of an ended actor armed, and its development build warns when they fire.
  beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
  afterAll(() => void vi.restoreAllMocks());

  for (const [name, machine] of Object.entries(CHARTS))
    it(`does the same with the chart "${name}": states, contexts, what is emitted and when, pending timers`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 15 }), fc.array(step, { maxLength: 25 }), (n, steps) => {
          expectSame(machine, { n }, steps);
        }),
        { numRuns: 300 },
      );
    });
});
