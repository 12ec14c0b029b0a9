/** The moment of a call that is looked at: the last one, unless its viewer went back. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { CallView } from '../../insight/model.ts';
import { every } from '../clock.ts';
import { type Moment, momentOf, momentsOf } from './moments.ts';

export interface Playback {
  readonly moments: readonly Moment[];
  /** Place of the moment in `moments`. */
  readonly place: number;
  readonly moment: Moment;
  /** The last moment is shown, and those that follow it will be. */
  readonly isLatest: boolean;
  readonly isPlaying: boolean;
  go(place: number): void;
  goTo(moment: Moment): void;
  play(isPlaying: boolean): void;
}

/** How long each moment is shown. */
const STEP_MS = 420;
const BEFORE: Moment = { n: 0, at: 0 };

export function usePlayback(call: CallView): Playback {
  const moments = useMemo(() => momentsOf(call), [call]);
  /** Entry that was chosen; 0: the latest. */
  const [chosen, choose] = useState(0);
  const [isPlaying, play] = useState(false);
  const last = Math.max(moments.length - 1, 0);
  const place = chosen === 0 ? last : momentOf(moments, { n: chosen, at: 0 });

  const go = useCallback(
    (to: number) => {
      const bounded = Math.max(0, Math.min(to, last));
      choose(bounded === last ? 0 : (moments[bounded]?.n ?? 0));
    },
    [moments, last],
  );
  useEffect(() => {
    if (!isPlaying) return;
    return every(STEP_MS, () => {
      if (place + 1 >= last) play(false);
      go(place + 1);
    });
  }, [isPlaying, place, last, go]);

  return {
    ...{ moments, place, isPlaying, go },
    moment: moments[place] ?? BEFORE,
    isLatest: chosen === 0,
    goTo: (moment) => go(momentOf(moments, moment)),
    play: (wished) => {
      if (wished && place === last) go(0);
      play(wished);
    },
  };
}

const isTaken = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input, textarea, select, [role="tab"]');

/** Arrow keys go from moment to moment wherever nothing else takes them. */
export function useMomentKeys({ go, place, moments }: Playback): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return;
      const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: moments.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(to);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [go, place, moments]);
}
