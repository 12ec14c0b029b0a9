/** Records calls: a fold of what the engine takes, which tells the journal of each call that is over. */
import type { Condition, FactOf, Interest } from '../../machines/vocabulary/descriptor.ts';
import type { bindingAdded, bindingRefreshed, bindingSlept } from '../../machines/vocabulary/facts.ts';
import type { Aor } from '../../machines/vocabulary/identity.ts';
import type { Entry } from '../engine/entry.ts';
import type { Step, Taking } from '../engine/journal.ts';
import { Recording } from './recording.ts';
import { standingOf } from './standing.ts';

type Bound = FactOf<typeof bindingAdded | typeof bindingRefreshed | typeof bindingSlept>;

export interface RecorderParts {
  /** Whether a call is recorded, by the fact that it was born of. */
  readonly wants: (birth: Entry) => boolean;
  readonly bindingsOf: (aor: Aor) => readonly Bound[];
  /** `seq` of the latest entry. */
  readonly posted: () => number;
  /** Entries that wait to be taken. */
  readonly backlog: () => number;
  readonly tell: (recording: Recording) => void;
  /** Hears of each call that begins to be recorded. */
  readonly began?: ((recording: Recording) => void) | undefined;
  readonly maxEntries?: number;
}

/** The scenario of which there is one actor for each address of record, shared by all calls to it. */
const REGISTRATION = 'registration';
/** What registrations hear of ports, and what they tell. */
const OF_REGISTRATIONS: ReadonlySet<string> = new Set([
  ...['register.received', 'binding.restored', 'flow.closed', 'device.unreachable'],
  ...['binding.added', 'binding.refreshed', 'binding.slept', 'binding.removed'],
]);

export class Recorder {
  readonly #parts: RecorderParts;
  readonly #open = new Map<string, Recording>();
  /** By actor of a call. */
  readonly #byMember = new Map<string, Recording>();
  /** By address of record, and by address of its registration: the calls that listen to it. */
  readonly #byRegistration = new Map<string, Set<Recording>>();
  readonly #touched: Recording[] = [];

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** Calls on record that are not over. */
  get size(): number {
    return this.#open.size;
  }

  /** What there is of a call that goes on. */
  of(call: string): Recording | undefined {
    return this.#open.get(call);
  }

  /** The call of whose actors that one is; undefined where none is on record. */
  ofMember(address: string): Recording | undefined {
    return this.#byMember.get(address);
  }

  /** Tells the calls that are not over, too. */
  close(): void {
    for (const recording of [...this.#open.values()]) this.#end(recording);
  }

  /** Takes what the engine took. */
  readonly take = (taking: Taking): void => {
    const { entry, steps } = taking;
    this.#touch(this.#byMember.get(entry.by), taking);
    if (entry.to !== undefined) this.#touch(this.#byMember.get(entry.to as string), taking);
    for (const step of steps) {
      if (step.isBirth) this.#bear(step, taking);
      this.#touch(this.#byMember.get(step.address), taking);
    }
    if (this.#byRegistration.size > 0) this.#touchListeners(taking);
    const busyMs = this.#busyFor(taking);
    if (this.#touched.length === 0) return;
    for (const recording of this.#touched) {
      recording.busyMs = Math.max(recording.busyMs, busyMs);
      recording.add(taking);
      recording.seen = undefined;
      if (entry.type === 'actor.ended' && recording.isOver) this.#end(recording);
    }
    this.#touched.length = 0;
  };

  /** Since when there was always something to take. */
  #busyFor({ dueMs, atMs }: Taking): number {
    const sinceMs = this.#busySinceMs ?? dueMs;
    this.#busySinceMs = this.#parts.backlog() === 0 ? undefined : sinceMs;
    return atMs - sinceMs;
  }
  #busySinceMs: number | undefined;

  #touch(recording: Recording | undefined, taking: Taking): void {
    if (recording === undefined || recording.seen === taking) return;
    recording.seen = taking;
    this.#touched.push(recording);
  }

  #touchListeners(taking: Taking): void {
    const { entry, steps } = taking;
    for (const recording of this.#byRegistration.get(entry.by) ?? NONE) this.#touch(recording, taking);
    for (const { address, scenario } of steps)
      if (scenario === REGISTRATION)
        for (const recording of this.#byRegistration.get(address) ?? NONE) this.#touch(recording, taking);
  }

  #bear(step: Step, { entry }: Taking): void {
    if (step.scenario === REGISTRATION) {
      this.#registrationBorn(step.address, (entry as { aor?: unknown }).aor);
      return;
    }
    const recording = step.scenario === 'call' ? this.#begin(step.address, entry) : this.#callOf(entry);
    if (recording === undefined) return;
    recording.addMember(step);
    this.#byMember.set(step.address, recording);
    for (const interest of step.interests ?? []) for (const aor of aorsIn(interest)) this.#watch(recording, aor);
  }

  #begin(call: string, birth: Entry): Recording | undefined {
    if (!this.#parts.wants(birth)) return undefined;
    const recording = new Recording(call, birth.at, this.#parts.maxEntries);
    this.#open.set(call, recording);
    this.#parts.began?.(recording);
    return recording;
  }

  #callOf(entry: Entry): Recording | undefined {
    return callOf(entry, (address) => this.#byMember.get(address));
  }

  #watch(recording: Recording, aor: Aor): void {
    if (recording.watched.some((known) => known.aor === aor)) return;
    const bound = this.#parts.bindingsOf(aor);
    const actor = bound[0]?.by ?? '';
    const earlier = standingOf(bound);
    recording.watched.push({ aor, first: actor, actor, earlier, since: this.#parts.posted() });
    this.#listen(aor, recording);
    if (actor !== '') this.#listen(actor, recording);
  }

  #listen(name: string, recording: Recording): void {
    const listening = this.#byRegistration.get(name);
    if (listening === undefined) this.#byRegistration.set(name, new Set([recording]));
    else listening.add(recording);
  }

  /** Nobody was registered there when the call began to listen, or nobody any more. */
  #registrationBorn(address: string, aor: unknown): void {
    for (const recording of this.#byRegistration.get(aor as string) ?? NONE) {
      const watched = recording.watched.find((known) => known.aor === aor);
      if (watched === undefined) continue;
      this.#unlisten(watched.actor, recording);
      watched.actor = address;
      this.#listen(address, recording);
    }
  }

  #unlisten(name: string, recording: Recording): void {
    const listening = this.#byRegistration.get(name);
    if (listening?.delete(recording) === true && listening.size === 0) this.#byRegistration.delete(name);
  }

  #end(recording: Recording): void {
    this.#open.delete(recording.call);
    for (const { address } of recording.members) this.#byMember.delete(address);
    for (const { aor, actor } of recording.watched) {
      this.#unlisten(aor, recording);
      this.#unlisten(actor, recording);
    }
    this.#parts.tell(recording);
  }
}

const NONE: Iterable<Recording> = [];

/** Whose call a fact is of: that of its author, else that of the actor which it names. */
export function callOf<T>(entry: Entry, of: (address: string) => T | undefined): T | undefined {
  const { call, case: ofCase, leg } = entry as { readonly call?: unknown; readonly case?: unknown; readonly leg?: unknown };
  return of(entry.by) ?? of(call as string) ?? of(ofCase as string) ?? of(leg as string);
}

/** The addresses of record whose registrations an interest is in. */
function aorsIn({ fact, where }: Interest): readonly string[] {
  if (!OF_REGISTRATIONS.has(fact)) return NO_AORS;
  const test: Condition['test'] | undefined = where.find(({ attribute }) => attribute === 'aor')?.test;
  if (typeof test === 'string') return [test];
  return typeof test === 'object' && test.op === 'anyOf' ? (test.of as readonly string[]) : NO_AORS;
}
const NO_AORS: readonly string[] = [];
