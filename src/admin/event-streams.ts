/** Server-sent events (WHATWG HTML §9.2): bounded in number and in what waits for a slow reader. */
import type { Timer, TimerQueue } from '../timers.ts';

const MAX_STREAMS = 64;
const MAX_WAITING_BYTES = 256 * 1024;
/** Shorter than what proxies take for a dead connection. */
const BEAT_MS = 15_000;
/** Beats in a row at which a reader may have taken nothing. */
const MAX_STALLED = 4;
const encoder = new TextEncoder();
type Controller = ReadableStreamDefaultController<Uint8Array>;

/** Tells one event; `data` becomes JSON. */
export type Tell = (event: string, data: unknown) => void;

export interface StreamParts {
  /** Begins to tell; the answer ends that. */
  readonly begin: (tell: Tell) => () => void;
  /** Looked at now and then: whether who reads still may. */
  readonly mayRead: () => boolean;
}

/** All streams of the door. */
export class EventStreams {
  readonly #timers: TimerQueue;
  readonly #open = new Set<EventStream>();

  constructor(timers: TimerQueue) {
    this.#timers = timers;
  }

  get isFull(): boolean {
    return this.#open.size >= MAX_STREAMS;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The body of an answer. */
  open(parts: StreamParts): ReadableStream<Uint8Array> {
    const stream = new EventStream(parts, this.#timers, () => void this.#open.delete(stream));
    this.#open.add(stream);
    return new ReadableStream(stream, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }));
  }
}

/** One of them. What a slow reader misses is counted, and told as `lost` when there is room again. */
class EventStream {
  readonly #parts: StreamParts;
  readonly #timers: TimerQueue;
  readonly #over: () => void;
  #stop = (): void => undefined;
  #timer: Timer | undefined;
  #lost = 0;
  #stalled = 0;

  constructor(parts: StreamParts, timers: TimerQueue, over: () => void) {
    this.#parts = parts;
    this.#timers = timers;
    this.#over = over;
  }

  start(controller: Controller): void {
    // So that headers and a first byte leave at once.
    write(controller, 'retry: 2000\n\n');
    this.#stop = this.#parts.begin((event, data) => {
      if ((controller.desiredSize ?? 0) > 0) write(controller, eventText(event, data));
      else this.#lost += 1;
    });
    this.#beatLater(controller);
  }

  pull(controller: Controller): void {
    if (this.#lost === 0) return;
    write(controller, eventText('lost', { facts: this.#lost }));
    this.#lost = 0;
  }

  cancel(): void {
    this.#timers.clear(this.#timer);
    this.#stop();
    this.#over();
  }

  #beatLater(controller: Controller): void {
    this.#timer = this.#timers.set(BEAT_MS, () => {
      const isStalled = (controller.desiredSize ?? 0) <= 0;
      this.#stalled = isStalled ? this.#stalled + 1 : 0;
      if (this.#stalled >= MAX_STALLED || !this.#parts.mayRead()) {
        this.cancel();
        controller.error(new Error('the stream is over'));
        return;
      }
      if (!isStalled) write(controller, ': still here\n\n');
      this.#beatLater(controller);
    });
  }
}

const write = (controller: Controller, text: string): void => controller.enqueue(encoder.encode(text));
const eventText = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
