import { describe, expect, it } from 'vitest';
import { assign, emit, raise, setup } from 'xstate';
import type { Scenario } from '../../machines/scenario.ts';
import type { Interest } from '../../machines/vocabulary/descriptor.ts';
import { actorEnded, commandRefused } from '../../machines/vocabulary/facts.ts';
import type { Entry, Message } from '../../src/engine/entry.ts';
import type { AnyFact } from '../../src/engine/port.ts';
import {
  appeared,
  byUser,
  type Context,
  caseDone,
  caseOpened,
  KINDS,
  notifiedMachine,
  opened,
  scenario,
  userAppeared,
  userLeft,
  waitingMachine,
} from '../support/engine-charts.ts';
import { engineWorld } from '../support/engine-world.ts';

/** All entries as they are taken. */
function watch(world: ReturnType<typeof engineWorld>): (Entry & AnyFact)[] {
  const entries: (Entry & AnyFact)[] = [];
  world.engine.journal.observe(({ entry, kind }) => {
    if (kind !== 'timer') entries.push(entry as Entry & AnyFact);
  });
  return entries;
}
const types = (entries: readonly Entry[]) => entries.map(({ type }) => type);

describe('births', () => {
  it('come in order of installation, before the delivery, and the newborn does not hear its birth fact as an event', () => {
    const world = engineWorld(KINDS);
    const curious = ({ who }: { who: string }) => [caseOpened.where({ who }), userAppeared.where({ who })];
    const machine = setup({ types: { context: {} as Context, events: {} as { type: 'case.opened' } } }).createMachine({
      context: { self: '', heard: [], current: [] },
      on: { 'case.opened': { actions: assign({ heard: ({ context }) => [...context.heard, 1] }) } },
    });
    world.engine.install(scenario('second', machine, curious), undefined);
    world.engine.install(scenario('first', machine, curious), undefined);
    const steps: string[][] = [];
    world.engine.journal.observe((taking) => steps.push(taking.steps.map(({ address, isBirth }) => `${address} ${isBirth}`)));
    world.engine.post(opened('bob'));
    world.engine.post(opened('bob'));
    expect(steps).toEqual([
      ['second:1 true', 'first:1 true'],
      ['second:2 true', 'first:2 true', 'second:1 false', 'first:1 false'],
    ]);
  });

  it('oncePer: no second one while one with that key lives; it hears by its own interest', () => {
    const world = engineWorld(KINDS);
    const once = scenario('one', waitingMachine, byUser, { oncePer: (fact: { who: string }) => fact.who } as Partial<Scenario>);
    world.engine.install(once, undefined);
    for (const who of ['bob', 'bob', 'carol']) world.engine.post(opened(who));
    expect(world.engine.actors().map(({ address }) => address)).toEqual(['one:1', 'one:2']);
    world.engine.post(appeared('bob'));
    world.engine.post(opened('bob'));
    expect(world.engine.actors().map(({ address }) => address)).toEqual(['one:2', 'one:3']);
  });

  it('at a live address is reported and leaves the one who lives there unharmed', () => {
    const world = engineWorld(KINDS);
    world.engine.install(scenario('one', waitingMachine, byUser, { address: () => 'one:x' }), undefined);
    world.engine.post(opened('bob'));
    world.engine.post(opened('carol'));
    expect(world.problems.map(({ problem }) => problem)).toEqual([
      'scenario one: case.opened cannot give birth at one:x, which lives',
    ]);
    expect(world.engine.waits()).toMatchObject([{ interest: { where: [{ test: 'bob' }] } }]);
    expect(world.closed).toEqual([]);
  });

  it('that fail are reported, and what waits for the newborn outside is closed', () => {
    const world = engineWorld(KINDS);
    const broken = (fact: { who: string; n: number }): readonly Interest[] => {
      if (fact.n === 1) throw new Error('no list');
      return fact.n === 2 ? [{ fact: 'user.left', where: [{ attribute: 'nobody', test: '' }], current: false }] : byUser(fact);
    };
    world.engine.install(
      scenario('one', waitingMachine, broken, {
        address: (fact: { who: string }) => `one:${fact.who}`,
        of: () => 'call:1',
      } as Partial<Scenario>),
      undefined,
    );
    const entries = watch(world);
    world.engine.post(opened('a', 1));
    world.engine.post(opened('b', 2));
    world.engine.post(opened('c', 3));
    expect(world.engine.actors().map(({ address }) => address)).toEqual(['one:c']);
    expect(world.problems.map(({ problem }) => problem)).toEqual([
      'scenario one: case.opened bore none: no list',
      'scenario one: case.opened bore none: user.left has no attribute "nobody"; it has who',
    ]);
    expect(world.closed).toEqual(['one:a', 'one:b']);
    expect(entries.filter(({ type }) => type === 'actor.ended')).toMatchObject([
      { address: 'one:a', of: 'call:1', how: 'failed' },
      { address: 'one:b', of: 'call:1', how: 'failed' },
    ]);
    expect(world.engine.countWaits()).toBe(1);
  });

  it('are refused and counted above a scenario’s bound', () => {
    const world = engineWorld(KINDS);
    world.engine.install(scenario('one', waitingMachine, byUser), undefined, { maxActors: 2 });
    for (const who of ['a', 'b', 'c', 'd']) world.engine.post(opened(who));
    expect([world.engine.countActors('one'), world.engine.countRefusedBirths('one'), world.problems.length]).toEqual([2, 2, 1]);
    world.engine.post(appeared('a'));
    world.engine.post(opened('e'));
    expect(world.engine.waits().map(({ address }) => address)).toEqual(['one:2', 'one:3']);
    // One line a minute, however many were refused.
    world.clock.advance(60_000);
    for (const who of ['f', 'g', 'h', 'i']) world.engine.post(opened(who));
    expect(world.problems.map(({ problem }) => problem)).toEqual([
      'scenario one has its 2 actors: case.opened bore none, 1 refused in all',
      expect.stringMatching(/bore none, \d refused in all$/),
    ]);
  });

  it('may be the end, and may lead to further births', () => {
    const world = engineWorld(KINDS);
    const brief = setup({}).createMachine({
      initial: 'over',
      states: { over: { type: 'final', entry: emit(appeared('x') as never) } },
    });
    world.engine.install(
      scenario('brief', brief, () => []),
      undefined,
    );
    world.engine.install(scenario('next', waitingMachine, byUser, { startsOn: [userAppeared.where({ who: 'x' })] }), undefined);
    const entries = watch(world);
    world.engine.post(opened('bob'));
    expect(types(entries)).toEqual(['case.opened', 'user.appeared', 'actor.ended']);
    expect(world.engine.actors().map(({ address }) => address)).toEqual(['next:1']);
  });

  it('mints addresses that nobody else has', () => {
    const world = engineWorld(KINDS);
    world.engine.install(
      scenario('one', waitingMachine, byUser, { address: (fact: { who: string }) => fact.who } as Partial<Scenario>),
      undefined,
    );
    world.engine.post(opened('call:1'));
    expect([world.engine.mint('call'), world.engine.mint('call'), world.engine.mint('leg')]).toEqual([
      'call:2',
      'call:3',
      'leg:1',
    ]);
  });
});

describe('commands', () => {
  const commanding = (to: string) =>
    setup({ types: { context: {} as Context, events: {} as { type: string; why: string } } }).createMachine({
      context: { self: '', heard: [], current: [] },
      entry: emit({ type: 'thing.do', to } as Message as never),
      initial: 'a',
      states: { a: { on: { 'command.refused': 'told', 'thing.do': 'done' } }, told: {}, done: {} },
    });
  const run = (to: string, listensTo: () => readonly Interest[] = () => []) => {
    const world = engineWorld(KINDS);
    const entries = watch(world);
    world.engine.connect({ address: 'port:no', take: () => 'not today', close: () => {} });
    world.engine.connect({
      address: 'port:broken',
      take: () => {
        throw new Error('broken');
      },
      close: () => {
        throw new Error('broken too');
      },
    });
    world.engine.install(scenario('boss', commanding(to), listensTo), undefined);
    const hearings: string[] = [];
    world.engine.journal.observe(({ entry, steps }) => {
      if (entry.type === 'command.refused') hearings.push(...steps.map(({ address }) => address));
    });
    world.engine.post(opened('bob'));
    return {
      hearings,
      ...world,
      entries,
      state: world.engine.actor('boss:1')?.value,
      refusal: entries.find(({ type }) => type === 'command.refused'),
    };
  };

  it('reach a port and an actor that takes them', () => {
    expect(run('port:out').commands).toMatchObject([{ type: 'thing.do', by: 'boss:1', seq: 2, cause: 1 }]);
    expect(run('boss:1')).toMatchObject({ state: 'done', refusal: undefined });
  });

  it('come back to their author, without an interest, when nobody takes them', () => {
    const why = (to: string) => {
      const { refusal, state } = run(to);
      expect(state).toBe('told');
      expect(refusal).toMatchObject({ author: 'boss:1', command: 'thing.do', addressee: to, cause: 2, by: to });
      return refusal?.why;
    };
    expect(why('call:404')).toBe('nobody is there');
    expect(why('port:no')).toBe('not today');
    expect(why('port:broken')).toBe('the port failed');
    expect(run('port:broken').problems.map(({ problem }) => problem)).toEqual(['port:broken threw at thing.do: broken']);
  });

  it('are heard once by an author that also listens, and told to other listeners', () => {
    const { entries, state, hearings } = run('call:404', () => [commandRefused.where({ command: 'thing.do' })]);
    expect(state).toBe('told');
    expect(hearings).toEqual(['boss:1']);
    expect(types(entries)).toEqual(['case.opened', 'thing.do', 'command.refused']);
  });

  it('that an actor does not take in its state are refused, and change nothing', () => {
    const world = engineWorld(KINDS);
    const entries = watch(world);
    const deaf = setup({}).createMachine({ initial: 'a', states: { a: { on: { 'thing.undo': {} } } } });
    const bossy = setup({}).createMachine({
      entry: [
        raise({ type: 'late' }, { delay: 10 }),
        emit({ type: 'thing.do', to: 'deaf:1' } as never),
        emit({ type: 'thing.undo', to: 'deaf:1' } as never),
        emit({ type: 'xstate.stop', to: 'deaf:1' } as never),
      ],
    });
    world.engine.install(
      scenario('deaf', deaf, () => []),
      undefined,
    );
    world.engine.install(
      scenario('boss', bossy, () => [], { startsOn: [userLeft.where({})] }),
      undefined,
    );
    world.engine.post(opened('x'));
    world.engine.post(userLeft({ who: 'x' }));
    // `xstate.stop` is no command: nothing of that step is posted, and its author fails.
    expect(world.problems[0]?.problem).toBe('boss:1 failed: it emitted what cannot be posted: there is no command "xstate.stop"');
    expect(types(entries)).toEqual(['case.opened', 'user.left', 'actor.ended']);
    expect(world.timers.size).toBe(0);
    world.engine.install(
      scenario(
        'polite',
        setup({}).createMachine({
          entry: [emit({ type: 'thing.do', to: 'deaf:1' } as never), emit({ type: 'thing.undo', to: 'deaf:1' } as never)],
        }),
        () => [],
        { startsOn: [caseDone.where({})] },
      ),
      undefined,
    );
    world.engine.post(caseDone({ self: '', heard: 0 }));
    // An empty transition is a taken one: the chart has written the event down.
    expect(entries.filter(({ type }) => type === 'command.refused')).toMatchObject([
      { command: 'thing.do', addressee: 'deaf:1', why: 'it is not taken in the present state' },
    ]);
  });
});

describe('ends', () => {
  it('are told once; ports close in order of connection, after the commands of the last step', () => {
    const world = engineWorld(KINDS);
    const order: string[] = [];
    for (const name of ['port:b', 'port:a'])
      world.engine.connect({
        address: name,
        take: ({ type }) => void order.push(`${name} ${type}`),
        close: (owner) => order.push(`${name} close ${owner}`),
      });
    const parting = setup({}).createMachine({
      initial: 'a',
      states: {
        a: { on: { 'user.left': 'over' } },
        over: { type: 'final', entry: emit({ type: 'leg.bye', to: 'port:a' } as never) },
      },
    });
    world.engine.install(
      scenario('leg', parting, () => [userLeft.where({})], { of: () => 'call:9' }),
      undefined,
    );
    const entries = watch(world);
    world.engine.post(opened('x'));
    world.engine.post(userLeft({ who: 'x' }));
    expect(order).toEqual(['port:a leg.bye', 'port:b close leg:1', 'port:a close leg:1']);
    expect(entries.at(-1)).toMatchObject({
      type: 'actor.ended',
      address: 'leg:1',
      of: 'call:9',
      how: 'done',
      by: 'leg:1',
      cause: 2,
    });
  });

  it('an actor that ends during the delivery of a fact hears no more, and the wait ends with it', () => {
    const world = engineWorld(KINDS);
    world.engine.install(
      scenario('wait', waitingMachine, ({ who }) => [userAppeared.where({ who }), userAppeared.where({ n: 1 })]),
      undefined,
    );
    world.engine.post(opened('bob'));
    world.engine.post(appeared('bob', 1));
    expect(world.commands).toHaveLength(1);
    expect(world.engine.countWaits()).toBe(0);
  });

  it('an address that is born again before its end was told is closed for each of its lives, after its commands', () => {
    const world = engineWorld(KINDS);
    const order: string[] = [];
    world.engine.connect({
      address: 'port:log',
      take: ({ type }) => {
        order.push(type);
        if (type === 'thing.go')
          for (const fact of [userLeft({ who: 'x' }), opened('x'), userLeft({ who: 'x' })]) world.engine.post(fact);
        return undefined;
      },
      close: (owner) => order.push(`close ${owner}`),
    });
    const once = setup({}).createMachine({
      entry: emit({ type: 'thing.open', to: 'port:log' } as never),
      initial: 'a',
      states: { a: { on: { 'user.left': 'over' } }, over: { type: 'final' } },
    });
    const go = setup({}).createMachine({ entry: emit({ type: 'thing.go', to: 'port:log' } as never) });
    world.engine.install(
      scenario('one', once, () => [userLeft.where({})], { address: () => 'one:x' }),
      undefined,
    );
    world.engine.install(
      scenario('go', go, () => [], { startsOn: [caseDone.where({})] }),
      undefined,
    );
    world.engine.post(opened('x'));
    world.engine.post(caseDone({ self: '', heard: 0 }));
    expect(order).toEqual(['thing.open', 'thing.go', 'close one:x', 'thing.open', 'close one:x']);
    world.engine.post(opened('x'));
    world.engine.post(actorEnded({ address: 'one:x', of: '', how: 'done' }));
    expect(order.slice(5)).toEqual(['thing.open']);
    expect(world.engine.countActors('one')).toBe(1);
  });

  it('a failing actor fails alone: nothing of its step is posted, its timers go, and the failure is told', () => {
    const world = engineWorld(KINDS);
    const fragile = setup({
      actions: {
        bang: () => {
          throw new Error('bang');
        },
      },
    }).createMachine({
      entry: raise({ type: 'late' }, { delay: 10 }),
      on: { 'user.appeared': { actions: [emit({ type: 'thing.do', to: 'port:out' } as never), 'bang'] } },
    });
    world.engine.install(scenario('fragile', fragile, byUser), undefined);
    world.engine.install(scenario('sound', notifiedMachine, byUser), undefined);
    const entries = watch(world);
    world.engine.post(opened('bob'));
    world.engine.post(appeared('bob', 7));
    expect(world.commands).toMatchObject([{ self: 'sound:1', n: 7 }]);
    expect(types(entries)).toEqual(['case.opened', 'user.appeared', 'actor.ended', 'thing.do']);
    expect(entries[2]).toMatchObject({ address: 'fragile:1', how: 'failed', cause: 2 });
    expect(world.problems).toMatchObject([{ problem: 'fragile:1 failed: bang', address: 'fragile:1' }]);
    expect(world.engine.actors().map(({ address }) => address)).toEqual(['sound:1']);
    expect(world.timers.size).toBe(1);
  });

  it('a chart that runs in circles fails instead of standing the service still', () => {
    const world = engineWorld(KINDS);
    const circling = setup({}).createMachine({ initial: 'a', states: { a: { always: 'b' }, b: { always: 'a' } } });
    world.engine.install(scenario('circle', circling, byUser), undefined);
    world.engine.post(opened('bob'));
    expect(world.problems[0]?.problem).toMatch(/^circle:1 failed: Infinite loop/);
    expect(world.closed).toEqual(['circle:1']);
  });

  it('are heard by filter, like any fact', () => {
    const world = engineWorld(KINDS);
    const heir = setup({}).createMachine({ initial: 'a', states: { a: { on: { 'actor.ended': 'b' } }, b: {} } });
    world.engine.install(scenario('wait', waitingMachine, byUser), undefined);
    world.engine.install(
      scenario('heir', heir, () => [actorEnded.where({ address: 'wait:1', how: 'done' })]),
      undefined,
    );
    world.engine.post(opened('bob'));
    world.engine.post(appeared('bob'));
    expect(world.engine.actor('heir:1')?.value).toBe('b');
  });
});
