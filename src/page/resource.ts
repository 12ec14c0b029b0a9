/** Something of the API that a part of the page shows and keeps up to date. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get, isLocked } from './api.ts';
import { every } from './clock.ts';
import { listen } from './live.ts';

export interface Resource<T> {
  /** The last that was heard of it; of another path, nothing. */
  readonly value: T | undefined;
  /** Why the last request did not get it. */
  readonly problem: ApiError | undefined;
  refresh(): void;
}

interface Heard<T> {
  readonly path: string;
  readonly value: T | undefined;
  readonly problem: ApiError | undefined;
}

/** A page in the background asks for nothing. */
const isSeen = (): boolean => document.visibilityState === 'visible';

/**
 * Gets `/api/v1/<path>` at once and then every `everyMs` (0: only when told to), one request at a time, while the page is seen.
 * While a new path loads, `keep` shows the value of the old one: tables that are searched do not flicker.
 */
export function useResource<T>(path: string, everyMs: number, { keep = false } = {}): Resource<T> {
  const [heard, setHeard] = useState<Heard<T>>({ path, value: undefined, problem: undefined });
  const wanted = useRef(path);
  const isAsking = useRef('');
  wanted.current = path;

  const refresh = useCallback(() => {
    if (isAsking.current === path) return;
    isAsking.current = path;
    void attempt<T>(path).then((answer) => {
      if (isAsking.current === path) isAsking.current = '';
      if (wanted.current !== path) return;
      setHeard((last) => ({
        path,
        value: answer instanceof ApiError ? (last.path === path ? last.value : undefined) : answer.value,
        problem: answer instanceof ApiError ? answer : undefined,
      }));
    });
  }, [path]);

  useEffect(() => {
    refresh();
    const seen = (): void => void (isSeen() && refresh());
    document.addEventListener('visibilitychange', seen);
    const stopFollowing = isLocked.follow((locked) => void (locked || refresh()));
    const stop = everyMs > 0 ? every(everyMs, seen) : undefined;
    return () => {
      document.removeEventListener('visibilitychange', seen);
      stopFollowing();
      stop?.();
    };
  }, [refresh, everyMs]);

  const isCurrent = heard.path === path;
  return { value: isCurrent || keep ? heard.value : undefined, problem: isCurrent ? heard.problem : undefined, refresh };
}

async function attempt<T>(path: string): Promise<{ readonly value: T } | ApiError> {
  try {
    return { value: await get<T>(path) };
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** Asks anew when the stream at `livePath` tells `changed`, at most five times a second; empty: never. */
export function useLive(livePath: string, refresh: () => void): void {
  useEffect(() => {
    if (livePath === '') return;
    let isDue = false;
    const stopDue = every(200, () => {
      if (!isDue) return;
      isDue = false;
      refresh();
    });
    const due = (): void => {
      isDue = true;
    };
    const stop = listen(livePath, { events: ['changed'], hear: due, opened: due });
    return () => {
      stopDue();
      stop();
    };
  }, [livePath, refresh]);
}
