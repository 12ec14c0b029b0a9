/** Media through rtpengine; whom the service itself talks to, it talks to through its own sockets. */
import type { InCallCode } from '../../../machines/vocabulary/media.ts';
import type { RtpengineConfig } from '../../config.ts';
import { type Problem, problem } from '../../errors.ts';
import type { Random } from '../../random.ts';
import type { TimerQueue } from '../../timers.ts';
import type { DatagramWire } from '../../transport/datagrams.ts';
import { endpointName } from '../../transport/endpoint.ts';
import type { Attended, BridgeOrder, MediaBridge, MediaEvents, MediaLeg, MediaParty, MediaPlane, Side } from '../media.ts';
import { edged, NgAttended } from './attended.ts';
import { NgBridge } from './bridge.ts';
import { readKey } from './key-log.ts';
import { NgLeg, type NgLegParts } from './leg.ts';
import { NgClient } from './ng-client.ts';
import { Rounds } from './rounds.ts';
import { NgSession, type SessionOrder } from './session.ts';

export interface RtpengineParts {
  /** To the daemon. */
  readonly wire: DatagramWire;
  readonly timers: TimerQueue;
  readonly random: Pick<Random, 'hex'>;
  /** What serves attended parties, and calls while the daemon is down. */
  readonly builtin: MediaPlane;
  /** Folder of prompts, which the daemon sees under the same name. */
  readonly prompts: string | undefined;
  readonly stalledAfterMs: number;
  readonly report: (problem: Problem) => void;
}

/** What a stream may be late to be seen as stalled, beyond its time. */
const ROUND_PART = 4;
const SHORTEST_ROUND_MS = 500;
const LONGEST_ROUND_MS = 2_500;

export class RtpenginePlane implements MediaPlane {
  readonly #config: RtpengineConfig;
  readonly #parts: RtpengineParts;
  readonly #client: NgClient;
  /** By rtpengine's name of the session. */
  readonly #bridges = new Map<string, NgBridge>();
  readonly #legs = new Map<string, NgLeg>();
  readonly #legParts: NgLegParts;
  readonly #rounds: Rounds<NgBridge>;
  #events: MediaEvents | undefined;

  constructor(config: RtpengineConfig, parts: RtpengineParts) {
    const { wire, timers, random, stalledAfterMs, prompts } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#client = new NgClient({ wire, timers, random, timeoutMs: config.timeoutMs, turned: (isUp) => this.#turned(isUp) });
    const roundMs = Math.min(Math.max(stalledAfterMs / ROUND_PART, SHORTEST_ROUND_MS), LONGEST_ROUND_MS);
    this.#rounds = new Rounds(timers, roundMs, (bridge) => void bridge.query());
    this.#legParts = {
      ...{ timers, prompts, stalledAfterMs },
      events: () => this.#events,
      gone: ({ leg }) => this.#legs.delete(leg),
    };
  }

  get codesOf(): (caller: string, callee: string) => readonly InCallCode[] {
    return this.#parts.builtin.codesOf;
  }

  hear(events: MediaEvents): void {
    this.#events = events;
    this.#parts.builtin.hear(events);
  }

  bridge(order: BridgeOrder): MediaBridge | undefined {
    const { builtin } = this.#parts;
    if (order.attended !== undefined) return edged(order, builtin, (sides) => this.#session(sides));
    if (!this.#client.isUp && this.#config.whenDown === 'builtin') return builtin.bridge(order);
    const injects = builtin.codesOf(order.caller.user, order.fork.user).some(({ isHidden }) => isHidden);
    const bridge = new NgBridge({
      session: this.#session({ caller: order.caller, fork: order.fork, injects }),
      legOf: (side) => this.#legOf(order, side),
      instead: () => (this.#config.whenDown === 'builtin' ? builtin.bridge(order) : undefined),
      isUp: () => this.#client.isUp,
      closed: (gone) => {
        this.#bridges.delete(gone.session.name);
        this.#rounds.delete(gone);
      },
    });
    this.#bridges.set(bridge.session.name, bridge);
    this.#rounds.add(bridge);
    return bridge;
  }

  attend(call: string, party: MediaParty): Attended {
    // The daemon is who our own sockets speak to there.
    const inside = { ...party, isWebRtc: false, host: this.#config.address.host };
    return new NgAttended(party, () => this.#client.isUp, {
      direct: () => this.#parts.builtin.attend(call, party),
      inside: () => this.#parts.builtin.attend(call, inside),
      session: () => this.#session({ caller: party, fork: inside, injects: false }),
    });
  }

  pressed(leg: string, digit: string, durationMs: number): 'notHere' | 'passesOn' | 'withheld' {
    return this.#legs.get(leg)?.pressed(digit, durationMs) ?? this.#parts.builtin.pressed(leg, digit, durationMs);
  }

  leg(leg: string): MediaLeg | undefined {
    return this.#legs.get(leg) ?? this.#parts.builtin.leg(leg);
  }

  /** A datagram of the daemon's log of keys. */
  logged(datagram: string): void {
    const key = readKey(datagram);
    if (key !== undefined) this.#bridges.get(key.session)?.key(key.tag, key.event, key.durationMs);
  }

  get size(): number {
    return this.#bridges.size + this.#legs.size + this.#parts.builtin.size;
  }

  close(): void {
    for (const bridge of [...this.#bridges.values()]) bridge.close();
    this.#client.close();
    this.#parts.builtin.close();
  }

  #session(order: SessionOrder): NgSession {
    return new NgSession(this.#client, this.#parts.random, order);
  }

  #legOf(order: BridgeOrder, side: Side): NgLeg {
    const party = order[side];
    const known = this.#legs.get(party.leg);
    if (known !== undefined) return known;
    const leg = new NgLeg(order.call, party, this.#legParts);
    this.#legs.set(party.leg, leg);
    this.#events?.opened(leg);
    return leg;
  }

  #turned(isUp: boolean): void {
    const at = endpointName(this.#config.address);
    const meanwhile =
      this.#config.whenDown === 'builtin' ? 'new calls are relayed by the service itself' : 'new calls are refused';
    this.#parts.report(problem(isUp ? `rtpengine at ${at} answers again` : `rtpengine at ${at} does not answer: ${meanwhile}`));
  }
}
