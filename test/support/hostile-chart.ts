import type { ChartView, StateNodeView, TransitionView } from '../../src/insight/model.ts';

/** Names that mean something else to mermaid, to HTML or to Markdown. */
export const HOSTILE_NAMES = [
  ...['end', 'state', 'note', 'class', 'classDef', 'style', 'fork', 'choice', 'as', 'default', 'direction', 'any', 'root'],
  ...['a b', 'a-b', 'a_b', 'a:b', '1st', 'über', '电话', '[*]', '--', '-->', ':::x', '{', '}', '<<fork>>'],
  ...[
    '<script>alert(1)</script>',
    '"quoted"',
    "'single'",
    '%% comment',
    '%%{init: {}}%%',
    '#35;',
    '&lt;',
    ';',
    '`tick`',
    '```',
    '\\n',
    '\n',
    '',
  ],
];

const state = (path: string, of: Partial<StateNodeView> = {}): StateNodeView => ({
  ...{ path, name: path.slice(path.lastIndexOf('.') + 1), type: 'atomic', initial: '', description: '', entry: [], exit: [] },
  ...{ transitions: [], children: [] },
  ...of,
});
const leads = (event: string, target: string, of: Partial<TransitionView> = {}): TransitionView => ({
  ...{ event, target, guard: '', actions: [], description: '' },
  ...of,
});

/** A chart of such names, with regions, history and states in states. */
export function hostileChart(): ChartView {
  // Dots part paths; a state's name may have none.
  const paths = HOSTILE_NAMES.map((name) => `left.${name.replaceAll('.', '')}`);
  const left = paths.map((path, n) => {
    const name = HOSTILE_NAMES[n] ?? '';
    const next = paths[(n + 1) % paths.length] ?? '';
    const transitions = [leads(name, next, { guard: name }), leads('c.d', path, { actions: [name] })];
    return state(path, { name, description: `${name} is ${name}`, entry: [name], exit: [name], transitions });
  });
  const within = [state('right.in'), state('right.h', { type: 'history' }), state('right.f', { type: 'final' })];
  const root = state('', {
    name: 'odd',
    type: 'parallel',
    transitions: [leads('q.r', 'left.end right.in'), leads('z.z', '')],
    children: [
      state('left', {
        type: 'compound',
        initial: 'left.end',
        children: left,
        transitions: [leads('done', 'left', { actions: ['x'] })],
      }),
      state('right', { type: 'compound', initial: 'right.in', children: within, transitions: [leads('x.y', 'right.h')] }),
    ],
  });
  return { scenario: 'odd', description: '', isOwn: false, startsOn: [], root };
}
