import type { ActAt, History } from '../../src/testing/attack/history.ts';

/** Leaves out acts, first many at a time, for as long as what is left still fails and `goOn` holds. */
export function smaller(history: History, fails: (history: History) => boolean, goOn: () => boolean): History {
  let acts: readonly ActAt[] = history.acts;
  for (let size = Math.ceil(acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < acts.length && goOn(); ) {
      const fewer = [...acts.slice(0, from), ...acts.slice(from + size)];
      if (fails({ ...history, acts: fewer })) acts = fewer;
      else from += size;
    }
  }
  return { ...history, acts };
}
