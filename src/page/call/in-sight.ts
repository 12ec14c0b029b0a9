/** Keeps what belongs to the moment in sight. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Scrolls there when `what` changes; not at first, when the page begins at its top. */
export function useInSight(place: RefObject<HTMLElement>, what: number): void {
  const before = useRef(what);
  useEffect(() => {
    if (before.current !== what) place.current?.scrollIntoView({ block: 'nearest' });
    before.current = what;
  }, [place, what]);
}
