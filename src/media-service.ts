/** The media of a service: whose packets pass through it, and the port through which scenarios hear of them and order. */
import type { Engine } from './engine/engine.ts';
import type { MediaPlane } from './media/media.ts';
import { MediaPort } from './ports/media/port.ts';
import type { Random } from './random.ts';
import type { TimerHeap } from './timer-heap.ts';

/** What an engine of media is made of. */
export interface MediaSurroundings {
  readonly timers: TimerHeap;
  readonly random: Random;
}
/** Opens the engine that the service's media passes through. */
export type OpenMedia = (surroundings: MediaSurroundings) => MediaPlane;

const KEY_BYTES = 32;
const NO_PINS: ReadonlyMap<string, string> = new Map();

/** It, from the start of the service to its end. */
export class ServiceMedia {
  readonly plane: MediaPlane;
  readonly #port: MediaPort;

  constructor(engine: Engine, open: OpenMedia, surroundings: MediaSurroundings) {
    const { timers, random } = surroundings;
    this.plane = open(surroundings);
    const key = Buffer.from(random.hex(KEY_BYTES), 'hex');
    this.#port = new MediaPort(engine.sink('port:media'), { plane: this.plane, timers, pins: NO_PINS, key });
    engine.connect(this.#port);
  }

  /** Sessions that are open, and parties whose media comes here: none when all is quiet. */
  get size(): number {
    return this.plane.size + this.#port.size;
  }

  close(): void {
    this.plane.close();
  }
}
