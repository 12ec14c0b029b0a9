/** The media of a service: whose packets pass through it, and the port through which scenarios hear of them and order. */
import { codesBetween } from '../machines/vocabulary/ivr.ts';
import type { InCallCode } from '../machines/vocabulary/media.ts';
import type { Config } from './config.ts';
import type { Engine } from './engine/engine.ts';
import type { MediaPlane } from './media/media.ts';
import { MediaPort } from './ports/media/port.ts';
import type { Random } from './random.ts';
import type { TimerHeap } from './timer-heap.ts';

/** What an engine of media is made of. */
export interface MediaSurroundings {
  readonly timers: TimerHeap;
  readonly random: Random;
  /** Codes that the users of a call may press: where there are any, its media has to come here. */
  readonly codesOf: (caller: string, callee: string) => readonly InCallCode[];
}
/** Opens the engine that the service's media passes through. */
export type OpenMedia = (surroundings: MediaSurroundings) => MediaPlane;

/** What of the config has to do with keys. */
type WithKeys = Pick<Config, 'ivr' | 'inCallCodes'>;

const KEY_BYTES = 32;
const NO_PINS: ReadonlyMap<string, string> = new Map();

/** It, from the start of the service to its end. */
export class ServiceMedia {
  readonly plane: MediaPlane;
  readonly #port: MediaPort;

  constructor(engine: Engine, open: OpenMedia, parts: Omit<MediaSurroundings, 'codesOf'>, { ivr, inCallCodes }: WithKeys) {
    const { timers, random } = parts;
    this.plane = open({ ...parts, codesOf: (caller, callee) => codesBetween(inCallCodes, caller, callee) });
    const key = Buffer.from(random.hex(KEY_BYTES), 'hex');
    this.#port = new MediaPort(engine.sink('port:media'), { plane: this.plane, timers, pins: ivr?.pins ?? NO_PINS, key });
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
