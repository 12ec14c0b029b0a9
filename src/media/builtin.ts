/** The media engine that is built in: sockets of ours, and all that passes through them. */
import type { InCallCode } from '../../machines/vocabulary/media.ts';
import type { MediaConfig } from '../config.ts';
import type { Timer } from '../timers.ts';
import { Attendance } from './attendance.ts';
import { Bridge } from './bridge.ts';
import { Lent } from './lent.ts';
import type { Attended, BridgeOrder, MediaBridge, MediaEvents, MediaParty } from './media.ts';
import type { BuiltInMedia, MediaParts } from './parts.ts';
import { type LegParts, PartyLeg } from './party-leg.ts';
import { PartySide, type SideParts } from './party-side.ts';
import { Recorder } from './recorder.ts';
import { Sounds } from './sounds.ts';
import { Ticker } from './ticker.ts';

/** How often all streams together are looked at. */
const SWEEP_MS = 500;

class Plane implements BuiltInMedia {
  readonly codesOf: (caller: string, callee: string) => readonly InCallCode[];
  readonly #config: MediaConfig;
  readonly #parts: MediaParts;
  readonly #sounds: Sounds;
  readonly #sides: SideParts;
  readonly #legParts: LegParts;
  /** By leg. */
  readonly #legs = new Map<string, PartyLeg>();
  readonly #sessions = new Set<{ close(): void }>();
  #events: MediaEvents | undefined;
  #sweep: Timer | undefined;

  constructor(config: MediaConfig, parts: MediaParts) {
    const { sockets, timers, random, files, codesOf } = parts;
    this.codesOf = codesOf;
    this.#config = config;
    this.#parts = parts;
    this.#sounds = new Sounds(config.prompts, files);
    this.#sides = { sockets, timers, named: (local) => this.#named(local) };
    this.#legParts = {
      timers,
      ticker: new Ticker(timers),
      sounds: this.#sounds,
      hex: (bytes) => random.hex(bytes),
      events: () => this.#events,
      stalledAfterMs: config.stalledAfterMs,
      record: (name, ended) => Recorder.open({ folder: config.recordings, files, name, nowMs: timers.now() }, ended),
      gone: (leg) => this.#forget(leg),
    };
  }

  hear(events: MediaEvents): void {
    this.#events = events;
  }

  checkPrompt(name: string): string | undefined {
    const sound = this.#sounds.of(name);
    return typeof sound === 'string' ? sound : undefined;
  }

  bridge(order: BridgeOrder): MediaBridge | undefined {
    const { attended } = order;
    const attendance = attended instanceof Attendance || attended instanceof Lent ? attended : undefined;
    if (attendance === undefined && this.#config.anchor === 'never') return undefined;
    // Where nobody waits for keys, it is not worth what it costs.
    const hearsTones = this.#config.inband && this.codesOf(order.caller.user, order.fork.user).length > 0;
    const bridge: Bridge = new Bridge(order, attendance, {
      ...this.#sides,
      hex: this.#legParts.hex,
      legOf: (call, party) => this.#legOf(call, party, hearsTones),
      unanchored: (leg, why) => this.#events?.unanchored(order.call, leg, why),
      closed: () => this.#sessions.delete(bridge),
    });
    this.#sessions.add(bridge);
    return bridge;
  }

  attend(call: string, party: MediaParty): Attended {
    const side = new PartySide(party, this.#sides);
    const gone = (): void => void this.#sessions.delete(attendance);
    const attendance: Attendance = new Attendance(side, this.#legOf(call, party, this.#config.inband), this.#legParts.hex, gone);
    this.#sessions.add(attendance);
    return attendance;
  }

  pressed(leg: string, digit: string, durationMs: number): 'notHere' | 'passesOn' | 'withheld' {
    return this.#legs.get(leg)?.pressed(digit, durationMs) ?? 'notHere';
  }

  leg(leg: string): PartyLeg | undefined {
    return this.#legs.get(leg);
  }

  get size(): number {
    return this.#sessions.size + this.#legs.size;
  }

  close(): void {
    for (const session of [...this.#sessions]) session.close();
    this.#parts.sockets.close();
  }

  #named(local: string): string {
    const isV6 = local.includes(':');
    const fits = this.#config.advertise.find(
      (one) => one.host.includes(':') === isV6 && (one.local === undefined || one.local === local),
    );
    return fits?.host ?? local;
  }

  #legOf(call: string, party: MediaParty, hearsTones: boolean): PartyLeg {
    let leg = this.#legs.get(party.leg);
    if (leg === undefined) {
      leg = new PartyLeg(call, party, hearsTones, this.#legParts);
      this.#legs.set(party.leg, leg);
      this.#sweep ??= this.#parts.timers.set(SWEEP_MS, () => this.#swept());
    }
    return leg;
  }

  #forget(leg: PartyLeg): void {
    this.#legs.delete(leg.leg);
    if (this.#legs.size > 0) return;
    this.#parts.timers.clear(this.#sweep);
    this.#sweep = undefined;
  }

  #swept(): void {
    const nowMs = this.#parts.timers.now();
    for (const leg of this.#legs.values()) leg.sweep(nowMs);
    this.#sweep = this.#legs.size === 0 ? undefined : this.#parts.timers.set(SWEEP_MS, () => this.#swept());
  }
}

/** Opens the built-in media engine; it takes sockets only as parties come. */
export const openMedia = (config: MediaConfig, parts: MediaParts): BuiltInMedia => new Plane(config, parts);
