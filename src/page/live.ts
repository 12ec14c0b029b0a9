/** Server-sent events of the API, with reconnects. */
import { after } from './clock.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** What a stream tells. */
export interface Stream {
  /** Names of the events to hear. */
  readonly events: readonly string[];
  hear(event: string, data: string): void;
  /** It is open, for the first time or again: what was missed is to be asked for. */
  opened?(): void;
}

/**
 * Listens to `/api/v1/<path>` until it is stopped. A browser reconnects by itself only after some of the failures, so each
 * failure closes the stream, and it is opened anew after a pause that doubles.
 */
export function listen(path: string, stream: Stream): () => void {
  let isStopped = false;
  let pauseMs = FIRST_PAUSE_MS;
  let source: EventSource | undefined;
  let stopWaiting = (): void => undefined;

  const open = (): void => {
    const current = new EventSource(`/api/v1/${path}`);
    source = current;
    current.onopen = () => {
      pauseMs = FIRST_PAUSE_MS;
      stream.opened?.();
    };
    current.onerror = () => {
      current.close();
      if (isStopped) return;
      stopWaiting = after(pauseMs, open);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    };
    for (const event of stream.events) {
      current.addEventListener(event, (message) => stream.hear(event, String((message as MessageEvent).data)));
    }
  };

  open();
  return () => {
    isStopped = true;
    stopWaiting();
    source?.close();
  };
}
