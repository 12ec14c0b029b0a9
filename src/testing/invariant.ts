import type { ServiceWorld } from './observed-service.ts';

/** A rule that holds in every world, whatever phones, network and push services do. */
export interface Invariant {
  /** Its name in the README and in failures, such as `one final response`. */
  readonly name: string;
  /** What holds, in one sentence. */
  readonly says: string;
  /** Begins to watch a world in which nothing has happened yet. */
  watch(world: ServiceWorld): Watch;
}

/** An invariant at work in one world. What it keeps is bounded by the calls that are open. */
export interface Watch {
  /** What was broken up to now, one line each; the first few where much is. */
  broken(): readonly string[];
  /** What is broken now that faults are healed and all is quiet; holds more than `broken` where something must be over. */
  brokenAtRest(): readonly string[];
}
