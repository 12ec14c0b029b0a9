/** Writes official inspection events from what the journal tells. */
import type { Entry } from '../engine/entry.ts';
import type { Step, Taking } from '../engine/journal.ts';
import type { Told } from '../journal/format.ts';
import {
  type ActorInspected,
  type EventInspected,
  INSPECT_VERSION,
  type InspectedEvent,
  type InspectedSnapshot,
  type SnapshotInspected,
  type Stamped,
} from './official.ts';

/** Whose event it is, and when. */
export interface Place {
  readonly rootId: string;
  readonly sessionId: string;
  readonly atMs: number;
}

const stamped = ({ rootId, sessionId, atMs }: Place): Stamped => ({
  rootId,
  sessionId,
  createdAt: String(Math.floor(atMs)),
  id: null,
  _version: INSPECT_VERSION,
});

const NOTHING = Object.freeze({});

/** Where a chart is; a context may hold anything, and stays here. */
export const snapshotOf = (value: unknown, status: Step['status'] = 'active'): InspectedSnapshot => ({
  status: status === 'failed' ? 'error' : status,
  value: value ?? NOTHING,
  ...{ context: NOTHING, tags: [], children: NOTHING, historyValue: NOTHING },
});

export const actorInspected = (place: Place, definition: string, snapshot: InspectedSnapshot): string =>
  JSON.stringify({
    type: '@xstate.actor',
    name: place.sessionId,
    definition,
    ...(place.rootId === place.sessionId ? {} : { parentId: place.rootId }),
    snapshot,
    ...stamped(place),
  } satisfies ActorInspected);

export const eventInspected = (place: Place, event: InspectedEvent, sourceId: string): string =>
  JSON.stringify({ type: '@xstate.event', event, sourceId, ...stamped(place) } satisfies EventInspected);

export const snapshotInspected = (place: Place, event: InspectedEvent, snapshot: InspectedSnapshot): string =>
  JSON.stringify({ type: '@xstate.snapshot', event, snapshot, ...stamped(place) } satisfies SnapshotInspected);

const LONGEST = 16_384;

/** What an actor was sent, without its stamps and secrets; of what is very long the type alone. */
export function inspectedEvent({ kind, entry }: Taking, mask: (told: Told, isFact: boolean) => Told): InspectedEvent {
  const { seq: _seq, at: _at, by: _by, cause: _cause, ...told } = entry as unknown as Record<string, unknown> & Entry;
  delete (told as { to?: unknown }).to;
  const masked = mask(told as unknown as Told, kind === 'fact');
  return JSON.stringify(masked).length > LONGEST ? { type: masked.type, tooLong: true } : masked;
}
