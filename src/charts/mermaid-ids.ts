import type { StateNodeView, TransitionView } from '../insight/model.ts';

/** Words that mean something else to mermaid where a state's id may stand. */
const RESERVED: ReadonlySet<string> = new Set([
  ...[
    'state',
    'note',
    'end',
    'as',
    'class',
    'classdef',
    'style',
    'click',
    'href',
    'direction',
    'hide',
    'scale',
    'default',
    'root',
  ],
  ...['fork', 'join', 'choice', 'history', 'acctitle', 'accdescr', 'everywhere'],
]);

/** Gives each state of a chart an id that mermaid reads as one, `ringing_trying`, and no two the same. */
export class MermaidIds {
  readonly #ids = new Map<string, string>();
  readonly #given = new Set<string>();

  constructor(root: StateNodeView) {
    this.#add(root);
  }

  /** Of the state at a path. */
  of(path: string): string {
    return this.#ids.get(path) ?? this.#give(path, path);
  }

  /** Paths that a transition leads to: one, which may have spaces in it, or several with a space between. */
  targetsOf({ target }: TransitionView): readonly string[] {
    return this.#ids.has(target) ? [target] : target.split(' ').filter((path) => this.#ids.has(path));
  }

  /** Of the box of what a state with children does wherever it is. */
  boxOf(path: string): string {
    const key = `${path} everywhere`;
    return this.#ids.get(key) ?? this.#give(key, path === '' ? 'any' : `${path}.any`);
  }

  #add(state: StateNodeView): void {
    this.of(state.path);
    for (const child of state.children) this.#add(child);
  }

  #give(key: string, wanted: string): string {
    const plain = wanted.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    const base = plain === '' || /^\d/.test(plain) || RESERVED.has(plain.toLowerCase()) ? `s_${plain}` : plain;
    let id = base;
    for (let n = 2; this.#given.has(id); n++) id = `${base}_${n}`;
    this.#given.add(id);
    this.#ids.set(key, id);
    return id;
  }
}
