import type { Taking } from '../../engine/journal.ts';
import type { ServiceWorld } from '../observed-service.ts';
import type { Push } from '../push-service.ts';
import { type Door, type Sighting, sightingOf } from './sighting.ts';

/** Whoever is told what goes on in a world, in the one order in which it happens. */
export interface Hearer {
  /** A message came to the service, or left it. */
  message?(sighting: Sighting): void;
  /** An entry was taken by the engine. */
  taken?(taking: Taking): void;
  pushed?(push: Push): void;
  logged?(message: string, fields: object): void;
  /** The service began anew: what it owed before is forgotten. */
  restarted?(): void;
}

/** The one place where a world is listened to: each message is read once, however many watch. */
export class Ear {
  readonly world: ServiceWorld;
  readonly #hearers: Hearer[] = [];
  readonly #hosts: ReadonlySet<string>;
  #checks: (() => void)[] = [];
  #checkedMs = Number.NEGATIVE_INFINITY;

  constructor(world: ServiceWorld) {
    this.world = world;
    this.#hosts = world.serviceHosts;
    world.watch({
      sent: ({ atMs, transport, from, to, text }) => {
        if (!this.#hosts.has(from.host)) return;
        this.message(text, { atMs, isIn: false, transport, peer: to });
      },
      came: (text, { transport, remote }) => this.message(text, { atMs: this.nowMs, isIn: true, transport, peer: remote }),
      pushed: (push) => {
        this.settle();
        for (const hearer of this.#hearers) hearer.pushed?.(push);
      },
      logged: (message, fields) => {
        for (const hearer of this.#hearers) hearer.logged?.(message, fields);
      },
      restarted: () => {
        this.#checks = [];
        for (const hearer of this.#hearers) hearer.restarted?.();
        this.#attach();
      },
    });
    this.#attach();
  }

  hear(hearer: Hearer): void {
    this.#hearers.push(hearer);
  }

  get nowMs(): number {
    return this.world.now();
  }

  /** Whether who sent or got a message can still be told anything on the way that it took: another connection is another way. */
  isWithinReach({ transport, peer, atMs }: Pick<Door, 'transport' | 'peer' | 'atMs'>): boolean {
    return transport === 'udp' || this.world.network.isConnected(peer, atMs);
  }

  /** Asks once the present instant is over: what is to be done at once has been done by then. */
  after(check: () => void): void {
    this.#checkedMs = this.nowMs;
    this.#checks.push(check);
  }

  /** Asks what was put off, if time has moved on since. */
  settle(): void {
    if (this.#checks.length === 0 || this.nowMs <= this.#checkedMs) return;
    const checks = this.#checks;
    this.#checks = [];
    for (const check of checks) check();
  }

  /** A message passes the service's door. */
  message(text: string, door: Door): void {
    this.settle();
    const sighting = sightingOf(text, door);
    if (sighting !== undefined) for (const hearer of this.#hearers) hearer.message?.(sighting);
  }

  /** The engine has taken an entry. */
  taken(taking: Taking): void {
    this.settle();
    for (const hearer of this.#hearers) hearer.taken?.(taking);
  }

  #attach(): void {
    this.world.service.service.engine.journal.observe((taking) => this.taken(taking));
  }
}

/** The ear of a world. */
export function earOf(world: ServiceWorld): Ear {
  const known = world.notes.get(Ear) as Ear | undefined;
  if (known !== undefined) return known;
  const ear = new Ear(world);
  world.notes.set(Ear, ear);
  return ear;
}
