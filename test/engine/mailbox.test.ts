import { describe, expect, it } from 'vitest';
import { emit, setup } from 'xstate';
import type { Clock } from '../../src/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { Mailbox } from '../../src/engine/mailbox.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { appeared, byUser, KINDS, notifiedMachine, opened, scenario, userAppeared } from '../support/engine-charts.ts';
import { engineWorld } from '../support/engine-world.ts';

const rethrow = (error: unknown): never => {
  throw error;
};

describe('the mailbox', () => {
  it('is first in, first out, also while it grows and shrinks, and says when it is full', () => {
    const mailbox = new Mailbox(100_000);
    const taken: number[] = [];
    let put = 0;
    const append = (many: number) => {
      for (let i = 0; i < many; i++) mailbox.append({ seq: ++put } as Entry);
    };
    const take = (many: number) => {
      for (let i = 0; i < many; i++) taken.push((mailbox.take() as Entry).seq);
    };
    append(700);
    take(650);
    append(99_950);
    expect(mailbox.isFull).toBe(true);
    take(100_000);
    expect(mailbox.take()).toBeUndefined();
    append(3);
    take(3);
    expect(taken).toEqual(Array.from({ length: put }, (_, i) => i + 1));
  });

  it('over its bound, what comes is lost and said so; what an ended actor kept open is closed all the same', () => {
    const world = engineWorld(KINDS, [], { queuedEntries: 3 });
    const noisy = setup({}).createMachine({
      entry: [1, 2, 3, 4, 5].map((n) => emit(appeared('x', n) as never)),
      initial: 'over',
      states: { over: { type: 'final' } },
    });
    world.engine.install(
      scenario('noisy', noisy, () => []),
      undefined,
    );
    world.engine.post(opened('x'));
    expect(world.problems.map(({ problem }) => problem)).toEqual([
      'the mailbox is full at 3 entries: lost user.appeared of noisy:1',
      'the mailbox is full at 3 entries: lost user.appeared of noisy:1',
      'the mailbox is full at 3 entries: lost actor.ended of noisy:1',
    ]);
    expect(world.closed).toEqual(['noisy:1']);
    expect(world.engine.backlog).toBe(0);
  });
});

/** Each look at this clock costs a millisecond, so that work takes time. */
class BusyClock implements Clock {
  nowMs = 0;
  tasks: (() => void)[] = [];
  now(): number {
    return this.nowMs++;
  }
  alarm(): void {}
  yield(task: () => void): void {
    this.tasks.push(task);
  }
}

describe('a drain', () => {
  const chatty = () =>
    setup({}).createMachine({
      on: {
        'user.appeared': { guard: ({ event }) => event.n > 0, actions: emit(({ event }) => appeared('x', event.n - 1) as never) },
      },
    });

  it('yields to I/O after 5 ms; what is posted meanwhile waits until all is done that came of what was there, and then timers', () => {
    const clock = new BusyClock();
    const timers = new TimerHeap(clock, rethrow);
    const engine = new Engine({ clock, timers, catalogue: KINDS, views: [], report: rethrow });
    engine.install(scenario('chatty', chatty(), byUser), undefined);
    const log: string[] = [];
    engine.journal.observe(({ entry }) => log.push(`${entry.type} ${(entry as unknown as { n: number }).n}`));
    engine.post(opened('x'));
    timers.set(0, () => log.push('timer'));
    engine.post(appeared('x', 20));
    expect(clock.tasks).toHaveLength(1);
    expect(engine.backlog).toBe(1);
    const before = log.length;
    engine.post(appeared('nobody', 99));
    timers.resume();
    expect(log).toHaveLength(before);
    for (let turn = 0; clock.tasks.length > 0 && turn < 100; turn++) clock.tasks.shift()?.();
    expect(log.slice(-3)).toEqual(['user.appeared 0', 'user.appeared 99', 'timer']);
    expect(log[before]).toMatch(/^user.appeared \d+$/);
  });

  it('has room for so much from outside meanwhile, numbers it in the order in which it is taken, and says what is lost', () => {
    const clock = new BusyClock();
    const problems: string[] = [];
    const timers = new TimerHeap(clock, rethrow);
    const report = ({ problem }: { problem: string }): void => void problems.push(problem);
    const engine = new Engine({ clock, timers, catalogue: KINDS, views: [], report, limits: { queuedEntries: 2 } });
    engine.install(scenario('chatty', chatty(), byUser), undefined);
    const log: string[] = [];
    engine.journal.observe(({ entry }) => log.push(`${entry.seq} of ${entry.cause} by ${entry.by}`));
    engine.post(opened('x'));
    engine.post(appeared('x', 6));
    const taken = log.length;
    expect([1, 2, 3].map((n) => engine.post(appeared('nobody', n), `port:${n}`))).toEqual([true, true, false]);
    expect(problems).toEqual(['the mailbox is full at 2 entries: lost user.appeared of port:3']);
    expect(engine.backlog).toBe(3);
    while (clock.tasks.length > 0) clock.tasks.shift()?.();
    expect(log.length).toBeGreaterThan(taken + 2);
    expect(log.slice(-2)).toEqual([`${log.length - 1} of 0 by port:1`, `${log.length} of 0 by port:2`]);
  });
});

describe('charts that answer each other for ever', () => {
  const echo = setup({}).createMachine({ on: { 'user.appeared': { actions: emit(appeared('x', 1) as never) } } });

  it('are told of, once until they rest, and keep nobody out for longer than 2 s', () => {
    const clock = new BusyClock();
    const problems: string[] = [];
    const timers = new TimerHeap(clock, rethrow);
    const report = ({ problem }: { problem: string }): void => void problems.push(problem);
    const engine = new Engine({ clock, timers, catalogue: KINDS, views: [], report });
    engine.install(scenario('echo', echo, byUser), undefined);
    const heard: number[] = [];
    engine.journal.observe(({ entry }) => {
      if ((entry as unknown as { who: string }).who === 'nobody') heard.push(clock.nowMs);
    });
    engine.post(opened('x'));
    engine.post(appeared('x', 1));
    engine.post(appeared('nobody', 1));
    const goesOn = (untilMs: number): void => {
      while (clock.nowMs < untilMs) clock.tasks.shift()?.();
    };
    goesOn(1_900);
    expect([heard, problems]).toEqual([[], []]);
    goesOn(2_100);
    expect(heard).toHaveLength(1);
    engine.post(appeared('nobody', 2));
    goesOn(10_000);
    expect(heard).toHaveLength(2);
    expect(problems).toEqual([
      'charts have not come to rest for 2 s, and until they do no timer fires: the latest said is user.appeared of echo:1',
    ]);
  });
});

describe('the stamp', () => {
  it('tells order, instant, author and cause; what an outsider posts has none', () => {
    const world = engineWorld(KINDS);
    const seen: unknown[] = [];
    world.engine.journal.observe(({ entry: { type, seq, at, by, cause }, kind }) => seen.push([kind, type, seq, at, by, cause]));
    world.engine.install(scenario('notify', notifiedMachine, byUser), undefined);
    world.clock.advance(5);
    world.engine.post(opened('x'));
    world.clock.advance(5);
    world.engine.sink('port:sip').post(appeared('x', 1));
    world.clock.advance(20_000);
    expect(seen).toEqual([
      ['fact', 'case.opened', 1, 5, 'outside', 0],
      ['fact', 'user.appeared', 2, 10, 'port:sip', 0],
      ['command', 'thing.do', 3, 10, 'notify:1', 2],
      ['timer', 'xstate.after.deadline.(machine).listening', 0, 20_005, 'notify:1', 1],
      ['fact', 'case.done', 4, 20_005, 'notify:1', 1],
      ['fact', 'actor.ended', 5, 20_005, 'notify:1', 1],
    ]);
  });

  it('a port that posts while it takes a command is the author, and the command the cause', () => {
    const world = engineWorld(KINDS, [], {}, (engine) => ({
      address: 'port:out',
      take: () => void engine.post(appeared('y', 9)),
      close: () => {},
    }));
    const seen: unknown[] = [];
    world.engine.journal.observe(({ entry: { type, seq, by, cause } }) => seen.push([type, seq, by, cause]));
    world.engine.install(scenario('notify', notifiedMachine, byUser), undefined);
    world.engine.post(opened('x'));
    world.engine.post(appeared('x', 1));
    expect(seen.slice(-2)).toEqual([
      ['thing.do', 3, 'notify:1', 2],
      ['user.appeared', 4, 'port:out', 3],
    ]);
  });

  it('one object posted twice, emitted twice or frozen becomes entries of its own', () => {
    const world = engineWorld(KINDS);
    const same = setup({}).createMachine({ on: { 'user.appeared': { actions: emit(opened('z', 0) as never) } } });
    world.engine.install(scenario('same', same, byUser, { startsOn: [userAppeared.where({ who: 'start' })] }), undefined);
    const entries: Entry[] = [];
    world.engine.journal.observe(({ entry }) => entries.push(entry));
    world.engine.post(appeared('start'));
    world.engine.install(
      scenario('again', same, () => [userAppeared.where({ who: 'go' })], { startsOn: [userAppeared.where({ who: 'start' })] }),
      undefined,
    );
    world.engine.post(appeared('start'));
    const go = Object.freeze(appeared('go'));
    world.engine.post(go);
    world.engine.post(go);
    expect(entries.map(({ type, seq }) => `${seq} ${type}`)).toEqual([
      '1 user.appeared',
      '2 user.appeared',
      '3 case.opened',
      '4 user.appeared',
      '5 case.opened',
      '6 user.appeared',
      '7 case.opened',
    ]);
    expect(new Set(entries).size).toBe(entries.length);
  });
});

describe('the journal', () => {
  it('keeps the last entries, oldest first, and nothing unless asked', () => {
    const world = engineWorld(KINDS, [], { journalEntries: 3 });
    for (let n = 1; n <= 5; n++) world.engine.post(appeared('x', n));
    expect(world.engine.journal.entries().map(({ entry }) => entry.seq)).toEqual([3, 4, 5]);
    const off = engineWorld(KINDS);
    off.engine.post(appeared('x', 1));
    expect(off.engine.journal.entries()).toEqual([]);
    expect(off.engine.journal.isOn).toBe(false);
  });

  it('tells births, listeners, what was not taken and refusals; an observer that throws is detached and reported', () => {
    const world = engineWorld(KINDS);
    const heard: unknown[] = [];
    world.engine.journal.observe(() => {
      throw new Error('nosy');
    });
    const stop = world.engine.journal.observe(({ steps, refused }) =>
      heard.push([refused, ...steps.map(({ address, isBirth, taken, status }) => `${address} ${isBirth} ${taken} ${status}`)]),
    );
    const deaf = setup({}).createMachine({ entry: emit({ type: 'thing.do', to: 'x:1' } as never) });
    world.engine.install(scenario('deaf', deaf, byUser), undefined);
    world.engine.post(opened('x'));
    world.engine.post(appeared('x'));
    stop();
    world.engine.post(appeared('x'));
    expect(heard).toEqual([
      [undefined, 'deaf:1 true true active'],
      ['nobody is there'],
      [undefined],
      [undefined, 'deaf:1 false false active'],
    ]);
    expect(world.problems.map(({ problem }) => problem)).toEqual(['an observer of the journal threw and was detached: nosy']);
  });
});
