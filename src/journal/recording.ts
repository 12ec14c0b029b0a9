/** What one call's actors take and write, kept until the call is over. */
import type { Aor } from '../../machines/vocabulary/identity.ts';
import type { Entry, StampedFact } from '../engine/entry.ts';
import type { Step, Taking } from '../engine/journal.ts';
import type { Born } from './format.ts';
import type { Earlier } from './standing.ts';

/** One entry, as much of it as a journal needs: snapshots are left to the engine. */
export interface Kept {
  readonly kind: Taking['kind'];
  readonly entry: Entry;
  readonly dueMs: number;
  readonly atMs: number;
  readonly isInput: boolean;
  born: Born[] | undefined;
  current: StampedFact[] | undefined;
  heard: string[] | undefined;
  ignored: string[] | undefined;
  /** The states in which those who were born and those who heard it were then, in this order. */
  states: unknown[] | undefined;
  readonly refused: string | undefined;
  readonly withheld: readonly string[] | undefined;
}

/** An actor of the call. */
interface Member {
  readonly address: string;
  /** A case: it may outlive the call. */
  readonly isCase: boolean;
  isActive: boolean;
  /** Its end was taken, and so all that it wrote. */
  isGone: boolean;
}

/** A registration that actors of the call listen to. */
export interface Watched {
  readonly aor: Aor;
  /** Address of the registration when the listening began; empty if there was none. */
  readonly first: string;
  /** Its address now. */
  actor: string;
  readonly earlier: readonly Earlier[];
  /** `seq` of the latest entry when the listening began: what it wrote before is no part of the journal. */
  readonly since: number;
}

/** Entries of one call that are kept; whoever goes on for so long is no call that anybody plays again. */
export const MAX_ENTRIES = 2_000;

/** One call on record. */
export class Recording {
  readonly call: string;
  readonly startedAtMs: number;
  readonly members: Member[] = [];
  readonly watched: Watched[] = [];
  readonly kept: Kept[] = [];
  readonly #limit: number;
  isCut = false;
  /** How long the service had been busy at a stretch when it took an entry of this call, at most. */
  busyMs = 0;
  /** The entry that it was found to see. */
  seen: Taking | undefined;
  /** Is called after each entry, while somebody looks. */
  changed: (() => void) | undefined;

  constructor(call: string, startedAtMs: number, limit = MAX_ENTRIES) {
    this.call = call;
    this.startedAtMs = startedAtMs;
    this.#limit = limit;
  }

  addMember({ address, scenario, status }: Step): void {
    this.members.push({
      address,
      isCase: scenario !== 'call' && scenario !== 'leg',
      isActive: status === 'active',
      isGone: false,
    });
  }

  /** Keeps an entry as this call saw it. */
  add(taking: Taking): void {
    const { kind, entry, dueMs, atMs, refused } = taking;
    // Registrations hear what would have borne them.
    const withheld = taking.withheld?.filter((scenario) => scenario !== 'registration');
    this.#follow(taking);
    this.changed?.();
    if (this.kept.length >= this.#limit) {
      this.isCut = true;
      return;
    }
    // Written out: this is done with each entry of each call.
    const kept: Kept = {
      kind,
      entry,
      dueMs,
      atMs,
      isInput: this.#isInput(taking),
      born: undefined,
      current: undefined,
      heard: undefined,
      ignored: undefined,
      states: undefined,
      refused,
      withheld: withheld?.length === 0 ? undefined : withheld,
    };
    for (const step of taking.steps) if (this.#concerns(step.address)) noteStep(kept, step);
    this.kept.push(kept);
  }

  /** All its actors are at their ends; cases that live on after it are followed no further. */
  get isOver(): boolean {
    return this.members.every(({ isGone, isCase, isActive }) => isGone || (isCase && isActive));
  }

  #follow({ entry, steps }: Taking): void {
    for (const { address, status } of steps) {
      const member = status === 'active' ? undefined : this.#member(address);
      if (member !== undefined) member.isActive = false;
    }
    if (entry.type !== 'actor.ended') return;
    const gone = this.#member((entry as { address?: unknown }).address);
    if (gone !== undefined) gone.isGone = true;
  }

  #member(address: unknown): Member | undefined {
    for (const member of this.members) if (member.address === address) return member;
    return undefined;
  }

  isMember(address: string): boolean {
    return this.#member(address) !== undefined;
  }

  #concerns(address: string): boolean {
    return this.isMember(address) || this.watched.some(({ actor }) => actor === address);
  }

  /** Whether nobody of the call wrote it, and the engine did not for one of them. */
  #isInput({ kind, entry }: Taking): boolean {
    if (kind === 'timer' || this.isMember(entry.by)) return false;
    const registration = this.watched.find(({ actor }) => actor === entry.by);
    if (registration !== undefined) return entry.seq <= registration.since;
    // The engine says so in the name of whom it was told to.
    if (entry.type === 'command.refused') return !this.isMember(String((entry as { author?: unknown }).author));
    return true;
  }
}

const added = <T>(to: T[] | undefined, one: T): T[] => (to === undefined ? [one] : [...to, one]);

function noteStep(kept: Kept, { address, scenario, isBirth, taken, current, snapshot }: Step): void {
  // Of a snapshot no more than this: its context would keep the whole call alive.
  kept.states = added(kept.states, (snapshot as { readonly value?: unknown } | undefined)?.value);
  if (isBirth) kept.born = added(kept.born, { scenario, address });
  else kept.heard = added(kept.heard, address);
  // What stands of bindings is computed again.
  for (const fact of current ?? []) if (!fact.type.startsWith('binding.')) kept.current = added(kept.current, fact);
  if (!taken) kept.ignored = added(kept.ignored, address);
}
