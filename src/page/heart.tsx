/** The numbers of the service, asked for once a second for all parts of the page that show them. */
import { useEffect } from 'preact/hooks';
import type { Now } from '../insight/model.ts';
import { learnServerTime } from './clock.ts';
import { useResource } from './resource.ts';
import { createStore, useStore } from './store.ts';

const EVERY_MS = 1_000;
const known = createStore<Now | undefined>(undefined);

/** The last that was heard; undefined until the first answer. */
export const useNow = (): Now | undefined => useStore(known);

/** Asks, and draws nothing: only who uses the numbers is drawn again. */
export function Heart(): null {
  const { value } = useResource<Now>('now', EVERY_MS);
  useEffect(() => {
    if (value === undefined) return;
    learnServerTime(value.at);
    known.set(value);
  }, [value]);
  return null;
}
