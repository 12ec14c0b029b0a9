/**
 * The inspection events of XState as `@statelyai/inspect` sends them to its receivers, one JSON text each. Written down here,
 * since that package is built for actors of `createActor` and opens browsers; a test holds both equal.
 */

/** The version of `@statelyai/inspect` whose words these are. Its receivers take no event without one. */
export const INSPECT_VERSION = '0.7.2';

/** What all of them say. */
export interface Stamped {
  /** The actor at the top of the tree. */
  readonly rootId: string;
  readonly sessionId: string;
  /** Milliseconds since the epoch, in digits. */
  readonly createdAt: string;
  readonly id: null;
  readonly _version: typeof INSPECT_VERSION;
}

/** What is told of a state: where the chart is, never its context. */
export interface InspectedSnapshot {
  readonly status: 'active' | 'done' | 'error';
  readonly value: unknown;
  readonly context: Readonly<Record<never, never>>;
  readonly tags: readonly string[];
  readonly children: Readonly<Record<never, never>>;
  readonly historyValue: Readonly<Record<never, never>>;
}

/** An actor is there. */
export interface ActorInspected extends Stamped {
  readonly type: '@xstate.actor';
  readonly name: string;
  /** The machine's config as JSON. */
  readonly definition: string;
  readonly parentId?: string;
  readonly snapshot: InspectedSnapshot;
}

export interface InspectedEvent {
  readonly type: string;
  readonly [attribute: string]: unknown;
}

/** An event was sent from one actor to another: the arrow. */
export interface EventInspected extends Stamped {
  readonly type: '@xstate.event';
  readonly event: InspectedEvent;
  readonly sourceId: string;
}

/** An actor is in that state now, by that event. */
export interface SnapshotInspected extends Stamped {
  readonly type: '@xstate.snapshot';
  readonly event: InspectedEvent;
  readonly snapshot: InspectedSnapshot;
}
