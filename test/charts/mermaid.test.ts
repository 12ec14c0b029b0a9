import { describe, expect, it } from 'vitest';
import { chartOf } from '../../src/charts/definition.ts';
import { mermaidOf } from '../../src/charts/mermaid.ts';
import { plainText, wrapped } from '../../src/charts/mermaid-text.ts';
import type { StateNodeView } from '../../src/insight/model.ts';
import { ALL_SCENARIOS } from '../support/all-scenarios.ts';
import { HOSTILE_NAMES, hostileChart } from '../support/hostile-chart.ts';
import { readMermaid } from '../support/mermaid.ts';

const statesOf = (state: StateNodeView): StateNodeView[] => [state, ...state.children.flatMap(statesOf)];
const idOf = (path: string): string => path.replaceAll('.', '_');

describe.each(ALL_SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('the diagram of %s', (_, scenario) => {
  const chart = chartOf(scenario, true);
  const { states, lines, arrows } = readMermaid(mermaidOf(chart));
  const [root, ...others] = statesOf(chart.root);

  it('shows every state by its name', () => {
    for (const { path, name } of others) expect(states.get(idOf(path))).toBe(name);
  });

  it('shows every transition that leads somewhere, and no other, by an arrow that crosses no border', () => {
    const wanted = [root, ...others].flatMap((state) =>
      (state?.transitions ?? [])
        .filter(({ target }) => target !== state?.path)
        .map(({ event, guard, target }) => {
          const [begin, end] = [state?.path.split('.').filter(Boolean) ?? [], target.split('.')];
          let shared = 0;
          while (shared < begin.length && begin[shared] === end[shared]) shared++;
          const from = shared === begin.length ? [...begin, 'any'] : begin.slice(0, shared + 1);
          const label = `${guard === '' ? event : `${event} [${guard}]`}`;
          const [prefix, suffix] = [begin.slice(shared + 1).join('.'), end.slice(shared + 1).join('.')];
          const whole = `${prefix && `${prefix}: `}${label}${suffix && ` → ${suffix}`}`;
          return `${from.join('_')} --> ${end.slice(0, shared + 1).join('_')} : ${whole}`;
        }),
    );
    const shown = arrows.filter(({ from, to }) => from !== '[*]' && to !== '[*]');
    expect(shown.flatMap(({ from, to, labels }) => labels.map((label) => `${from} --> ${to} : ${label}`)).sort()).toEqual(
      wanted.sort(),
    );
    const around = (id: string): string => id.slice(0, Math.max(id.lastIndexOf('_'), 0));
    expect(shown.filter(({ from, to }) => around(from) !== around(to))).toEqual([]);
  });

  it.each(others.map((state) => [state.path, state] as const))('says in the box of %s what it is and does', (path, state) => {
    const { children, entry, exit, transitions, description } = state;
    const said = lines.get(children.length > 0 ? `${idOf(path)}_any` : idOf(path)) ?? [];
    if (children.length === 0) expect(said.join(' ')).toContain(description);
    for (const name of [...entry, ...exit]) expect(said.join('\n')).toContain(name);
    for (const { event, actions } of transitions.filter(({ target }) => target === path))
      if (actions.length > 0) expect(said.some((line) => line.startsWith(event) && line.endsWith(actions.join(', ')))).toBe(true);
  });

  it('shows where it begins and where it ends', () => {
    const ends = others.filter(({ type }) => type === 'final').map(({ path }) => idOf(path));
    expect(arrows.filter(({ to }) => to === '[*]').map(({ from }) => from)).toEqual(ends);
    const begins = [root, ...others].flatMap((state) => (state?.initial ? [idOf(state.initial)] : []));
    expect(arrows.filter(({ from }) => from === '[*]').map(({ to }) => to)).toEqual(begins);
  });
});

describe('a diagram of names that mean something else to mermaid', () => {
  const text = mermaidOf(hostileChart());

  it('is one still, and shows each of them as it is', () => {
    const { states, arrows } = readMermaid(text);
    const shown = [...states.values()];
    for (const name of HOSTILE_NAMES) expect(shown).toContain(name.trim() === '' ? '…' : name);
    expect(new Set(states.keys()).size).toBe(shown.length);
    expect(arrows).toContainEqual({ from: 'any', to: 'left', labels: ['q.r → end'] });
    expect(arrows).toContainEqual({ from: 'any', to: 'right', labels: ['q.r → in'] });
  });

  it('leaves neither markup nor a fence in it', () => {
    expect(text.replaceAll('<br/>', '')).not.toMatch(/<|`|%%/);
  });

  it('says in words what leads back to a state that it is in', () => {
    const chart = hostileChart();
    const back = { event: 'a.b', guard: 'again', actions: [], description: '' };
    const inner = {
      path: 'p.q',
      name: 'q',
      type: 'atomic',
      initial: '',
      description: '',
      entry: [],
      exit: [],
      children: [],
    } as const;
    const transitions = [
      { ...back, target: 'p' },
      { ...back, target: '' },
    ];
    const outer = {
      ...inner,
      path: 'p',
      name: 'p',
      type: 'compound',
      initial: 'p.q',
      transitions: [],
      children: [{ ...inner, transitions }],
    } as const;
    const root = { ...chart.root, type: 'compound', initial: 'p', transitions: [], children: [outer] } as const;
    const { lines, arrows } = readMermaid(mermaidOf({ ...chart, root }));
    expect(lines.get('p_q')).toEqual(['a.b [again] → p', 'a.b [again] → the beginning']);
    expect(arrows.map(({ from, to }) => `${from} ${to}`)).toEqual(['[*] p', '[*] p_q']);
  });

  it('counts what is too much for a box or an arrow', () => {
    const chart = hostileChart();
    const many = Array.from({ length: 100 }, (_, n) => ({
      event: `e.${n}`,
      target: '',
      guard: '',
      actions: ['a'],
      description: '',
    }));
    const { lines } = readMermaid(mermaidOf({ ...chart, root: { ...chart.root, transitions: many } }));
    expect(lines.get('any')).toHaveLength(61);
    expect(lines.get('any')?.at(-1)).toBe('and 40 more');
  });
});

describe('text in a diagram', () => {
  it('breaks between words', () => {
    expect(wrapped('one two  three\nfour', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrapped('', 9)).toEqual([]);
  });

  it('has no character that ends a label', () => {
    expect(plainText('a "b" <c>;#d:\ne')).toBe('a #34;b#34; #60;c#62;#59;#35;d#58; e');
  });
});

describe('the reader of diagrams', () => {
  it.each([
    ['flowchart TD'],
    ['stateDiagram-v2\n  a --> b : x'],
    ['stateDiagram-v2\n  state "a" as end'],
    ['stateDiagram-v2\n  state "a" as a\n  state "b" as a'],
    ['stateDiagram-v2\n  state "a" as a {'],
    ['stateDiagram-v2\n  state "a" as a\n  a : one;two'],
    ['stateDiagram-v2\n  state "a" as a\n  --'],
    ['stateDiagram-v2\n  state "a" as a\n  class b x'],
    ['stateDiagram-v2\n  [*] --> a'],
  ])('does not take %j', (text) => {
    expect(() => readMermaid(text)).toThrow();
  });
});
