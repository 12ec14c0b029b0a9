/** A media plane that rewrites addresses and moves no packet; it answers at once, or a while later as an engine of its own would. */
import type { BridgeOrder, MediaBridge, MediaPlane, Side, Told, Undescribed } from '../../src/media/media.ts';
import type { TimerQueue } from '../../src/timers.ts';

export const ENGINE_HOST = '203.0.113.9';

export interface RewritingOptions {
  /** How long it takes to answer; 0: it answers before it returns; infinity: it never does. */
  readonly delayMs?: number;
  /** Why that is not described; undefined: it is. */
  readonly refuses?: (order: BridgeOrder, from: Side, what: 'offer' | 'answer') => Undescribed | undefined;
  /** Leaves descriptions as they are. */
  readonly passes?: boolean;
}

/** One of its bridges, with what it was told. */
export class RewritingBridge implements MediaBridge {
  readonly order: BridgeOrder;
  readonly told: string[] = [];
  isOpen = true;
  isConnected = false;
  readonly #plane: RewritingPlane;
  readonly #ports: Readonly<Record<Side, number>>;

  constructor(plane: RewritingPlane, order: BridgeOrder, port: number) {
    this.#plane = plane;
    this.order = order;
    this.#ports = { caller: port, fork: port + 2 };
  }

  /** The port that a party is told to send to. */
  portTowards(side: Side): number {
    return this.#ports[side];
  }

  describe(from: Side, sdp: string, what: 'offer' | 'answer', told: Told): void {
    this.told.push(`${from} ${what}`);
    const refused = this.#plane.options.refuses?.(this.order, from, what);
    const said =
      this.#plane.options.passes === true ? sdp : rewritten(sdp, this.portTowards(from === 'caller' ? 'fork' : 'caller'));
    this.#plane.later(() => told(refused ?? said));
  }

  offer(told: Told): void {
    this.#plane.later(() => told({ status: 488, reason: 'Nobody Is Attended Here' }));
  }

  connect(): void {
    this.isConnected = true;
  }

  close(): void {
    this.isOpen = false;
  }
}

/** Its address in the place of the sender's. */
const rewritten = (sdp: string, port: number): string =>
  sdp.replace(/^c=IN IP[46] \S+/gm, `c=IN IP4 ${ENGINE_HOST}`).replace(/^(m=\S+) [1-9]\d*/gm, `$1 ${port}`);

export class RewritingPlane implements MediaPlane {
  readonly bridges: RewritingBridge[] = [];
  readonly keys: string[] = [];
  /** What becomes of a key in an INFO. */
  pressing: 'notHere' | 'passesOn' | 'withheld' = 'passesOn';
  readonly options: RewritingOptions;
  readonly #timers: TimerQueue;
  readonly codesOf = (): readonly never[] => [];

  constructor(timers: TimerQueue, options: RewritingOptions = {}) {
    this.#timers = timers;
    this.options = options;
  }

  later(act: () => void): void {
    const { delayMs = 0 } = this.options;
    if (delayMs === 0) act();
    else if (Number.isFinite(delayMs)) this.#timers.set(delayMs, act);
  }

  get open(): readonly RewritingBridge[] {
    return this.bridges.filter(({ isOpen }) => isOpen);
  }

  get size(): number {
    return this.open.length;
  }

  bridge(order: BridgeOrder): MediaBridge {
    const bridge = new RewritingBridge(this, order, 30_000 + 4 * this.bridges.length);
    this.bridges.push(bridge);
    return bridge;
  }

  attend(): never {
    throw new Error('this plane attends nobody');
  }

  pressed(leg: string, digit: string, durationMs: number): 'notHere' | 'passesOn' | 'withheld' {
    this.keys.push(`${leg} ${digit} ${durationMs}`);
    return this.pressing;
  }

  leg(): undefined {
    return undefined;
  }

  hear(): void {
    // It hears no packet.
  }

  close(): void {
    for (const bridge of this.open) bridge.close();
  }
}
