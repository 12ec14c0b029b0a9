/** Which arrows of a chart an actor took, told from its stays in states. */
import type { ChartView, StateNodeView, Visit } from '../../insight/model.ts';
import { edgesOf, isDot, leading, statesOf } from './graph.ts';

/** One stay, with the arrows that led there. */
export interface Stay {
  /** Counted from 1. */
  readonly number: number;
  readonly visit: Visit;
  /** Keys of arrows in order; none where no way is found. */
  readonly arrows: readonly string[];
}

/** What a chart shows of an actor at one moment. */
export interface Lit {
  /** Paths of states that it is in, ancestors too. */
  readonly now: ReadonlySet<string>;
  /** States that it was in before, those among them that it left at once. */
  readonly before: ReadonlySet<string>;
  /** Arrows that it took, with the numbers of the stays that they led to. */
  readonly taken: ReadonlyMap<string, readonly number[]>;
}

export const NOTHING_LIT: Lit = { now: new Set(), before: new Set(), taken: new Map() };

/** Leaves of a configuration: one, or several of parallel states. */
const leavesOf = (state: string): readonly string[] => state.split(' ').filter((path) => path !== '');

/** A path and all that it lies in, the root's empty path last. */
export function ancestry(path: string): readonly string[] {
  const found: string[] = [];
  for (let rest = path; rest !== ''; rest = rest.slice(0, Math.max(rest.lastIndexOf('.'), 0))) found.push(rest);
  return [...found, ''];
}

/** Finds the ways between stays in one chart. */
export class Ways {
  readonly #states: ReadonlyMap<string, StateNodeView>;
  readonly #known: ReadonlySet<string>;
  readonly #starts: ReadonlyMap<string, string>;

  constructor(chart: ChartView) {
    const edges = edgesOf(chart);
    this.#states = new Map(statesOf(chart.root).map((state) => [state.path, state]));
    this.#known = new Set(edges.map(({ key }) => key));
    this.#starts = new Map(edges.filter(({ source }) => isDot(source)).map(({ target, key }) => [target, key]));
  }

  /** Every stay with the arrows that led to it. */
  staysOf(path: readonly Visit[]): readonly Stay[] {
    return path.map((visit, n) => {
      const from = path[n - 1];
      const arrows = from === undefined ? this.#birth(visit.state) : this.#between(from.state, visit);
      return { number: n + 1, visit, arrows };
    });
  }

  /** Through the initial states, and on by what is always taken. */
  #birth(state: string): readonly string[] {
    const first = this.#entered('');
    return this.#search([{ leaves: first.leaves, arrows: first.arrows }], state) ?? [];
  }

  #between(from: string, { state, event }: Visit): readonly string[] {
    const leaves = leavesOf(from);
    const begun = leaves.flatMap((leaf) =>
      ancestry(leaf).flatMap((path) =>
        this.#leading(path)
          .filter(([transition]) => leads(event, transition.event))
          .map(([, target]) => this.#step(path, target)),
      ),
    );
    // Or it stayed where it was, and what it noted led on by itself.
    return this.#search([...begun, ...leaves.map((leaf) => ({ leaves: [leaf], arrows: [] }))], state) ?? [];
  }

  /** Shortest first; the chart is small, and what was reached already is not looked at again. */
  #search(begun: readonly Walk[], state: string): readonly string[] | undefined {
    const goal = leavesOf(state);
    const seen = new Set<string>();
    let walks = begun;
    while (walks.length > 0) {
      const found = walks.find(({ leaves }) => leaves.every((leaf) => goal.includes(leaf)));
      if (found !== undefined) return found.arrows.filter((key) => this.#known.has(key));
      walks = walks.flatMap((walk) => {
        const [leaf = ''] = walk.leaves;
        if (seen.has(leaf)) return [];
        seen.add(leaf);
        return this.#onwards(walk, leaf);
      });
    }
    return undefined;
  }

  #onwards({ arrows }: Walk, leaf: string): Walk[] {
    return ancestry(leaf).flatMap((path) =>
      this.#leading(path)
        .filter(([{ event }]) => event === 'always')
        .map(([, target]) => {
          const next = this.#step(path, target);
          return { leaves: next.leaves, arrows: [...arrows, ...next.arrows] };
        }),
    );
  }

  #leading(path: string): ReturnType<typeof leading> {
    const state = this.#states.get(path);
    return state === undefined ? [] : leading(state);
  }

  #step(source: string, target: string): Walk {
    const { leaves, arrows } = this.#entered(target);
    return { leaves, arrows: [`${source}→${target}`, ...arrows] };
  }

  /** Where one comes to by entering a state. */
  #entered(path: string): Walk {
    const state = this.#states.get(path);
    if (state === undefined || state.children.length === 0) return { leaves: [path], arrows: [] };
    if (state.type === 'parallel') {
      const regions = state.children.map((child) => this.#entered(child.path));
      return { leaves: regions.flatMap(({ leaves }) => leaves), arrows: regions.flatMap(({ arrows }) => arrows) };
    }
    const arrow = this.#starts.get(state.initial);
    const inner = this.#entered(state.initial);
    return { leaves: inner.leaves, arrows: [...(arrow === undefined ? [] : [arrow]), ...inner.arrows] };
  }
}

interface Walk {
  readonly leaves: readonly string[];
  readonly arrows: readonly string[];
}

/** Whether what an actor took is what stands at an arrow; delayed events have names of XState's own. */
function leads(event: string, of: string): boolean {
  if (event.startsWith('xstate.after')) return of.startsWith('after');
  if (event.startsWith('xstate.done')) return of.startsWith('done') || of.startsWith('xstate.done');
  return of === event || of === '*';
}

/** What is lit after so many stays. */
export function litAfter(stays: readonly Stay[], count: number): Lit {
  const shown = stays.slice(0, count);
  const last = shown.at(-1);
  if (last === undefined) return NOTHING_LIT;
  const now = new Set(leavesOf(last.visit.state).flatMap(ancestry));
  const before = new Set(shown.flatMap(({ visit }) => leavesOf(visit.state).flatMap(ancestry)));
  const taken = new Map<string, number[]>();
  for (const { number, arrows } of shown) {
    for (const key of arrows) {
      taken.set(key, [...(taken.get(key) ?? []), number]);
      // It was there too, if only until the next arrow.
      for (const path of ancestry(key.slice(key.indexOf('→') + 1))) before.add(path);
    }
  }
  return { now, before, taken };
}
