import { describe, expect, it } from 'vitest';
import { and, not, or, setup } from 'xstate';
import type { Scenario } from '../../machines/scenario.ts';
import { callOffered } from '../../machines/vocabulary/facts.ts';
import { chartOf } from '../../src/charts/definition.ts';
import { lengthInWords } from '../../src/charts/words.ts';
import type { StateNodeView, TransitionView } from '../../src/insight/model.ts';
import { ALL_SCENARIOS } from '../support/all-scenarios.ts';

const statesOf = (state: StateNodeView): StateNodeView[] => [state, ...state.children.flatMap(statesOf)];

/** A state as it was written, which XState has not read. */
interface Written {
  readonly states?: Readonly<Record<string, Written>>;
  readonly on?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  readonly always?: unknown;
  readonly entry?: unknown;
  readonly exit?: unknown;
  readonly initial?: string;
}
const listOf = (value: unknown): readonly unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const nameOf = (value: unknown): unknown => (typeof value === 'object' && value !== null && 'type' in value ? value.type : value);
const field = (written: unknown, name: string): unknown =>
  typeof written === 'object' && written !== null ? (written as Readonly<Record<string, unknown>>)[name] : undefined;

/** Each transition as it was written: from, event, guard, actions; where it goes is tried by the ends below. */
function writtenIn(state: Written, path: string): string[] {
  const lines = (event: string, all: unknown) =>
    listOf(all).map((one) => {
      const actions = listOf(field(one, 'actions')).map(nameOf);
      return `${path}: ${event} [${String(nameOf(field(one, 'guard')) ?? '')}] ${actions.join(',')}`;
    });
  return [
    ...Object.entries(state.on ?? {}).flatMap(([event, all]) => lines(event, all)),
    ...Object.entries(state.after ?? {}).flatMap(([delay, all]) => lines(`after ${delay}`, all)),
    ...lines('always', state.always),
    ...Object.entries(state.states ?? {}).flatMap(([name, child]) => writtenIn(child, path === '' ? name : `${path}.${name}`)),
  ];
}
const shownIn = (state: StateNodeView): string[] => [
  ...state.transitions.map(({ event, guard, actions }) => `${state.path}: ${plain(event)} [${guard}] ${actions.join(',')}`),
  ...state.children.flatMap(shownIn),
];
/** `after 0 s` was written `0`; a name's length was not written there. */
const plain = (event: string): string => event.replace(/ \(.*\)$/, '').replace(/^after 0 s$/, 'after 0');

describe.each(ALL_SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('the chart of %s', (_, scenario) => {
  const { root, description, startsOn } = chartOf(scenario, true);
  const states = statesOf(root);

  it('has every transition that was written, and no other', () => {
    const written = writtenIn(scenario.machine.config as Written, '');
    expect(written.length).toBeGreaterThan(0);
    expect(shownIn(root).sort()).toEqual(written.sort());
  });

  it('has entry and exit actions as they were written', () => {
    const find = (path: string): Written =>
      path.split('.').reduce<Written>((at, name) => at.states?.[name] ?? at, scenario.machine.config as Written);
    for (const { path, entry, exit } of states) {
      expect(entry, path).toEqual(listOf(find(path).entry).map(nameOf));
      expect(exit, path).toEqual(listOf(find(path).exit).map(nameOf));
    }
  });

  it('leads to states that it has', () => {
    const paths = new Set(states.map(({ path }) => path));
    expect(paths.size).toBe(states.length);
    for (const { path, initial, type, transitions } of states) {
      for (const { target } of transitions) for (const each of target.split(' ')) expect(paths, path).toContain(each);
      expect(type === 'compound' ? paths.has(initial) && initial !== path : initial === '', path).toBe(true);
    }
  });

  it('says what it is and on what it starts, in plain JSON', () => {
    const view = chartOf(scenario, true);
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
    expect(description).not.toBe('');
    expect(startsOn.length).toBeGreaterThan(0);
    expect(JSON.stringify(view)).not.toMatch(/xstate|inline/);
  });
});

/** What a user may write, and none of ours has. */
const odd: Scenario = {
  name: 'odd',
  startsOn: [callOffered.where({}), callOffered.where({ wakeable: true })],
  listensTo: () => [],
  machine: setup({
    types: { events: {} as { type: 'a.b' } | { type: 'c.d' } },
    delays: { fixed: 90_000, free: () => 5 },
    guards: { one: () => true, two: () => true },
    actions: { act: () => undefined },
  }).createMachine({
    id: 'oddOne',
    type: 'parallel',
    states: {
      left: {
        initial: 'off',
        onDone: { actions: 'act' },
        states: {
          off: {
            on: {
              'a.b': { guard: and(['one', not('two')]), target: 'on' },
              'c.d': { guard: or([and(['one', 'two']), 'one']), target: ['#oddOne.left.on', '#oddOne.right.in'] },
              '*': { guard: () => false, actions: () => undefined, description: 'whatever comes' },
            },
            after: { 1500: 'on', 120000: 'on', fixed: 'over', free: 'over' },
          },
          on: { on: { 'a.b': 'before' }, after: { fixed: { target: 'on', reenter: true } } },
          before: { type: 'history', target: 'off' },
          over: { type: 'final' },
        },
      },
      right: { initial: 'in', entry: ['act', function counted() {}], states: { in: {} } },
    },
  }),
};

describe('a chart of somebody else', () => {
  const states = statesOf(chartOf(odd, false).root);
  const from = (path: string): readonly TransitionView[] => states.find((state) => state.path === path)?.transitions ?? [];
  const lines = (path: string) => from(path).map(({ event, guard, target }) => `${event} [${guard}] ${target}`);

  it('tells delays, combined guards, several targets and what has no name', () => {
    expect(lines('left.off')).toEqual([
      'a.b [one and (not two)] left.on',
      'c.d [(one and two) or one] left.on right.in',
      '* [inline] left.off',
      'after 1500 ms [] left.on',
      'after 2 min [] left.on',
      'after fixed (90 s) [] left.over',
      'after free [] left.over',
    ]);
    expect(from('left.off')[2]).toMatchObject({ actions: ['inline'], description: 'whatever comes' });
    expect(lines('left')).toEqual(['done [] left']);
    expect(lines('left.on')).toEqual(['a.b [] left.before', 'after fixed (90 s) [] left.on']);
    expect(states.find(({ path }) => path === 'right')?.entry).toEqual(['act', 'counted']);
    expect(states.map(({ type }) => type)).toEqual([
      ...['parallel', 'compound', 'atomic', 'atomic', 'history', 'final'],
      ...['compound', 'atomic'],
    ]);
  });

  it('is told apart from ours, and starts on each fact once', () => {
    expect(chartOf(odd, false)).toMatchObject({ scenario: 'odd', isOwn: false, startsOn: ['call.offered'], description: '' });
    expect(chartOf(odd, true).isOwn).toBe(true);
  });

  it('says lengths in the largest unit without a fraction', () => {
    expect([0, 1, 999, 1_000, 1_500, 32_000, 90_000, 60_000, 7_200_000].map(lengthInWords)).toEqual([
      ...['0 s', '1 ms', '999 ms', '1 s', '1500 ms', '32 s', '90 s', '1 min', '2 h'],
    ]);
  });
});
