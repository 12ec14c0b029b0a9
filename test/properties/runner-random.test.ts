import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AnyStateMachine, and, assign, cancel, emit, enqueueActions, log, not, or, raise, setup, stateIn } from 'xstate';
import { chartOf } from '../../src/engine/chart/compile.ts';
import type { Message } from '../../src/engine/entry.ts';
import { expectSame, type Step } from '../support/engine-runs.ts';

type Event = { readonly type: string; readonly n?: number };
interface Context {
  readonly log: readonly string[];
  readonly sum: number;
}
const nOf = (event: Event): number => event.n ?? 1;

/** Guards of guards, and names within actions: XState's types would have them know each other. */
const guardsOfGuards = {
  both: and(['isOdd', { type: 'isAtLeast', params: { least: 6 } }] as never) as never,
  either: or(['throws', not('isOdd' as never)] as never) as never,
};
const several = enqueueActions<Context, Event, undefined, Event, never, never, never, never, Message>(
  ({ enqueue, check, event, context }) => {
    enqueue.emit({ type: 'told.first' });
    if (check({ type: 'isAtLeast', params: { least: 5 } } as never)) enqueue.assign({ sum: 0 });
    if (check(stateIn('#n0') as never)) enqueue('tell' as never);
    enqueue.assign(({ context }) => ({ sum: context.sum + 1 }));
    enqueue({ type: 'addMore', params: { more: 2 } } as never);
    enqueue(enqueueActions(({ context, enqueue }) => enqueue.emit({ type: `told.inner.${context.sum}` })) as never);
    enqueue.emit(({ context }) => ({ type: `told.after.${context.sum}` }));
    if (nOf(event) === 4) enqueue.cancel('late');
    if (context.sum === 3) enqueue.raise({ type: 'd', n: 3 });
    enqueue.raise({ type: 'late' }, { id: 'late', delay: 3 });
  },
);

const base = setup({
  types: { context: {} as Context, input: {} as { n: number }, events: {} as Event, emitted: {} as Message },
  delays: { short: 4, byContext: ({ context }) => 3 + (context.sum % 5) },
  guards: {
    isOdd: ({ event }) => nOf(event) % 2 === 1,
    isAtLeast: ({ context }, { least }: { least: number }) => context.sum >= least,
    throws: ({ event }) => {
      if (nOf(event) === 9) throw new Error('nine');
      return nOf(event) % 3 === 0;
    },
    ...guardsOfGuards,
  },
  actions: {
    add: assign({ sum: ({ context, event }) => context.sum + nOf(event) }),
    addMore: assign(({ context }, { more }: { more: number }) => ({ sum: context.sum + more })),
    same: assign({}),
    note: assign({ log: ({ context, event }) => [...context.log.slice(-5), event.type] }),
    tell: emit(({ context, event }) => ({ type: `told.${event.type}`, sum: context.sum }) as Message),
    tellIt: emit((_, { it }: { it: string }) => ({ type: `told.${it}` })),
    raiseNow: raise(({ event }) => ({ type: 'b', n: nOf(event) })),
    raiseLate: raise({ type: 'late' }, { delay: 6, id: 'late' }),
    raiseByContext: raise({ type: 'late' }, { delay: 'byContext' as never }),
    raiseUnknown: raise({ type: 'c' }, { delay: 'nowhere' as never }),
    forget: cancel(() => 'late'),
    say: log(({ context }) => context.sum),
    nothing: () => {},
    explode: ({ event }) => {
      if (nOf(event) === 7) throw new Error('seven');
    },
    several,
  },
});

const action = fc.constantFrom(
  ...['add', 'same', 'note', 'tell', 'raiseNow', 'raiseLate', 'raiseByContext', 'raiseUnknown', 'forget', 'say', 'nothing'],
  ...['explode', 'several', 'unheardOf'],
  { type: 'addMore', params: { more: 3 } },
  { type: 'addMore', params: ({ event }: { event: Event }) => ({ more: nOf(event) }) },
  { type: 'tellIt', params: { it: 'it' } },
);
const actions = fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(action, { maxLength: 3 }) });
const guard = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.constantFrom(
      ...['isOdd', 'throws', 'both', 'either'],
      { type: 'isAtLeast', params: { least: 8 } },
      { type: 'isAtLeast', params: ({ event }: { event: Event }) => ({ least: nOf(event) }) },
      stateIn('#n0'),
      stateIn('s0'),
      ({ context }: { context: Context }) => context.sum > 4,
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('neverHeardOf', stateIn('#n99')) },
);

/** The shape of a tree: how many children each state has; a state without any is atomic or final. */
interface Tree {
  readonly children: readonly Tree[];
  readonly isFinal: boolean;
}
const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    children: fc.oneof({ maxDepth: 3 }, fc.constant([]), {
      weight: 3,
      arbitrary: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
    }),
    isFinal: fc.nat(3).map((n) => n === 0),
  }),
})).tree;
const countOf = ({ children }: Tree): number => 1 + children.reduce((sum, child) => sum + countOf(child), 0);

const transition = (states: number) =>
  fc.record({
    to: fc.option(fc.nat(states - 1), { freq: 4 }),
    reenter: fc.boolean(),
    guard: fc.option(guard, { freq: 2 }),
    actions,
  });
const state = (states: number) =>
  fc.record({
    entry: actions,
    exit: actions,
    initialActions: actions,
    initial: fc.nat(2),
    on: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'late'), fc.array(transition(states), { minLength: 1, maxLength: 3 }), {
      minKeys: 2,
      maxKeys: 4,
    }),
    always: fc.option(transition(states), { freq: 1 }),
    after: fc.option(fc.tuple(fc.constantFrom('5', 'short', 'byContext'), transition(states)), { freq: 2 }),
    onDone: fc.option(transition(states), { freq: 2 }),
    tags: fc.subarray(['x', 'y']),
    output: fc.boolean(),
  });
type State = ReturnType<typeof state> extends fc.Arbitrary<infer S> ? S : never;
type Transition = State['on'][string][number];

const written = ({ to, reenter, guard, actions }: Transition) => ({
  ...(to === null ? {} : { target: `#n${to}`, reenter }),
  ...(guard === null ? {} : { guard }),
  actions,
});
const outputOf = ({ context, event }: { context: Context; event: object }) => ({ sum: context.sum, event });

/** A machine's config of a tree and one description for each of its states, in the order of the document. */
function configOf(tree: Tree, states: readonly State[], next = { id: 0 }): object {
  const id = next.id++;
  const { entry, exit, initial, initialActions, on, always, after, onDone, tags, output } = states[id] as State;
  const config: Record<string, unknown> = { id: `n${id}`, entry, exit, tags };
  if (output && (tree.isFinal || id === 0)) config.output = outputOf;
  if (tree.children.length === 0 && tree.isFinal && id > 0) return { ...config, type: 'final' };
  config.on = Object.fromEntries(Object.entries(on).map(([type, all]) => [type, all.map(written)]));
  if (always !== null) config.always = written(always);
  if (after !== null) config.after = { [after[0]]: written(after[1]) };
  if (tree.children.length === 0) return config;
  if (onDone !== null) config.onDone = written(onDone);
  config.initial = { target: `s${initial % tree.children.length}`, actions: initialActions };
  config.states = Object.fromEntries(tree.children.map((child, i) => [`s${i}`, configOf(child, states, next)]));
  return config;
}

const machine: fc.Arbitrary<AnyStateMachine> = tree
  .chain((tree) => {
    const states = countOf(tree);
    return fc.tuple(fc.constant(tree), fc.array(state(states), { minLength: states, maxLength: states }));
  })
  .map(
    ([tree, states]) =>
      base.createMachine({
        ...(configOf(tree, states) as object),
        context: ({ input }: { input: { n: number } }) => ({ log: [], sum: input.n }),
        options: { maxIterations: 12 },
      } as never) as unknown as AnyStateMachine,
  );

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ type: fc.constantFrom('a', 'b', 'c', 'd'), n: fc.integer({ min: 0, max: 9 }) })
      .map((event) => () => event),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 }) },
);

describe('machines made by chance', () => {
  beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
  afterAll(() => void vi.restoreAllMocks());

  it('run by their tables as by XState', () => {
    const ends = { active: 0, done: 0, failed: 0 };
    let steps = 0;
    let moves = 0;
    fc.assert(
      fc.property(
        machine,
        fc.integer({ min: 0, max: 9 }),
        fc.array(step, { minLength: 3, maxLength: 15 }),
        (machine, n, history) => {
          expect(chartOf(machine)).toBeTypeOf('object');
          const seen = expectSame(machine, { n }, history);
          ends[seen.at(-1)?.status as 'active']++;
          moves += new Set(seen.map(({ value }) => JSON.stringify(value))).size - 1;
          steps += seen.filter(({ status }) => status === 'active').length;
        },
      ),
      { numRuns: 600 },
    );
    // The histories are worth something: many end in each way, and few at once.
    for (const count of Object.values(ends)) expect(count).toBeGreaterThan(20);
    expect(steps).toBeGreaterThan(2_000);
    expect(moves).toBeGreaterThan(200);
  });
});
