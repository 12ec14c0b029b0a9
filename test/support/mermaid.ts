/** What of mermaid's stateDiagram-v2 the service writes, read strictly: a reader of our own, since mermaid itself wants a browser. */

/** An arrow as it is drawn. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly labels: readonly string[];
}

export interface Drawing {
  /** Label of each state, by its id. */
  readonly states: ReadonlyMap<string, string>;
  /** Lines in each state's box, by its id. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
  readonly arrows: readonly Arrow[];
}

const ID = '[A-Za-z][A-Za-z0-9_]*';
const LABEL = String.raw`(?:[^#;:"<>{}%\x60\\&\n]|#\d+;)+`;
const LINES: Readonly<Record<string, RegExp>> = {
  state: new RegExp(`^state "(${LABEL})" as (${ID})( \\{)?$`),
  arrow: new RegExp(`^(\\[\\*\\]|${ID}) --> (\\[\\*\\]|${ID})(?: : (${LABEL}(?:<br/>${LABEL})*))?$`),
  said: new RegExp(`^(${ID}) : (${LABEL})$`),
  end: /^\}$/,
  region: /^--$/,
  classDef: /^classDef [a-z]+ [a-z0-9: -]+$/,
  class: new RegExp(`^class (${ID}(?:,${ID})*) [a-z]+$`),
};
/** Keywords of mermaid's lexer, which are no ids. */
const KEYWORDS = /^(?:state|note|end|as|class|classdef|style|click|href|direction|hide|scale|default|root|fork|join|choice)$/i;

const decoded = (label: string): string => label.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));

/** Reads a diagram; throws with the line that mermaid would not take. */
export function readMermaid(text: string): Drawing {
  const [first, ...rest] = text.trimEnd().split('\n');
  if (first !== 'stateDiagram-v2') throw new Error(`it begins with ${first}`);
  const reader = new Reader();
  for (const line of rest) reader.read(line);
  return reader.drawing();
}

const labelsOf = (label: string | undefined): readonly string[] => (label === undefined ? [] : label.split('<br/>').map(decoded));

class Reader {
  readonly #states = new Map<string, string>();
  readonly #lines = new Map<string, string[]>();
  readonly #arrows: Arrow[] = [];
  #depth = 0;

  read(whole: string): void {
    const line = whole.trim();
    const [kind, pattern] = Object.entries(LINES).find(([, one]) => one.test(line)) ?? [];
    if (kind === undefined || pattern === undefined) throw new Error(`mermaid does not take: ${line}`);
    const indent = '  '.repeat(this.#depth + (kind === 'end' ? 0 : 1));
    if (whole !== indent + line) throw new Error(`its indent is wrong: ${whole}`);
    this.#take(kind, [...(pattern.exec(line) ?? [])]);
  }

  drawing(): Drawing {
    if (this.#depth !== 0) throw new Error('it opens more than it closes');
    for (const { to } of this.#arrows) this.#known(to);
    return { states: this.#states, lines: this.#lines, arrows: this.#arrows };
  }

  #take(kind: string, [line = '', one = '', two = '', three]: readonly (string | undefined)[]): void {
    if (kind === 'state') this.#open(two, decoded(one), three !== undefined);
    if (kind === 'said') this.#lines.set(this.#known(one), [...(this.#lines.get(one) ?? []), decoded(two)]);
    // What begins comes before what it begins with.
    if (kind === 'arrow')
      this.#arrows.push({ from: this.#known(one), to: one === '[*]' ? two : this.#known(two), labels: labelsOf(three) });
    if (kind === 'class') for (const id of one.split(',')) this.#known(id);
    if (kind === 'region' && this.#depth === 0) throw new Error('regions are within a state');
    if (kind === 'end' && --this.#depth < 0) throw new Error(`it closes more than it opens: ${line}`);
  }

  #open(id: string, label: string, hasInside: boolean): void {
    if (this.#states.has(id) || KEYWORDS.test(id)) throw new Error(`no id for a new state: ${id}`);
    if (label.trim() === '') throw new Error(`no label: ${id}`);
    this.#states.set(id, label);
    if (hasInside) this.#depth++;
  }

  #known(id: string): string {
    if (id !== '[*]' && !this.#states.has(id)) throw new Error(`${id} is not known yet`);
    return id;
  }
}
