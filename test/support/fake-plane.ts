/** A media plane whose parties say only what a test lets them say; what is ordered of them is written down. */
import type { MediaEvents, MediaLeg, MediaPlane, Playing } from '../../src/media/media.ts';

export class FakeLeg implements MediaLeg {
  readonly call: string;
  readonly leg: string;
  readonly user: string;
  /** What was ordered, in order. */
  readonly orders: string[] = [];
  playing: Playing | undefined;
  recorded: ((durationMs: number, why: string) => void) | undefined;
  /** Why recordings are refused. */
  refuses: string | undefined;

  constructor(leg: string, call: string, user: string) {
    this.leg = leg;
    this.call = call;
    this.user = user;
  }

  play(playing: Playing): void {
    this.playing = playing;
    this.orders.push(`play ${playing.prompts.join(' ')}${playing.repeats ? ' again and again' : ''}`);
  }
  stop(how: string): void {
    this.orders.push(`stop ${how}`);
  }
  hold(prompts: readonly string[]): void {
    this.orders.push(`hold ${prompts.join(' ')}`);
  }
  resume(): void {
    this.orders.push('resume');
  }
  withhold(isOn: boolean): void {
    this.orders.push(isOn ? 'withhold' : 'let pass');
  }
  press(digits: string): void {
    this.orders.push(`press ${digits}`);
  }
  record(file: string, ended: (durationMs: number, why: string) => void): string | undefined {
    if (this.refuses !== undefined) return this.refuses;
    this.recorded = ended;
    this.orders.push(`record ${file}`);
    return undefined;
  }
  stopRecording(): void {
    this.orders.push('stop recording');
    this.recorded?.(1_000, '');
  }
}

export class FakePlane implements MediaPlane {
  readonly #legs = new Map<string, FakeLeg>();
  #events: MediaEvents | undefined;
  readonly codesOf = (): readonly never[] => [];
  bridge = (): undefined => undefined;
  attend = (): never => {
    throw new Error('this plane attends nobody');
  };
  pressed = (): 'notHere' => 'notHere';
  leg = (leg: string): FakeLeg | undefined => this.#legs.get(leg);
  close = (): void => undefined;

  get size(): number {
    return this.#legs.size;
  }

  hear(events: MediaEvents): void {
    this.#events = events;
  }

  get events(): MediaEvents {
    if (this.#events === undefined) throw new Error('nobody hears this plane');
    return this.#events;
  }

  open(leg = 'leg:1/0', call = 'call:1', user = 'sip:alice@example.com'): FakeLeg {
    const opened = new FakeLeg(leg, call, user);
    this.#legs.set(leg, opened);
    this.events.opened(opened);
    return opened;
  }

  /** Keys, one after the other. */
  press(leg: FakeLeg, keys: string): void {
    for (const key of keys) this.events.digit(leg, key, 100, 'rtp');
  }

  over(leg: FakeLeg): void {
    if (this.#legs.get(leg.leg) === leg) this.#legs.delete(leg.leg);
    this.events.closed(leg, { packets: 100, lost: 2, jitterMs: 1.4 });
  }
}
