import { describe, expect, it } from 'vitest';
import { assign, fromPromise, setup, spawnChild } from 'xstate';
import type { Scenario } from '../../machines/scenario.ts';
import { defineFact, glob, type Interest, integer, not, range, text } from '../../machines/vocabulary/descriptor.ts';
import type { Entry } from '../../src/engine/entry.ts';
import type { AnyFact } from '../../src/engine/port.ts';
import {
  appeared,
  byUser,
  type Context,
  caseDone,
  DEADLINE_MS,
  KINDS,
  notifiedMachine,
  opened,
  scenario,
  userAppeared,
  userLeft,
  waitingMachine,
} from '../support/engine-charts.ts';
import { engineWorld } from '../support/engine-world.ts';

const heardBy = (world: ReturnType<typeof engineWorld>, address: string) =>
  (world.engine.actor(address)?.context as Context | undefined)?.heard;
/** All entries as they are taken. */
function watch(world: ReturnType<typeof engineWorld>): (Entry & AnyFact)[] {
  const entries: (Entry & AnyFact)[] = [];
  world.engine.journal.observe(({ entry, kind }) => {
    if (kind !== 'timer') entries.push(entry as Entry & AnyFact);
  });
  return entries;
}

describe('both modes of event-based routing', () => {
  it('wait: a state goes on at the first match, and the wait is gone at once', () => {
    const world = engineWorld(KINDS);
    world.engine.install(scenario('wait', waitingMachine, byUser), undefined);
    const entries = watch(world);
    world.engine.post(opened('bob'));
    world.engine.post(appeared('alice', 1));
    expect(world.engine.countWaits()).toBe(1);
    world.clock.advance(DEADLINE_MS - 1);
    world.engine.post(appeared('bob', 2));
    world.engine.post(appeared('bob', 3));
    expect(world.commands).toMatchObject([{ type: 'thing.do', self: 'wait:1', n: 2 }]);
    expect(entries).toContainEqual(expect.objectContaining({ type: 'case.done', self: 'wait:1', heard: 1 }));
    expect(world.engine.countWaits()).toBe(0);
    expect(world.timers.size).toBe(0);
  });

  it('wait: a state goes on at its deadline, by the one clock, if nothing matched', () => {
    const world = engineWorld(KINDS);
    world.engine.install(scenario('wait', waitingMachine, byUser), undefined);
    const entries = watch(world);
    world.engine.post(opened('bob'));
    world.clock.advance(DEADLINE_MS - 1);
    expect(world.engine.countActors()).toBe(1);
    world.clock.advance(1);
    expect(entries.at(-2)).toMatchObject({ type: 'case.done', heard: 0, at: DEADLINE_MS, by: 'wait:1' });
    world.engine.post(appeared('bob', 4));
    expect(world.commands).toEqual([]);
    expect(world.engine.countActors()).toBe(0);
  });

  it('notify: every match is heard until the deadline', () => {
    const world = engineWorld(KINDS);
    world.engine.install(scenario('notify', notifiedMachine, byUser), undefined);
    world.engine.post(opened('bob'));
    for (const n of [1, 2, 3]) world.engine.post(appeared('bob', n));
    expect(heardBy(world, 'notify:1')).toEqual([1, 2, 3]);
    world.clock.advance(DEADLINE_MS);
    world.engine.post(appeared('bob', 4));
    expect(world.commands).toHaveLength(3);
  });

  it('custom facts are raised from outside and by machines, with any attributes', () => {
    const digits = defineFact('pin.entered', { digits: text(), tries: integer() });
    const world = engineWorld([...KINDS, digits]);
    const hears = (who: string): Interest[] => [digits.where({ digits: who, tries: range({ max: 3 }) }), caseDone.where({})];
    const machine = setup({ types: { context: {} as Context } }).createMachine({
      context: { self: '', heard: [], current: [] },
      on: { 'pin.entered': { actions: assign({ heard: [1] }) }, 'case.done': { actions: assign({ heard: [2] }) } },
    });
    world.engine.install(scenario('wait', waitingMachine, byUser), undefined);
    world.engine.install(
      scenario('pin', machine, ({ who }) => hears(who)),
      undefined,
    );
    world.engine.post(opened('1234'));
    world.engine.post(digits({ digits: '1234', tries: 4 }));
    expect(heardBy(world, 'pin:1')).toEqual([]);
    world.engine.post(digits({ digits: '1234', tries: 3 }));
    expect(heardBy(world, 'pin:1')).toEqual([1]);
    world.engine.post(appeared('1234'));
    expect(heardBy(world, 'pin:1')).toEqual([2]);
  });
});

describe('what event-based routing gets wrong', () => {
  const install = (listensTo: () => readonly Interest[], startsOn?: Interest) => () =>
    engineWorld(KINDS).engine.install(
      scenario('typo', waitingMachine, listensTo, startsOn === undefined ? {} : { startsOn: [startsOn] }),
      undefined,
    );
  const interest = (fact: string, attribute: string, test: unknown): Interest => ({
    fact,
    where: [{ attribute, test: test as string }],
    current: false,
  });

  it('an unknown fact or attribute is refused at load, by name', () => {
    expect(install(() => [interest('user.apeared', 'who', 'x')])).toThrow(
      'scenario typo: listensTo: there is no fact "user.apeared"',
    );
    expect(install(() => [interest('user.appeared', 'whom', 'x')])).toThrow(
      'scenario typo: listensTo: user.appeared has no attribute "whom"; it has who, device, n, fresh, more',
    );
    expect(install(() => [], interest('case.opened', 'whoo', 'x'))).toThrow(
      'scenario typo: startsOn: case.opened has no attribute "whoo"',
    );
    expect(install(() => [userAppeared.where({ whoo: 'bob' } as never)])).toThrow(/^scenario typo: listensTo: .*"whoo"/);
    expect(install(() => [interest('user.appeared', '__proto__', 'x')])).toThrow('has no attribute "__proto__"');
  });

  it('a test that no value of the attribute can meet is refused at load', () => {
    expect(install(() => [interest('user.appeared', 'n', '5')])).toThrow(
      'the filter on "n" is held against 5, which is no integer',
    );
    expect(install(() => [interest('user.appeared', 'who', range({ min: 1 }))])).toThrow('"who" is a range');
    expect(install(() => [interest('user.appeared', 'n', not(glob`*`))])).toThrow('"n" is a glob that fits no text');
    expect(install(() => [interest('user.appeared', 'more', 'x')])).toThrow('it is a detail');
    expect(install(() => [interest('user.appeared', 'who', null)])).toThrow('which is no text');
  });

  it('an interest in what is current needs a view that answers and an exact condition', () => {
    expect(install(() => [userAppeared.where({ who: 'x' }, { current: true })])).toThrow('no view answers what is current of it');
    expect(install(() => [userAppeared.where({}, { current: true })])).toThrow('needs an exact condition');
  });

  it('a machine that invokes or spawns is refused at load, and one that spawns unseen fails alone', () => {
    const child = fromPromise(async () => 1);
    const invoking = setup({ actors: { child } }).createMachine({ initial: 'a', states: { a: { invoke: { src: 'child' } } } });
    const spawning = setup({ actors: { child } }).createMachine({
      initial: 'a',
      states: { a: { on: { x: { actions: spawnChild('child') } } } },
    });
    const hidden = setup({ actors: { child } }).createMachine({ context: ({ spawn }) => ({ child: spawn('child') }) });
    const world = engineWorld(KINDS);
    const installing = (machine: Scenario['machine']) => () => world.engine.install(scenario('bad', machine, byUser), undefined);
    expect(installing(invoking)).toThrow('its state "(machine).a" invokes an actor');
    expect(installing(spawning)).toThrow('its state "(machine).a" uses spawnChild');
    installing(hidden)();
    world.engine.post(opened('bob'));
    expect(world.problems[0]?.problem).toContain('bad:1 failed: a machine run by the engine spawns');
  });

  it('data from the wire is never a pattern: a call to sip:*@domain hears nobody else', () => {
    const world = engineWorld(KINDS);
    world.engine.install(scenario('notify', notifiedMachine, byUser), undefined);
    for (const who of ['sip:*@example.com', '*', 'sip:b?b@example.com', '[a-z]*']) world.engine.post(opened(who));
    world.engine.post(appeared('sip:bob@example.com', 1));
    world.engine.post(appeared('sip:*@example.com', 2));
    expect(world.engine.actors().map(({ context }) => (context as Context).heard)).toEqual([[2], [], [], []]);
  });

  it('an object cannot be smuggled in where a filter will read a text', () => {
    const world = engineWorld(KINDS);
    world.engine.install(scenario('notify', notifiedMachine, byUser), undefined);
    expect(() => world.engine.post({ type: 'case.opened', who: { op: 'glob', pattern: '*' }, n: 0 } as never)).toThrow(
      'case.opened: the attribute "who" is no text',
    );
    expect(() => world.engine.post({ type: 'case.openned', who: 'x', n: 0 } as never)).toThrow('there is no fact "case.openned"');
    expect(() => world.engine.post({ ...opened('x'), to: 'port:out' } as never)).toThrow('a fact is addressed to nobody');
    expect(world.engine.countActors()).toBe(0);
  });

  it('4,000 who wait for one user are all woken, oldest first', () => {
    const world = engineWorld(KINDS);
    world.engine.install(scenario('wait', waitingMachine, byUser), undefined);
    for (let i = 0; i < 4_000; i++) world.engine.post(opened('bob'));
    world.engine.post(appeared('bob', 1));
    expect(world.commands.map((command) => (command as unknown as { self: string }).self)).toEqual(
      Array.from({ length: 4_000 }, (_, i) => `wait:${i + 1}`),
    );
    expect(world.engine.countWaits()).toBe(0);
    expect(world.closed).toHaveLength(4_000);
  });

  it('a fact costs what its listeners cost, however many others wait', () => {
    const cost = (others: number): number => {
      const world = engineWorld(KINDS);
      world.engine.install(
        scenario('notify', notifiedMachine, ({ who, n }) => [
          userAppeared.where({ who, device: `d${n % 7}` }),
          userLeft.where({ who }),
        ]),
        undefined,
      );
      for (let i = 0; i < others; i++) world.engine.post(opened(`user${i}`, i));
      for (let i = 0; i < 3; i++) world.engine.post(opened('bob', 2));
      const before = world.engine.evaluations;
      world.engine.post(appeared('bob', 1, 'd2'));
      expect(heardBy(world, `notify:${others + 3}`)).toEqual([1]);
      return world.engine.evaluations - before;
    };
    expect(cost(10_000)).toBe(cost(10));
    expect(cost(10_000)).toBe(3);
  });

  it('an empty text or a flag files nobody where there is something better', () => {
    const world = engineWorld(KINDS);
    const of = Array.from({ length: 100 }, (_, i) => `user${i}`);
    world.engine.install(
      scenario('notify', notifiedMachine, () => [userAppeared.where({ who: { op: 'anyOf', of }, device: '' })]),
      undefined,
    );
    for (let i = 0; i < 50; i++) world.engine.post(opened('bob'));
    const before = world.engine.evaluations;
    world.engine.post(appeared('zoe', 1, ''));
    expect(world.engine.evaluations - before).toBe(0);
    world.engine.post(appeared('user7', 1, ''));
    expect(world.engine.evaluations - before).toBe(50);
    expect(heardBy(world, 'notify:50')).toEqual([1]);
  });

  it('waits are listed, counted and explained', () => {
    const world = engineWorld(KINDS);
    world.engine.install(
      scenario('wait', waitingMachine, ({ who, n }) => [
        userAppeared.where({ who, n: range({ min: n }) }),
        userLeft.where({ who: { op: 'anyOf', of: [who, 'all'] } }),
      ]),
      undefined,
    );
    world.engine.post(opened('bob', 5));
    world.clock.advance(100);
    world.engine.post(opened('carol', 1));
    expect(world.engine.countWaits()).toBe(4);
    expect(world.engine.waits({ fact: 'user.left' })).toEqual([
      { address: 'wait:1', scenario: 'wait', since: 0, interest: userLeft.where({ who: { op: 'anyOf', of: ['bob', 'all'] } }) },
      {
        address: 'wait:2',
        scenario: 'wait',
        since: 100,
        interest: userLeft.where({ who: { op: 'anyOf', of: ['carol', 'all'] } }),
      },
    ]);
    expect(world.engine.waits({ address: 'wait:2' }).map(({ interest }) => interest.fact)).toEqual([
      'user.appeared',
      'user.left',
    ]);
    expect(world.engine.waits({ scenario: 'other' })).toEqual([]);
    expect(world.engine.waits({ address: 'wait:9' })).toEqual([]);
    expect(world.engine.waits({ limit: 3 })).toHaveLength(3);

    const told = world.engine.explain(appeared('bob', 4));
    expect(told).toMatchObject({ problem: undefined, births: [], hears: [], isCut: false });
    expect(told.misses).toMatchObject([
      { address: 'wait:1', failed: { attribute: 'n', test: { min: 5 } }, value: 4 },
      { address: 'wait:2', failed: { attribute: 'who', test: 'carol' }, value: 'bob' },
    ]);
    expect(world.engine.explain(appeared('bob', 5)).hears).toMatchObject([{ address: 'wait:1', since: 0 }]);
    expect(world.engine.explain(opened('x')).births).toEqual(['wait']);
    expect(world.engine.explain({ type: 'no.fact' } as never).problem).toBe('there is no fact "no.fact"');
  });
});
