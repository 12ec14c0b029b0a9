import type { Stamp } from '../../machines/vocabulary/descriptor.ts';
import type { Address } from '../../machines/vocabulary/identity.ts';
import type { AnyCommand, AnyFact } from './port.ts';

/** A fact or a command as its author wrote it; `to` tells a command from a fact. */
export interface Message {
  readonly type: string;
  readonly to?: Address;
}
export type StampedFact = AnyFact & Stamp;
export type StampedCommand = AnyCommand & Stamp;
/** A fact or a command as it lies in the mailbox. */
export type Entry = StampedFact | StampedCommand;

/** Author of what comes from outside the engine and names no port. */
export const OUTSIDE: Address = 'outside';

export const isCommand = (entry: Entry): entry is StampedCommand => typeof (entry as Message).to === 'string';

type Unstamped = { -readonly [K in keyof Stamp]?: Stamp[K] };

/** Writes the stamp on a fresh message itself, which saves an object for each; one that was posted before is copied first. */
export function stamp(message: Message, seq: number, at: number, by: Address, cause: number): Entry {
  const fresh = message as Message & Unstamped;
  const entry = fresh.seq === undefined && Object.isExtensible(fresh) ? fresh : { ...fresh };
  entry.seq = seq;
  entry.at = at;
  entry.by = by;
  entry.cause = cause;
  return entry as unknown as Entry;
}
