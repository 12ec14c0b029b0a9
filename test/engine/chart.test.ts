import { describe, expect, it } from 'vitest';
import {
  type AnyStateMachine,
  assign,
  createActor,
  createMachine,
  emit,
  enqueueActions,
  fromPromise,
  raise,
  sendTo,
  stateIn,
} from 'xstate';
import { chartOf } from '../../src/engine/chart/compile.ts';
import { ChartSnapshot } from '../../src/engine/chart/snapshot.ts';
import { Runner, type Running } from '../../src/engine/runner.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { byRunner, expectSame } from '../support/engine-runs.ts';

const tell = (text: string) => emit({ type: `told.${text}` });
const events = (...types: string[]) => types.map((type) => () => ({ type }));
/** What a machine told at birth and by these events, the same by tables and by XState. */
const toldBy = (machine: AnyStateMachine, ...types: string[]): string[] =>
  (expectSame(machine, undefined, events(...types)).at(-1)?.told ?? []).map(([, { type }]) => type.slice('told.'.length));

function begin(machine: AnyStateMachine): { runner: Runner; running: Running } {
  const timers = new TimerHeap(new VirtualTime(), (error) => {
    throw error;
  });
  const runner = new Runner(timers, () => {});
  const running: Running = { snapshot: undefined, timers: undefined };
  runner.start(running, machine, undefined, 1);
  return { runner, running };
}

describe('machines without tables', () => {
  const foreign = Object.assign(() => {}, { type: 'xstate.assign', resolve: () => [], assignment: {} });
  const twoWays = { initial: 'x', states: { x: { on: { go: ['y'] } }, y: {} } };
  it.each<[string, string, object]>([
    ['parallel', 'its state "m" is parallel', { type: 'parallel', states: { a: {}, b: {} } }],
    ['history', 'its state "m.h" is history', { initial: 'a', states: { a: {}, h: { type: 'history' } } }],
    ['a wildcard', 'its state "m" takes "*"', { on: { '*': {} } }],
    ['half a wildcard', 'its state "m" takes "call.*"', { on: { 'call.*': {} } }],
    ['an event of XState', 'its state "m" takes "xstate.stop"', { on: { 'xstate.stop': {} } }],
    ['a final root', 'its root is final', { type: 'final' }],
    ['an actor', 'its state "m" invokes an actor', { invoke: { src: fromPromise(() => new Promise(() => {})) } }],
    ['one id twice', 'two of its states have one id', { initial: 'a', states: { a: { id: 'x' }, b: { id: 'x' } } }],
    ['sendTo', 'it does what only XState can', { on: { a: { actions: sendTo(({ self }) => self, { type: 'b' }) } } }],
    ['what only looks like assign', 'it does what only XState can', { entry: foreign }],
    ['a name that reads as an id', 'its state "m.#a" has a name that reads as an id', { initial: '#a', states: { '#a': {} } }],
    ['several targets', 'its state "m" goes to several states at once', { ...twoWays, on: { a: { target: ['.x', '.y'] } } }],
  ])('%s', (_, why, config) => {
    expect(chartOf(createMachine({ id: 'm', ...config } as never))).toBe(why);
  });

  it('run by XState', () => {
    const machine = createMachine({ initial: 'a', states: { a: { on: { '*': 'b' } }, b: {} } });
    const { runner, running } = begin(machine);
    expect(running.snapshot).not.toBeInstanceOf(ChartSnapshot);
    runner.step(running, { type: 'anything' }, 1);
    expect(running.snapshot?.value).toBe('b');
    expect(running.snapshot).not.toBeInstanceOf(ChartSnapshot);
  });

  it('are the exception: a plain one runs by its tables, which are made once', () => {
    const machine = createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } });
    expect(chartOf(machine)).toBe(chartOf(machine));
    const { runner, running } = begin(machine);
    expect(running.snapshot).toBeInstanceOf(ChartSnapshot);
    runner.step(running, { type: 'go' }, 1);
    expect(running.snapshot).toBeInstanceOf(ChartSnapshot);
    expect(running.snapshot?.value).toBe('b');
  });
});

describe('by its tables a machine', () => {
  const named = (name: string) => ({ entry: tell(`+${name}`), exit: tell(`-${name}`) });

  it('leaves the deepest state first, acts, and enters the outermost first', () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { ...named('a'), initial: 'x', states: { x: { ...named('x'), on: { go: { target: '#far', actions: tell('go') } } } } },
        b: { ...named('b'), initial: 'y', states: { y: named('y'), z: { ...named('z'), id: 'far' } } },
      },
    });
    expect(toldBy(machine, 'go')).toEqual(['+a', '+x', '-x', '-a', 'go', '+b', '+z']);
  });

  it('leaves a state that goes to itself only if it says so', () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          ...named('a'),
          initial: 'x',
          states: { x: named('x'), y: named('y') },
          on: { stay: '.y', again: 'a', anew: { target: 'a', reenter: true }, at: { reenter: true, actions: tell('at') } },
        },
      },
    });
    expect(toldBy(machine, 'stay', 'again', 'anew', 'at').slice(2)).toEqual(
      ['-x', '+y', '-y', '+x', '-x', '-a', '+a', '+x', 'at'], //
    );
  });

  it('takes the actions of an initial transition only on the way through it', () => {
    const machine = createMachine({
      initial: { target: 'a', actions: tell('first') },
      states: {
        a: {
          initial: { target: 'x', actions: tell('initial') },
          states: { x: {}, y: {} },
          on: { deep: { target: '.y', reenter: true }, top: { target: 'a', reenter: true } },
        },
      },
    } as never);
    expect(toldBy(machine, 'deep')).toEqual(['first', 'initial']);
    expect(toldBy(machine, 'top')).toEqual(['first', 'initial', 'initial']);
  });

  it('lets a deeper state forbid what its ancestor would take, and an unmet guard let it through', () => {
    const machine = createMachine({
      initial: 'a',
      on: { x: { actions: tell('root') }, y: { actions: tell('root') } },
      states: { a: { on: { x: {}, y: { guard: () => false, actions: tell('a') } } } },
    });
    expect(toldBy(machine, 'x', 'y')).toEqual(['root']);
    expect(byRunner(machine, undefined, events('x', 'y', 'z'), 'tables').taken).toEqual([true, true, false]);
  });

  it('emits with the context as it is at that point', () => {
    const count = assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 });
    const say = emit(({ context }: { context: { n: number } }) => ({ type: `told.${context.n}` }));
    const machine = createMachine({ context: { n: 0 }, on: { go: { actions: [say, count, say, count, say] } } } as never);
    expect(toldBy(machine, 'go')).toEqual(['0', '1', '2']);
  });

  it('follows transitions without an event before it takes what was raised, which its actions then see', () => {
    const say = emit(({ event }) => ({ type: `told.${event.type}` }));
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { on: { go: { target: 'b', actions: raise({ type: 'inner' }) } } },
        b: { entry: say, always: { target: 'c', actions: say }, on: { inner: { actions: tell('never') } } },
        c: { on: { inner: { target: 'd', actions: say } } },
        d: { entry: say },
      },
    });
    expect(toldBy(machine, 'go')).toEqual(['go', 'go', 'inner', 'inner']);
  });

  it('follows one that changes nothing once, and ends a circle with an error', () => {
    const idle = createMachine({ initial: 'a', states: { a: { always: { actions: tell('once') } } } });
    expect(toldBy(idle)).toEqual(['once']);
    const states = { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } };
    const circle = createMachine({ initial: 'a', states, options: { maxIterations: 20 } } as never);
    const [, end] = expectSame(circle, undefined, events('go'));
    expect(end?.error).toMatch(/^Infinite loop detected: the machine has processed more than 20 microsteps/);
  });

  it('tells a parent that its final child is entered, with its output', () => {
    const say = emit(({ event }) => ({ type: `told.${event.type}.${(event as unknown as { output: string }).output}` }));
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          initial: 'x',
          states: { x: { on: { go: 'y' } }, y: { type: 'final', output: 'out' } },
          onDone: { target: 'b', actions: say },
        },
        b: {},
      },
    });
    expect(toldBy(machine, 'go')).toEqual(['xstate.done.state.m.a.out']);
  });

  it('is done with a final child of its root: exit actions last, output of both', () => {
    const machine = createMachine({
      initial: 'a',
      exit: tell('-root'),
      output: ({ event }: { event: object }) => ({ event }),
      states: {
        a: { on: { go: 'z' } },
        z: { type: 'final', ...named('z'), output: ({ event }: { event: { type: string } }) => event.type, tags: ['last'] },
      },
    } as never);
    expect(toldBy(machine, 'go')).toEqual(['+z', '-z', '-root']);
    const [, end] = expectSame(machine, undefined, events('go'));
    expect(end).toMatchObject({ status: 'done', output: { event: { output: 'go' } }, tags: ['last'] });
  });

  it('does nothing of a step that fails', () => {
    const explode = () => {
      throw new Error('bang');
    };
    const machine = createMachine({
      initial: 'a',
      states: { a: { after: { 1000: 'b' }, on: { go: { target: 'b', actions: [tell('go'), explode] } } }, b: {} },
    });
    const [, end] = expectSame(machine, undefined, events('go'));
    expect(end).toEqual({ told: [], status: 'failed', error: 'bang' });
    const { runner, running } = begin(machine);
    expect(runner.step(running, { type: 'go' }, 1)).toBe('failed');
    expect(running.snapshot?.value).toBe('a');
    expect(running.timers).toBeUndefined();
  });

  it('says which guard failed, and of a name that stands for no guard', () => {
    const machine = createMachine({ id: 'm', on: { go: { guard: 'nobody' } } } as never);
    const [, end] = expectSame(machine, undefined, events('go'));
    expect(end?.error).toContain("Unable to evaluate guard 'nobody' in transition for event 'go' in state node 'm'");
  });

  it('that fails at birth has a snapshot that says so', () => {
    const machine = createMachine({
      entry: () => undefined as never,
      context: () => (undefined as never as { x: object }).x as never,
    });
    const { runner, running } = begin(machine);
    expect(running.snapshot?.status).toBe('error');
    expect(runner.error).toBeInstanceOf(TypeError);
    expectSame(machine, undefined, []);
  });

  it('spawns and sends to nobody, even in passing', () => {
    const passing = enqueueActions(({ enqueue, self }) => enqueue.sendTo(self, { type: 'x' }, { delay: 1 }));
    const { runner, running } = begin(createMachine({ on: { go: { actions: passing } } }));
    expect(runner.step(running, { type: 'go' }, 1)).toBe('failed');
    expect(String(runner.error)).toContain('spawns and sends to no actors');
  });

  it('keeps its snapshot where nothing changes', () => {
    const { runner, running } = begin(createMachine({ on: { go: { actions: tell('go') } } }));
    const before = running.snapshot;
    runner.step(running, { type: 'go' }, 1);
    runner.step(running, { type: 'unknown' }, 1);
    expect(running.snapshot).toBe(before);
  });

  it('has a snapshot with all that XState’s has', () => {
    const machine = createMachine({
      id: 'm',
      context: { n: 1 },
      initial: 'a',
      tags: 'top',
      meta: { of: 'root' },
      states: { a: { initial: 'x', states: { x: { tags: ['deep'], on: { go: '#m.b', not: {} } } } }, b: {} },
    } as never);
    const ours = begin(machine).running.snapshot;
    const theirs = createActor(machine).start().getSnapshot();
    expect(JSON.parse(JSON.stringify(ours))).toEqual(JSON.parse(JSON.stringify(theirs)));
    expect(ours?.getMeta()).toEqual(theirs.getMeta());
    for (const value of ['a', { a: 'x' }, 'b']) expect(ours?.matches(value as never)).toBe(theirs.matches(value as never));
    for (const tag of ['top', 'deep', 'no']) expect(ours?.hasTag(tag as never)).toBe(theirs.hasTag(tag as never));
    for (const type of ['go', 'not', 'none']) expect(ours?.can({ type } as never)).toBe(theirs.can({ type } as never));
    expect([ours?.machine, ours?.output, ours?.error]).toEqual([theirs.machine, undefined, undefined]);
  });

  it('asks stateIn where it is, before its first state too', () => {
    const machine = createMachine({
      initial: 'a',
      entry: enqueueActions(({ check, enqueue }) => {
        for (const where of ['a', '#a', '#b']) enqueue.emit({ type: `told.${where} ${check(stateIn(where))}` });
      }),
      states: { a: { id: 'a', on: { go: { guard: stateIn('#a'), target: 'b' } } }, b: { id: 'b', entry: tell('b') } },
    });
    expect(toldBy(machine, 'go')).toEqual(['a true', '#a false', '#b false', 'b']);
  });
});
